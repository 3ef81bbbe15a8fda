/** Made for calls that wait: most do not. */
export class CallWaits {
  /** Since when it waits; a repeated attempt keeps its first time. */
  readonly sinceMs: number;
  queuedAtMs: number;
  totalMs = 0;

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
    this.queuedAtMs = nowMs;
  }

  /** Milliseconds of this wait. */
  end(nowMs: number): number {
    const waitedMs = nowMs - this.queuedAtMs;
    this.totalMs += waitedMs;
    return waitedMs;
  }
}

/** Of all calls that have not waited yet; never changed. */
export const NEVER_WAITED: CallWaits = new CallWaits(0);
