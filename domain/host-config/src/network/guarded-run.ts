import { isOpsError, sleep } from '@breakwater/kernel';
import type { KeptPermit } from '@breakwater/resilience';
import type { Explanation } from '../classify/failure.ts';
import type { Lane } from '../plan/step.ts';
import { type AttemptTally, decideNext, NOTHING_TRIED } from './decide-next.ts';
import { findService } from './find-service.ts';
import { explainHostError, explainOffline, explainOpenBreaker, explainTimeout } from './known-explanations.ts';
import type { AttemptEnd, FailureReason, Outcome } from './network-operations.ts';
import type { NetworkRoom } from './network-room.ts';
import type { RetrySettings } from './network-settings.ts';

export interface GuardedTask<T> {
  /** Those that it may reach; none when it needs no network. Of several, the hosts of an explanation tell which of them failed. */
  readonly services: readonly string[];
  readonly title: string;
  /** "Updating APT package lists" */
  readonly doing: string;
  /** All in all; waiting for a lock or for a place in the lane does not count. */
  readonly timeoutMs: number;
  readonly lane: Lane;
  /** Goes on without the services whose breakers are open, as long as one is left. */
  readonly isPartial?: boolean;
  readonly retry?: Partial<RetrySettings>;
  attempt(context: AttemptContext): Promise<AttemptEnd<T>>;
  readonly repair?: (explanation: Explanation) => Promise<boolean>;
  /** What stands although no attempt went well; null: nothing. */
  readonly salvage?: (explanation: Explanation) => T | null;
}

export interface AttemptContext {
  readonly number: number;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Of a partial task: services that must not be asked. */
  readonly shutServices: readonly string[];
  /** Why the attempt before failed. */
  readonly previous: Explanation | null;
}

interface HeldPermit {
  readonly service: string;
  readonly permit: KeptPermit;
}

type Admission =
  | { readonly kind: 'admitted'; readonly permits: readonly HeldPermit[]; readonly shut: readonly string[] }
  | { readonly kind: 'rejected'; readonly service: string; readonly retryAfterMs: number };

/** A throttling service is left alone for as long as it asked, up to this. */
const MAX_HOLD_MS = 3_600_000;

/** Resolves with what became of it; rejects only with the reason of the room's signal. */
export function runGuarded<T>(task: GuardedTask<T>, room: NetworkRoom): Promise<Outcome<T>> {
  return new GuardedRun(task, room).run();
}

/**
 * Per attempt, outside in: total deadline, offline, breakers, lane, attempt timeout, the attempt, its explanation, what the breakers learn
 * from it, what comes next.
 */
class GuardedRun<T> {
  readonly #task: GuardedTask<T>;
  readonly #room: NetworkRoom;
  readonly #service: string;
  readonly #retry: RetrySettings;
  readonly #startedAtMs: number;
  #attempts = 0;
  #tally: AttemptTally = NOTHING_TRIED;
  #last: Explanation | null = null;
  /** In pauses between attempts and before locks. */
  #waitedMs = 0;
  /** What does not count for the deadline. */
  #pausedMs = 0;

  constructor(task: GuardedTask<T>, room: NetworkRoom) {
    this.#task = task;
    this.#room = room;
    this.#service = task.services[0] ?? '';
    this.#retry = { ...room.settings.retry, ...room.settings.services[this.#service]?.retry, ...task.retry };
    this.#startedAtMs = room.clock.now();
  }

  async run(): Promise<Outcome<T>> {
    const { signal } = this.#room;
    const { doing, services, title } = this.#task;
    this.#room.tell({ kind: 'network.started', service: this.#service, title, doing });
    for (;;) {
      signal.throwIfAborted();
      if (this.#leftMs() <= 0) return this.#fail('timeout', this.#last ?? explainTimeout(title, this.#task.timeoutMs));
      if (this.#room.settings.isOffline && services.length > 0) return this.#fail('offline', explainOffline(this.#task.doing));
      const admission = this.#admit();
      if (admission.kind === 'rejected') return this.#failAtBreaker(admission.service, admission.retryAfterMs);
      const end = await this.#attempt(admission);
      if (end.ok) return this.#succeed(end.value);
      const outcome = await this.#goOn(end.explanation);
      if (outcome !== null) return outcome;
    }
  }

  #leftMs(): number {
    return this.#task.timeoutMs - (this.#room.clock.now() - this.#startedAtMs - this.#pausedMs);
  }

  #admit(): Admission {
    const { isPartial, services } = this.#task;
    const permits: HeldPermit[] = [];
    const shut: string[] = [];
    let rejected: Extract<Admission, { kind: 'rejected' }> | null = null;
    for (const service of services) {
      const admission = this.#room.breakers.admit(service, { operationMs: this.#leftMs() });
      if (admission?.kind === 'admitted') {
        permits.push({ service, permit: admission });
        if (admission.isProbe) this.#room.tell({ kind: 'network.breaker-changed', service, state: 'half_open' });
      } else if (admission !== null) {
        shut.push(service);
        rejected ??= { kind: 'rejected', service, retryAfterMs: admission.retryAfterMs };
      }
    }
    const isEnough = rejected === null || (isPartial === true && shut.length < services.length);
    if (isEnough) return { kind: 'admitted', permits, shut };
    for (const { permit } of permits) permit.settle('none');
    return rejected ?? { kind: 'admitted', permits, shut };
  }

  async #attempt({ permits, shut }: Extract<Admission, { kind: 'admitted' }>): Promise<AttemptEnd<T>> {
    const { signal } = this.#room;
    try {
      const end = await this.#inLane(() => this.#attemptOnce(shut));
      // A run that was called off says nothing about a service, whatever its tools say.
      signal.throwIfAborted();
      this.#settle(permits, end.ok ? null : end.explanation);
      return end;
    } catch (error) {
      for (const { permit } of permits) permit.settle('none');
      signal.throwIfAborted();
      if (!isOpsError(error)) throw error;
      return { ok: false, explanation: explainHostError(error) };
    } finally {
      this.#tally = { ...this.#tally, used: this.#tally.used + 1 };
    }
  }

  async #inLane<R>(act: () => Promise<R>): Promise<R> {
    const { clock, lanes, signal } = this.#room;
    const askedAtMs = clock.now();
    const leave = await lanes.enter(this.#task.lane, signal);
    this.#pausedMs += clock.now() - askedAtMs;
    try {
      return await act();
    } finally {
      leave();
    }
  }

  async #attemptOnce(shutServices: readonly string[]): Promise<AttemptEnd<T>> {
    const { clock, signal, tell } = this.#room;
    const { title } = this.#task;
    const timeoutMs = Math.max(1, this.#leftMs());
    const limit = new AbortController();
    const timer = clock.after(timeoutMs, () => limit.abort(new Error(`${title} timed out.`)), { keepAlive: true });
    this.#attempts++;
    tell({ kind: 'network.attempted', service: this.#service, title, attempt: this.#attempts, attempts: this.#allowedAttempts() });
    try {
      const context = { number: this.#attempts, timeoutMs, shutServices, previous: this.#last };
      return await this.#task.attempt({ ...context, signal: AbortSignal.any([signal, limit.signal]) });
    } catch (error) {
      signal.throwIfAborted();
      if (limit.signal.aborted) return { ok: false, explanation: explainTimeout(title, this.#task.timeoutMs) };
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #settle(permits: readonly HeldPermit[], explanation: Explanation | null): void {
    const failed = explanation === null ? [] : this.#toFailedServices(explanation);
    for (const { permit, service } of permits) {
      const before = this.#room.breakers.status(service)?.state;
      if (explanation === null) permit.settle('success');
      else if (failed.includes(service)) {
        const { cause: text, class: kind, code: pattern, failedHosts } = explanation;
        permit.settle('failure', { kind, pattern, text, host: failedHosts[0] ?? null });
      } else permit.settle(failed.length > 0 ? 'success' : 'none');
      this.#tellChange(service, before);
    }
  }

  #tellChange(service: string, before: string | undefined): void {
    const after = this.#room.breakers.status(service)?.state;
    if (after === before) return;
    if (after === 'closed' || after === 'open') this.#room.tell({ kind: 'network.breaker-changed', service, state: after });
  }

  /** Whose fault it was: nobody's, unless the failure says something about a service. */
  #toFailedServices(explanation: Explanation): readonly string[] {
    const { services } = this.#task;
    if (explanation.class !== 'transient' && explanation.class !== 'throttled') return [];
    // A mirror that is caught in its own update counts once, however often it is asked.
    if (explanation.isMirrorSync === true && this.#tally.mirrorSyncs > 0) return [];
    if (services.length <= 1) return services;
    const purpose = this.#task.lane.kind === 'apt' ? 'apt' : 'other';
    const named = explanation.failedHosts.map((host) => findService(host, { services: this.#room.settings.services, purpose }));
    const failed = services.filter((service) => named.includes(service));
    return failed.length > 0 ? failed : services.slice(0, 1);
  }

  /** Null: the next attempt may begin. */
  async #goOn(explanation: Explanation): Promise<Outcome<T> | null> {
    const { random, settings, signal, tell } = this.#room;
    const { repair, title } = this.#task;
    this.#last = explanation;
    const next = decideNext(explanation, this.#tally, { retry: this.#retry, lockWaitMs: settings.timeouts.lockWaitMs, random });
    if (next.kind !== 'stop') this.#tally = next.tally;
    switch (next.kind) {
      case 'stop':
        return this.#fail(this.#leftMs() <= 0 ? 'timeout' : next.reason, explanation);
      case 'repair': {
        const isRepaired = repair !== undefined && (await this.#inLane(() => repair(explanation)));
        signal.throwIfAborted();
        if (!isRepaired) return this.#fail('failed', explanation);
        tell({ kind: 'network.repaired', title, explanation });
        return null;
      }
      case 'wait-lock': {
        tell({ kind: 'network.lock-waited', title, holder: explanation.lockHolder ?? null, waitedMs: next.delayMs });
        this.#attempts--;
        await this.#pause(next.delayMs);
        this.#pausedMs += next.delayMs;
        return null;
      }
      case 'retry':
        return await this.#waitAndRetry(explanation, next.delayMs);
    }
  }

  async #waitAndRetry(explanation: Explanation, delayMs: number): Promise<Outcome<T> | null> {
    if (delayMs >= this.#leftMs()) return this.#fail('timeout', explanation);
    // Waiting for a breaker that will not admit is lost time.
    const shut = this.#task.services.filter((service) => this.#isShut(service));
    if (shut.length > 0 && (this.#task.isPartial !== true || shut.length === this.#task.services.length)) {
      return this.#fail('failed', explanation);
    }
    const attemptsLeft = this.#retry.attempts - this.#tally.used;
    const { title } = this.#task;
    this.#room.tell({
      kind: 'network.retry-scheduled',
      service: this.#service,
      title,
      attempt: this.#attempts,
      attemptsLeft,
      delayMs,
      explanation,
    });
    await this.#pause(delayMs);
    return null;
  }

  #isShut(service: string): boolean {
    const { breakers } = this.#room;
    return breakers.settingsOf(service).isEnabled && breakers.status(service)?.state === 'open';
  }

  async #pause(delayMs: number): Promise<void> {
    this.#waitedMs += delayMs;
    await sleep(this.#room.clock, delayMs, { signal: this.#room.signal, keepAlive: true });
  }

  #allowedAttempts(): number {
    return this.#retry.isEnabled ? this.#retry.attempts : 1;
  }

  #succeed(value: T): Outcome<T> {
    const { title } = this.#task;
    const said = { service: this.#service, title, attempts: this.#attempts };
    if (this.#attempts > 1) this.#room.tell({ kind: 'network.rescued', ...said });
    this.#room.tell({ kind: 'network.succeeded', ...said });
    return { ok: true, value, attempts: this.#attempts, waitedMs: this.#waitedMs };
  }

  #failAtBreaker(service: string, retryAfterMs: number): Outcome<T> {
    // After an attempt of our own, what it met says more than that the breaker is open now.
    const explanation = this.#last ?? explainOpenBreaker(service, retryAfterMs);
    return this.#fail(this.#last === null ? 'breaker' : 'failed', explanation, { service, retryAfterMs });
  }

  #fail(
    reason: FailureReason,
    explanation: Explanation,
    where: { readonly service: string; readonly retryAfterMs: number } | null = null,
  ): Outcome<T> {
    const value = this.#task.salvage?.(explanation) ?? null;
    if (value !== null) return this.#succeed(value);
    this.#hold(explanation);
    const service = where?.service ?? this.#toFailedServices(explanation)[0] ?? this.#service;
    const { title } = this.#task;
    this.#room.tell({ kind: 'network.failed', service, title, attempts: this.#attempts, reason, explanation });
    const retryAfterMs = where?.retryAfterMs ?? this.#findRetryAfterMs(service) ?? explanation.retryAfterMs ?? null;
    return { ok: false, reason, explanation, service, attempts: this.#attempts, waitedMs: this.#waitedMs, retryAfterMs };
  }

  /** A service that asked for patience is left alone until then, by everybody. */
  #hold({ class: kind, retryAfterMs = 0 }: Explanation): void {
    const { breakers } = this.#room;
    if (kind !== 'throttled' || retryAfterMs <= 0 || !breakers.settingsOf(this.#service).isEnabled) return;
    const status = breakers.status(this.#service);
    if (status === null || status.retryAfterMs >= retryAfterMs) return;
    breakers.trip(this.#service, {
      who: 'Retry-After',
      reason: 'the service asked for patience',
      forMs: Math.min(MAX_HOLD_MS, retryAfterMs),
    });
    this.#tellChange(this.#service, status.state);
  }

  #findRetryAfterMs(service: string): number | null {
    return this.#isShut(service) ? (this.#room.breakers.status(service)?.retryAfterMs ?? null) : null;
  }
}
