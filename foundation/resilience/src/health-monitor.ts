import { type Clock, systemClock, type TimerHandle } from '@breakwater/kernel';
import { tell } from './events.ts';
import { requireAbove } from './invalid-spec.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';

/** Spec 05: below 1 s, from 1 s to 3 s, and beyond or failed. `unknown`: not checked yet. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

export interface HealthTarget {
  readonly name: string;
  /** The cheapest question there is. Rejects when the service is not well. */
  check(context: { readonly signal: AbortSignal }): unknown;
  /**
   * Of the service, if it has one: the check counts like any call, and is turned away like any call while the breaker is open. The
   * first one after the open time is a probe, so that a service that is well again is found without anybody having to call it.
   */
  readonly pipeline?: Pipeline;
}

export interface HealthReport {
  readonly name: string;
  readonly status: HealthStatus;
  /** From the start of the check, without waiting in a queue. Null when it was not sent. */
  readonly tookMs: number | null;
  /** Why it is unhealthy; undefined otherwise. */
  readonly error: unknown;
  /** When the check ended; null before the first. */
  readonly atWallMs: number | null;
}

export type HealthSummary = Readonly<Record<HealthStatus, number>> & { readonly total: number };

export interface HealthMonitorOptions {
  readonly targets: readonly HealthTarget[];
  /** From the end of one round to the start of the next. */
  readonly everyMs: number;
  /** From this response time on it is degraded. Default 1,000. */
  readonly degradedMs?: number;
  /** At this response time the check is given up. Default 3,000. */
  readonly unhealthyMs?: number;
  readonly clock?: Clock;
  /** Hears of each change of a status, the first one included. What it throws becomes an unhandled rejection. */
  readonly onChange?: (change: { readonly report: HealthReport; readonly previous: HealthStatus }) => void;
}

export interface HealthMonitor {
  /** Checks at once, and from then on regularly. */
  start(): void;
  /** Checks all side by side; joins a round that is under way. Never rejects. */
  checkAll(): Promise<readonly HealthReport[]>;
  reports(): readonly HealthReport[];
  summary(): HealthSummary;
  /** Ends the schedule and what is under way. */
  close(): void;
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function createHealthMonitor(options: HealthMonitorOptions): HealthMonitor {
  requireAbove(options.everyMs, 'everyMs of a health monitor');
  requireAbove(options.degradedMs, 'degradedMs of a health monitor');
  requireAbove(options.unhealthyMs, 'unhealthyMs of a health monitor');
  return new ScheduledHealthMonitor(options);
}

class ScheduledHealthMonitor implements HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #clock: Clock;
  readonly #degradedMs: number;
  readonly #unhealthyMs: number;
  readonly #reports = new Map<string, HealthReport>();
  readonly #closing = new AbortController();
  #round: Promise<readonly HealthReport[]> | null = null;
  #timer: TimerHandle | null = null;
  #isStarted = false;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#degradedMs = options.degradedMs ?? 1_000;
    this.#unhealthyMs = options.unhealthyMs ?? 3_000;
    for (const { name } of options.targets) {
      this.#reports.set(name, { name, status: 'unknown', tookMs: null, error: undefined, atWallMs: null });
    }
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#runAndSchedule();
  }

  checkAll(): Promise<readonly HealthReport[]> {
    this.#round ??= this.#runRound();
    return this.#round;
  }

  reports(): readonly HealthReport[] {
    return [...this.#reports.values()];
  }

  summary(): HealthSummary {
    const summary = { healthy: 0, degraded: 0, unhealthy: 0, unknown: 0, total: this.#reports.size };
    for (const { status } of this.#reports.values()) summary[status]++;
    return summary;
  }

  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
    this.#timer = null;
  }

  #runAndSchedule(): void {
    if (this.#closing.signal.aborted) return;
    void this.checkAll().then(() => {
      if (this.#closing.signal.aborted) return;
      this.#timer = this.#clock.after(this.#options.everyMs, () => this.#runAndSchedule());
    });
  }

  async #runRound(): Promise<readonly HealthReport[]> {
    try {
      return await Promise.all(this.#options.targets.map((target) => this.#check(target)));
    } finally {
      this.#round = null;
    }
  }

  async #check(target: HealthTarget): Promise<HealthReport> {
    const pipeline = target.pipeline ?? createPipeline({}, { key: target.name, clock: this.#clock });
    let startedAtMs: number | null = null;
    const outcome = await pipeline.attempt(
      (context) => {
        startedAtMs = this.#clock.now();
        return target.check(context);
      },
      // Twice, because it may have to wait for its turn; not repeated, because the next round does that.
      { op: 'health check', timeoutMs: this.#unhealthyMs, deadlineMs: this.#unhealthyMs * 2, signal: this.#closing.signal },
    );
    const tookMs = startedAtMs === null ? null : this.#clock.now() - startedAtMs;
    const report: HealthReport = {
      name: target.name,
      status: outcome.ok ? this.#judge(tookMs ?? 0) : 'unhealthy',
      tookMs,
      error: outcome.ok ? undefined : outcome.error,
      atWallMs: this.#clock.wall(),
    };
    return this.#closing.signal.aborted ? report : this.#keep(report);
  }

  #judge(tookMs: number): HealthStatus {
    if (tookMs < this.#degradedMs) return 'healthy';
    // A callee that holds up the whole process answers later than its timeout could notice.
    return tookMs <= this.#unhealthyMs ? 'degraded' : 'unhealthy';
  }

  #keep(report: HealthReport): HealthReport {
    const previous = this.#reports.get(report.name)?.status ?? 'unknown';
    this.#reports.set(report.name, report);
    const { onChange } = this.#options;
    if (previous !== report.status && onChange !== undefined) tell(onChange, { report, previous });
    return report;
  }
}
