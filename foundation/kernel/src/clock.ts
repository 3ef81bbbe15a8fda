/** A timer that can be taken back; canceling twice is harmless. */
export interface TimerHandle {
  cancel(): void;
}

export interface TimerOptions {
  /** Keeps the process alive while the timer is pending. Default: false, because background work must not hold up an exit. */
  readonly keepAlive?: boolean;
}

/** The only way the product reads time or waits. Tests pass a `ManualClock`. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean something. Never jumps when the wall clock is set. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC, for people and for records; may jump. */
  wall(): number;
  /** Calls `callback` once after `delayMs`. */
  after(delayMs: number, callback: () => void, options?: TimerOptions): TimerHandle;
}

/** The platform's timers end after about 24 days; a longer delay would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, callback, options) {
    let timer: unknown;
    const start = (leftMs: number): void => {
      timer = leftMs > MAX_TIMER_MS ? setTimeout(() => start(leftMs - MAX_TIMER_MS), MAX_TIMER_MS) : setTimeout(callback, leftMs);
      if (options?.keepAlive !== true && hasUnref(timer)) timer.unref();
    };
    start(delayMs);
    return { cancel: () => clearTimeout(timer as Parameters<typeof clearTimeout>[0]) };
  },
};

function hasUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}

export interface SleepOptions extends TimerOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Waits `delayMs`; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delayMs: number, options: SleepOptions = {}): Promise<void> {
  const { signal } = options;
  if (signal?.aborted === true) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(
      delayMs,
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      options,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** ISO 8601 in UTC of a wall time, as records and the API write it. */
export function formatInstant(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Wall time of a foreign ISO 8601 text with a zone, or null for anything else. */
export function parseInstant(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const wallMs = Date.parse(text);
  return Number.isNaN(wallMs) ? null : wallMs;
}
