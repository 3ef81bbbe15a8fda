import { type Clock, OpsError, onAbort, type TimerHandle } from '@breakwater/kernel';
import type { Dispatcher } from 'undici';
import { BodyQueue } from './body-queue.ts';
import { createTooLargeError, decodeBody } from './decode-body.ts';
import type { TransportResponse } from './transport.ts';
import { createCanceledError, createTimeoutError, type TransportPhase, toTransportError } from './transport-error.ts';

/** What `read` leaves is read away so that the connection can be used again; more than this costs more than a new one. */
const DISCARD_MAX_BYTES = 64 * 1024;
const DISCARD_MAX_MS = 1_000;

export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly bodyIdleMs: number;
}

export interface ExchangeOptions<T> {
  readonly origin: string;
  readonly clock: Clock;
  readonly limits: ExchangeLimits;
  readonly signal: AbortSignal | undefined;
  readonly read: (response: TransportResponse) => Promise<T>;
  /** The request takes a connection, and gives it back. */
  readonly onStart: () => void;
  readonly onRelease: () => void;
  /** The exchange failed for a reason of the network or the server; not told for what `read` throws or for a cancellation. */
  readonly onFault: () => void;
}

type Headers = TransportResponse['headers'];

/** One request and its answer on a connection of the pool: the limits in time and size, and who is told what. */
export class Exchange<T> implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions<T>;
  readonly #body: BodyQueue;
  readonly #outcome = Promise.withResolvers<T>();
  readonly #deadline: TimerHandle;
  #stopListening: () => void = () => undefined;
  #phase: TransportPhase = 'connect';
  #controller: Dispatcher.DispatchController | undefined;
  #failure: OpsError | undefined;
  #connection: 'waiting' | 'taken' | 'released' = 'waiting';
  #whenReleased: (() => void) | undefined;
  /** Undefined while `read` works; then the bytes that may still be read away. */
  #discardLeft: number | undefined;

  constructor(options: ExchangeOptions<T>) {
    this.#options = options;
    const { clock, limits } = options;
    this.#body = new BodyQueue({ clock, idleMs: limits.bodyIdleMs, onIdle: () => this.#timeOut(limits.bodyIdleMs) });
    this.#deadline = clock.after(limits.timeoutMs, () => this.#timeOut(limits.timeoutMs), { keepAlive: true });
    this.#stopListening = onAbort(options.signal, (reason) => this.#fail(createCanceledError(this.#place(), reason)));
  }

  outcome(): Promise<T> {
    return this.#outcome.promise;
  }

  /** The pool could not even take the request. */
  refuse(error: unknown): void {
    this.#fail(toTransportError(error, this.#place()));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure !== undefined) {
      // Nothing has been written yet: given up while waiting for a connection.
      controller.abort(this.#failure);
      return;
    }
    this.#controller = controller;
    this.#connection = 'taken';
    this.#phase = 'first-byte';
    this.#options.onStart();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers, statusText?: string): void {
    // Interim answers (103 and the like) tell nothing that a client here would use.
    if (status < 200) return;
    this.#phase = 'body';
    const declared = Number(headers['content-length']);
    if (declared > this.#options.limits.maxBodyBytes) {
      this.#fail(createTooLargeError(this.#options.origin, this.#options.limits.maxBodyBytes));
      return;
    }
    this.#body.attach(controller);
    void this.#answer({ status, headers, statusText: statusText ?? '' });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#discardLeft === undefined) {
      this.#body.push(chunk);
      return;
    }
    this.#discardLeft -= chunk.length;
    if (this.#discardLeft < 0) this.#drop();
  }

  onResponseEnd(): void {
    this.#deadline.cancel();
    this.#body.end();
    // undici takes a connection back one turn of the event loop after the end, and opens another for whoever asks sooner.
    queueMicrotask(() => setImmediate(() => this.#release()));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(toTransportError(error, this.#place()));
    this.#release();
  }

  #place(): { origin: string; phase: TransportPhase } {
    return { origin: this.#options.origin, phase: this.#phase };
  }

  async #answer(head: { status: number; headers: Headers; statusText: string }): Promise<void> {
    try {
      const response = this.#createResponse(head);
      const value = await this.#options.read(response);
      await this.#discard();
      this.#settle();
      this.#outcome.resolve(value);
    } catch (error) {
      await this.#discard();
      this.#settle();
      // Rejecting after a fault of the transport has no effect: that fault was told first.
      this.#outcome.reject(error);
    }
  }

  #createResponse(head: { status: number; headers: Headers; statusText: string }): TransportResponse {
    const { origin, limits } = this.#options;
    const encoding = head.headers['content-encoding'];
    const decoded = decodeBody(this.#readQueue(), {
      encoding: typeof encoding === 'string' ? encoding : '',
      origin,
      maxBytes: limits.maxBodyBytes,
    });
    const chunks = toSingleUse(this.#guard(decoded));
    const bytes = async (): Promise<Uint8Array> => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    };
    return {
      ...head,
      chunks,
      bytes,
      text: async () => new TextDecoder().decode(await bytes()),
    };
  }

  async *#readQueue(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#body.pull(); chunk !== null; chunk = await this.#body.pull()) yield chunk;
  }

  /** An answer that breaks a limit ends the exchange here, even if `read` would go on without it. */
  async *#guard(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      this.#fail(toTransportError(error, this.#place()));
      throw error;
    }
  }

  /** Resolves once the connection is given back, or is not worth keeping and dropped. */
  async #discard(): Promise<void> {
    if (this.#connection !== 'taken') return;
    const released = new Promise<void>((resolve) => {
      this.#whenReleased = resolve;
    });
    this.#discardLeft = DISCARD_MAX_BYTES;
    const timer = this.#body.hasEnded ? undefined : this.#options.clock.after(DISCARD_MAX_MS, () => this.#drop());
    this.#controller?.resume();
    await released;
    timer?.cancel();
  }

  #drop(): void {
    this.#controller?.abort(new Error('The rest of the answer is not wanted'));
    this.#release();
  }

  #timeOut(timeoutMs: number): void {
    this.#fail(createTimeoutError(this.#place(), { timeoutMs }));
  }

  #fail(error: OpsError): void {
    if (this.#discardLeft !== undefined) {
      // `read` has already given its result; only the connection is lost.
      this.#drop();
      return;
    }
    if (this.#failure !== undefined) return;
    this.#failure = error;
    if (error.code !== 'TRANSPORT_CANCELED') this.#options.onFault();
    this.#settle();
    this.#body.fail(error);
    this.#outcome.reject(error);
    this.#controller?.abort(error);
    this.#release();
  }

  #settle(): void {
    this.#deadline.cancel();
    this.#stopListening();
  }

  #release(): void {
    if (this.#connection === 'taken') this.#options.onRelease();
    this.#connection = 'released';
    this.#whenReleased?.();
  }
}

/** A second reading would find nothing, which looks like an empty answer. */
function toSingleUse(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let isTaken = false;
  return {
    [Symbol.asyncIterator]() {
      if (isTaken) throw new OpsError({ code: 'TRANSPORT_BODY_USED', message: 'The body of this answer has already been read' });
      isTaken = true;
      return chunks[Symbol.asyncIterator]();
    },
  };
}
