import { type Clock, OpsError, sleep } from '@breakwater/kernel';
import type { BreakerControl } from '@breakwater/resilience';
import type { Transport } from '@breakwater/transport';
import { SERVICE_VERSIONS_PATH } from '@breakwater/vsphere/schema';

export interface BreakerProbeOptions {
  readonly clock: Clock;
  /** With the pipeline around it: a probe counts like any other call. */
  readonly transport: Transport;
  readonly breaker: BreakerControl;
}

/** Least pause between two probes. */
const PAUSE_MS = 250;

/**
 * Asks a server whose breaker is open how it is, as soon as that is allowed. Without it a server that is well again would
 * stay blocked until enough other calls happen to come along. The question is the cheapest one there is: no session, a few hundred bytes.
 */
export class BreakerProbe {
  readonly #options: BreakerProbeOptions;
  readonly #closing = new AbortController();
  #isRunning = false;
  #pause: AbortController | null = null;

  constructor(options: BreakerProbeOptions) {
    this.#options = options;
  }

  /** To be called when the breaker has opened. */
  start(): void {
    if (this.#isRunning || this.#closing.signal.aborted) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  /** To be called when the breaker has left the state it was in: by hand it may be open for hours, and is closed in between. */
  wake(): void {
    this.#pause?.abort();
  }

  close(): void {
    this.#closing.abort();
    this.#pause?.abort();
  }

  async #run(): Promise<void> {
    const { breaker, clock } = this.#options;
    const { signal } = this.#closing;
    while (breaker.state !== 'closed' && !signal.aborted) {
      const pause = new AbortController();
      this.#pause = pause;
      // Both can only end early: closed or woken meanwhile, or another failure, which the breaker itself has counted and shows.
      await sleep(clock, Math.max(PAUSE_MS, breaker.retryAfterMs), { signal: pause.signal }).catch(() => undefined);
      if (!pause.signal.aborted && !this.#isClosedNow()) await this.#ask(signal).catch(() => undefined);
    }
  }

  #isClosedNow(): boolean {
    return this.#options.breaker.state === 'closed';
  }

  #ask(signal: AbortSignal): Promise<void> {
    const operation = 'GET vimServiceVersions.xml';
    return this.#options.transport.exchange(
      { method: 'GET', path: SERVICE_VERSIONS_PATH, operation, priority: 'high', idempotent: false, signal },
      async (response) => {
        if (response.status === 200) return;
        throw new OpsError({
          code: 'VSPHERE_HTTP_STATUS',
          message: `The server answered with HTTP status ${response.status}.`,
          details: { status: response.status, operation },
        });
      },
    );
  }
}
