import type { PowerState, PowerVerb, ServerTest } from '@breakwater/contract';
import { ManualClock, type Moid, onAbort, type ServerId } from '@breakwater/kernel';
import { createPipeline, emptyDurationCounts } from '@breakwater/resilience';
import type { ServerGauges } from '../machine.ts';
import type {
  ActOutcome,
  ConsoleDoor,
  InventoryNews,
  LinkFigures,
  LinkLimits,
  ScreenOptions,
  ScreenPicture,
  ServerLink,
  ServerLinks,
  TaskProgress,
  WaitCounts,
} from '../ports/server-link.ts';
import type { ServerCredentials, ServerRecord } from '../server.ts';

const NO_WAIT = { total_requests: 0, avg_wait_time: 0, total_wait_time: 0 };

export function createFigures(change: Partial<LinkFigures> = {}): LinkFigures {
  return {
    queue: {
      max_concurrent: 4,
      min_interval: 0.15,
      active_requests: 0,
      waiting_requests: 0,
      total_requests: 0,
      avg_wait_time: 0,
      current_concurrent: 4,
      current_delay: 0.15,
      by_priority: { CRITICAL: NO_WAIT, HIGH: NO_WAIT, NORMAL: NO_WAIT, LOW: NO_WAIT },
    },
    breaker: {
      state: 'closed',
      failure_count: 0,
      success_count: 0,
      failure_threshold: 5,
      recovery_timeout: 30,
      opened_at: null,
      last_failure: null,
      time_until_retry: null,
      total_calls: 0,
      fail_counter: 0,
      success_counter: 0,
    },
    pool: { pool_size: 5, available_connections: 5, active_connections: 0, total_connections: 1, reconnects: 0, errors: 0 },
    delayMs: 0,
    pipeline: createPipeline({}, { key: 'fake', clock: new ManualClock() }).snapshot(),
    waiting: { CRITICAL: 0, HIGH: 0, NORMAL: 0, LOW: 0 },
    calls: { attempts: 0, throttled: 0, timedOut: 0, failed: 0, rejected: 0 },
    ...change,
  };
}

export const FAKE_LIMITS: LinkLimits = { maxConcurrent: 4, minIntervalMs: 150, failureThreshold: 5, requestTimeoutMs: 30_000 };

export const NO_WAITS: WaitCounts = {
  CRITICAL: emptyDurationCounts(),
  HIGH: emptyDurationCounts(),
  NORMAL: emptyDurationCounts(),
  LOW: emptyDurationCounts(),
};

export const EMPTY_GAUGES: ServerGauges = { cpu: null, memory: null, datastores: [], hosts: [], machines: [] };

/** A link whose news, pictures and outcomes a test decides. */
export class FakeLink implements ServerLink {
  readonly record: ServerRecord;
  readonly credentials: ServerCredentials;
  readonly captures: { readonly moid: Moid; readonly options: ScreenOptions }[] = [];
  readonly acts: { readonly moid: Moid; readonly verb: PowerVerb; report(progress: TaskProgress): void }[] = [];
  readonly calls: string[] = [];
  readonly limits: LinkLimits[] = [];
  current: LinkFigures = createFigures();
  gaugeReads = 0;
  capture: (moid: Moid, options: ScreenOptions) => Promise<ScreenPicture | null> = async () => null;
  gauges: () => Promise<ServerGauges> = async () => EMPTY_GAUGES;
  act: (moid: Moid, verb: PowerVerb) => Promise<ActOutcome> = async () => ({ kind: 'succeeded' });
  /** What the server says when it is asked for a machine's state. */
  powerState: (moid: Moid) => Promise<PowerState> = async () => 'poweredOff';
  door: ConsoleDoor | null = null;
  isHanging = false;
  #queue: (InventoryNews | Error)[] = [];
  #deliver: (() => void) | null = null;

  constructor(record: ServerRecord, credentials: ServerCredentials) {
    this.record = record;
    this.credentials = credentials;
  }

  emit(...news: readonly (InventoryNews | Error)[]): void {
    this.#queue.push(...news);
    this.#deliver?.();
  }

  async *follow({ signal }: { readonly signal: AbortSignal }): AsyncIterable<InventoryNews> {
    this.calls.push('follow');
    while (!signal.aborted) {
      const next = this.#queue.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#deliver = resolve;
        onAbort(signal, () => resolve());
      });
    }
  }

  retryNow(): void {
    this.calls.push('retryNow');
  }

  invalidate(): void {
    this.calls.push('invalidate');
  }

  readGauges(): Promise<ServerGauges> {
    this.gaugeReads += 1;
    return this.gauges();
  }

  captureScreen(moid: Moid, options: ScreenOptions): Promise<ScreenPicture | null> {
    this.captures.push({ moid, options });
    return this.capture(moid, options);
  }

  power(moid: Moid, verb: PowerVerb, options: { onProgress(progress: TaskProgress): void }): Promise<ActOutcome> {
    this.acts.push({ moid, verb, report: (progress) => options.onProgress(progress) });
    return this.act(moid, verb);
  }

  readPowerState(moid: Moid): Promise<PowerState> {
    this.calls.push('readPowerState');
    return this.powerState(moid);
  }

  async openConsole(): Promise<ConsoleDoor> {
    if (this.door === null) throw new Error('The test has set no door.');
    return this.door;
  }

  figures(): LinkFigures {
    return this.current;
  }

  waits: WaitCounts = NO_WAITS;

  waitCounts(): WaitCounts {
    return this.waits;
  }

  resetBreaker(): void {
    this.calls.push('resetBreaker');
    this.current = { ...this.current, breaker: createFigures().breaker };
  }

  tripBreaker(): void {
    this.calls.push('tripBreaker');
    this.#open(this.current.breaker.recovery_timeout);
  }

  isolate(_reason: string, { forMs }: { readonly forMs: number | null }): void {
    this.calls.push(`isolate ${forMs}`);
    this.#open(forMs === null ? null : forMs / 1_000);
  }

  setLimits(limits: LinkLimits): void {
    this.limits.push(limits);
  }

  #open(timeUntilRetry: number | null): void {
    this.current = {
      ...this.current,
      breaker: { ...this.current.breaker, state: 'open', opened_at: '2026-01-01T00:00:00.000Z', time_until_retry: timeUntilRetry },
    };
  }

  async close(): Promise<void> {
    this.calls.push('close');
    if (this.isHanging) await new Promise<never>(() => undefined);
  }
}

export const FAILED_TEST: ServerTest = {
  success: false,
  message: 'No answer.',
  vm_count: null,
  code: 'TRANSPORT_CONNECT_FAILED',
  steps: [],
  certificate: null,
  product: null,
};

export class FakeLinks implements ServerLinks {
  readonly limits = FAKE_LIMITS;
  readonly opened: FakeLink[] = [];
  readonly tested: { readonly record: ServerRecord; readonly credentials: ServerCredentials }[] = [];
  answer: ServerTest = FAILED_TEST;
  isProbeHanging = false;
  /** Thrown for a server of this name instead of opening it. */
  refusal: { readonly name: string; readonly error: Error } | null = null;

  /** The newest link of a server. */
  of(id: string): FakeLink {
    const link = this.opened.findLast(({ record }) => record.id === (id as ServerId));
    if (link === undefined) throw new Error(`No link was opened for ${id}.`);
    return link;
  }

  open(record: ServerRecord, credentials: ServerCredentials): ServerLink {
    if (this.refusal?.name === record.name) throw this.refusal.error;
    const link = new FakeLink(record, credentials);
    this.opened.push(link);
    return link;
  }

  async test(record: ServerRecord, credentials: ServerCredentials): Promise<ServerTest> {
    this.tested.push({ record, credentials });
    return this.answer;
  }

  async probe(_address: unknown, { signal }: { readonly signal: AbortSignal }): Promise<ServerTest> {
    if (!this.isProbeHanging) return this.answer;
    return new Promise((resolve) => void onAbort(signal, () => resolve(this.answer)));
  }
}
