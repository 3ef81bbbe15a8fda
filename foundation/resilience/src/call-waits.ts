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
}
