import type { InventoryNews } from '@breakwater/fleet';
import { type Clock, isOpsError, onAbort, systemRandom } from '@breakwater/kernel';
import { exponentialBackoff } from '@breakwater/resilience';
import { isForPeople, toTrouble } from './to-trouble.ts';

/** Spec 01: 5 s, 10 s, 20 s, then every 30 s. Every server has its own count, so there is no herd that chance would have to spread. */
const RECONNECT = exponentialBackoff({ firstMs: 5_000, capMs: 30_000, jitter: 'none' });

/** Longest wait that a server may ask for: the six digits of seconds that are read from its header would lose it for eleven days. */
const LONGEST_ASKED_WAIT_MS = 300_000;

/** Says nothing about a server that was there a moment ago: it closes idle sockets, and so do proxies. */
const SOCKET_CLOSED = 'TRANSPORT_RESET';

/** The server is there, but has forgotten us, for example because it was restarted. */
const SESSION_ENDED = 'VSPHERE_SESSION_EXPIRED';

export interface FollowLoopOptions {
  readonly clock: Clock;
  /** News until the server is lost; then it throws, and may be called again. */
  follow(options: { readonly signal: AbortSignal }): AsyncIterable<Exclude<InventoryNews, { readonly kind: 'lost' }>>;
  /** Has the next `follow` begin with the whole inventory. */
  reload(): void;
}

/** News of a server without end: what `follow` throws becomes news too, and is followed by a wait and another try. */
export class FollowLoop {
  readonly #options: FollowLoopOptions;
  #wait: { readonly end: () => void; readonly isTimed: boolean } | null = null;
  #isRetryAsked = false;

  constructor(options: FollowLoopOptions) {
    this.#options = options;
  }

  /** Ends the present wait, however long it would be. */
  retryNow(): void {
    if (this.#wait === null) this.#isRetryAsked = true;
    else this.#wait.end();
  }

  /** What kept calls away is gone: a wait for its end is over too, and one for a person is not. */
  roadOpened(): void {
    if (this.#wait?.isTimed === true) this.#wait.end();
  }

  async *run({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<InventoryNews, void, undefined> {
    let failures = 0;
    let isLiving = false;
    let isSecondTry = false;
    while (!signal.aborted) {
      let thrown: unknown;
      this.#isRetryAsked = false;
      try {
        for await (const news of this.#options.follow({ signal })) {
          failures = 0;
          isLiving = true;
          isSecondTry = false;
          yield news;
        }
        if (signal.aborted) return;
        thrown = new Error('The news of the server ended.');
      } catch (error) {
        if (signal.aborted) return;
        thrown = error;
      }
      const code = isOpsError(thrown) ? thrown.code : '';
      if (!isSecondTry && (code === SESSION_ENDED || (isLiving && code === SOCKET_CLOSED))) {
        // One try at once, before anybody is told: if it fails too, the server is really lost.
        isSecondTry = true;
        continue;
      }
      isLiving = false;
      isSecondTry = false;
      const trouble = toTrouble(thrown);
      const retryInMs = isForPeople(trouble) ? null : Math.max(RECONNECT.delayMs(failures, 0, systemRandom), readRetryAfterMs(thrown));
      failures += 1;
      yield { kind: 'lost', trouble, retryInMs };
      await this.#pause(retryInMs, signal);
      // Going on where it ended would be silent until something changes, and the server would stay lost for so long.
      this.#options.reload();
    }
  }

  #pause(delayMs: number | null, signal: AbortSignal): Promise<void> {
    if (this.#isRetryAsked || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer?.cancel();
        forget();
        this.#wait = null;
        resolve();
      };
      const timer = delayMs === null ? null : this.#options.clock.after(delayMs, end);
      this.#wait = { end, isTimed: delayMs !== null };
      const forget = onAbort(signal, end);
    });
  }
}

function readRetryAfterMs(error: unknown): number {
  const wanted = isOpsError(error) ? error.details['retryAfterMs'] : undefined;
  return typeof wanted === 'number' && Number.isFinite(wanted) ? Math.min(wanted, LONGEST_ASKED_WAIT_MS) : 0;
}
