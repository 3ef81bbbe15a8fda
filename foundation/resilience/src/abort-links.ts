/** Told by `AbortLinks` when its signal aborts. */
export interface Abortable {
  onAborted(): void;
}

/** Signals that are still listened to although nobody needs it now: the next call may come with the same one. */
const MAX_IDLE = 8;

/**
 * One listener on each signal, for all calls that have it: to add and remove one costs more than everything else of a call, and callers
 * often give one signal to many calls. The listener stays for a while after the last of them, and is taken away when others come, so that
 * no signal is held for ever.
 */
export class AbortLinks {
  readonly #links = new Map<AbortSignal, Link>();
  /** Oldest first. */
  readonly #idle: Link[] = [];

  add(signal: AbortSignal, call: Abortable): void {
    let link = this.#links.get(signal);
    if (link === undefined) {
      link = new Link(signal);
      this.#links.set(signal, link);
    }
    link.calls.add(call);
  }

  remove(signal: AbortSignal, call: Abortable): void {
    const link = this.#links.get(signal);
    if (link === undefined || !link.calls.delete(call) || link.calls.size > 0 || link.isIdle) return;
    link.isIdle = true;
    this.#idle.push(link);
    if (this.#idle.length > MAX_IDLE) for (const oldest of this.#idle.splice(0, 1)) this.#release(oldest);
  }

  #release(link: Link): void {
    link.isIdle = false;
    if (link.calls.size > 0) return;
    link.close();
    this.#links.delete(link.signal);
  }
}

class Link {
  readonly signal: AbortSignal;
  readonly calls = new Set<Abortable>();
  /** In the list of those that may be taken away. */
  isIdle = false;

  constructor(signal: AbortSignal) {
    this.signal = signal;
    signal.addEventListener('abort', this);
  }

  handleEvent(): void {
    // A call that ends may end others; those have left the set when their turn comes.
    for (const call of this.calls) call.onAborted();
  }

  close(): void {
    this.signal.removeEventListener('abort', this);
  }
}
