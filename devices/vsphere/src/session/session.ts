import { type Clock, createId, type Logger, type Secret, type TimerHandle } from '@breakwater/kernel';
import type { Transport, TransportResponse } from '@breakwater/transport';
import { type MethodName, type Result, SERVICE_INSTANCE } from '../schema/index.ts';
import { createCodec, type WorkSlicer } from '../wire/index.ts';
import { createClosedError, createExpiredError, hasCode } from './errors.ts';
import { isFinalRefusal, type SignedIn, signIn } from './sign-in.ts';
import { type ExchangeOptions, type SoapCall, SoapDoor } from './soap-door.ts';
import { untilAborted } from './until-aborted.ts';

export interface SessionOptions {
  readonly transport: Transport;
  readonly user: string;
  readonly password: Secret;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Idle time after which the session is touched. Servers end an idle one after 30 min by default. */
  readonly keepAliveAfterMs: number;
  /** Keeps the reading of large answers from holding up the process. */
  readonly slicer: WorkSlicer;
}

export interface CallOptions extends ExchangeOptions {
  /**
   * Epoch of the session in which the object called was made. When that session has ended, the call is
   * `VSPHERE_SESSION_EXPIRED` instead of being repeated in a new one, where the object does not exist.
   */
  readonly boundTo?: number | undefined;
}

type State =
  | { readonly kind: 'signed-out' }
  /** `work` is what callers share; `attempt` also says how a sign-in ended that nobody waits for any more. */
  | { readonly kind: 'signing-in'; readonly work: Promise<SignedIn>; readonly attempt: Promise<SignedIn> }
  | { readonly kind: 'signed-in'; readonly server: SignedIn }
  /** Refused by the server. Stays so until a person asks to try again: each try may lock the account. */
  | { readonly kind: 'refused'; readonly error: Error }
  | { readonly kind: 'closed' };

/** How long a closing client waits for its goodbye to be answered. */
const LOGOUT_TIMEOUT_MS = 5_000;

/** One session with one server: signs in when first needed, keeps itself alive, signs in again once when the server has forgotten it. */
export class Session {
  readonly #door: SoapDoor;
  readonly #user: string;
  readonly #password: Secret;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #keepAliveAfterMs: number;
  readonly #closing = new AbortController();
  /** Ends a sign-in that is under way although the client has been closed. */
  readonly #loginGivenUp = new AbortController();
  #state: State = { kind: 'signed-out' };
  #epoch = 0;
  #usedAt = 0;
  #keepAlive: TimerHandle | undefined;

  constructor(options: SessionOptions) {
    const prefix = createId().slice(-8);
    let count = 0;
    const nextOperationId = (): string => `breakwater-${prefix}-${++count}`;
    const codec = createCodec({ slicer: options.slicer });
    this.#door = new SoapDoor({ transport: options.transport, codec, nextOperationId });
    this.#user = options.user;
    this.#password = options.password;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#keepAliveAfterMs = options.keepAliveAfterMs;
  }

  /** Of the living session; undefined while there is none. */
  get current(): SignedIn | undefined {
    return this.#state.kind === 'signed-in' ? this.#state.server : undefined;
  }

  /** The living session, after signing in if there is none. All who ask meanwhile share one sign-in. */
  open(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<SignedIn> {
    const state = this.#state;
    switch (state.kind) {
      case 'signed-in':
        return Promise.resolve(state.server);
      case 'signing-in':
        return untilAborted(state.work, options.signal);
      case 'refused':
        return Promise.reject(state.error);
      case 'closed':
        return Promise.reject(createClosedError());
      case 'signed-out':
        return untilAborted(this.#signIn(), options.signal);
    }
  }

  /** Calls a method. An expired session is replaced and the call repeated, if it is idempotent and not bound to the old one. */
  async call<Name extends MethodName>(call: SoapCall<Name>, options: CallOptions): Promise<Result<Name>> {
    const { answer, epoch } = await this.#inSession(call.method, options, async (exchange, asked) => ({
      answer: await this.#door.call(call, exchange),
      epoch: asked,
    }));
    if (!answer.isDoubtful) return answer.value;
    // An ESXi host whose session has ended may answer with nothing. Touching the session tells the cases apart. It has to be
    // the one that was asked: somebody else may have signed in again while the answer was on its way.
    const touched = await this.#inSession('CurrentTime', options, async (exchange, asked) => {
      await this.#door.call({ method: 'CurrentTime', self: SERVICE_INSTANCE, args: {} }, { ...exchange, idempotent: true });
      return asked;
    });
    if (touched === epoch) return answer.value;
    if (options.boundTo !== undefined) throw createExpiredError(call.method);
    return (await this.#inSession(call.method, options, (exchange) => this.#door.call(call, exchange))).value;
  }

  /** Downloads what the session cookie opens. */
  get<T>(
    target: { readonly path: string; readonly operation: string },
    options: CallOptions & { readonly read: (response: TransportResponse) => Promise<T> },
  ): Promise<T> {
    const { read } = options;
    return this.#inSession(target.operation, options, (exchange) => this.#door.get(target, { ...exchange, read }));
  }

  /** Takes back a refusal, because a person asked for another try. */
  retrySignIn(): void {
    if (this.#state.kind === 'refused') this.#state = { kind: 'signed-out' };
  }

  /** Signs out, so that the server need not keep the session until it times out. */
  async close(): Promise<void> {
    const state = this.#state;
    if (state.kind === 'closed') return;
    this.#state = { kind: 'closed' };
    this.#keepAlive?.cancel();
    this.#closing.abort(createClosedError());
    const server = state.kind === 'signing-in' ? await this.#awaitAttempt(state.attempt) : state.kind === 'signed-in' ? state.server : null;
    if (server === null) return;
    try {
      await this.#door.call(
        { method: 'Logout', self: server.sessionManager, args: {} },
        { priority: 'high', idempotent: false, timeoutMs: LOGOUT_TIMEOUT_MS },
      );
    } catch (error) {
      this.#logger.warn('The server did not confirm the sign-out.', { error });
    }
  }

  /** A sign-in that is on its way cannot be called back: the server may hold a session before we hear of it. Null: it holds none. */
  async #awaitAttempt(attempt: Promise<SignedIn>): Promise<SignedIn | null> {
    const timer = this.#clock.after(LOGOUT_TIMEOUT_MS, () => this.#loginGivenUp.abort(createClosedError()));
    try {
      return await attempt;
    } catch (error) {
      this.#logger.debug('The sign-in ended with the client.', { error });
      return null;
    } finally {
      timer.cancel();
    }
  }

  /** `act` is told the epoch of the session that it acts in. */
  async #inSession<T>(operation: string, options: CallOptions, act: (exchange: ExchangeOptions, epoch: number) => Promise<T>): Promise<T> {
    const { boundTo, ...exchange } = options;
    const { epoch } = await this.open({ signal: options.signal });
    if (boundTo !== undefined && boundTo !== epoch) throw createExpiredError(operation);
    try {
      return await this.#attempt(epoch, exchange, act);
    } catch (error) {
      if (!hasCode(error, 'VSPHERE_SESSION_EXPIRED')) throw error;
      if (boundTo !== undefined || !options.idempotent) throw error;
      this.#logger.info('The session had ended; signing in again.', { operation });
      const renewed = await this.open({ signal: options.signal });
      return this.#attempt(renewed.epoch, exchange, act);
    }
  }

  async #attempt<T>(epoch: number, exchange: ExchangeOptions, act: (exchange: ExchangeOptions, epoch: number) => Promise<T>): Promise<T> {
    const { signal } = exchange;
    const combined = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    try {
      const value = await act({ ...exchange, signal: combined }, epoch);
      this.#touch();
      return value;
    } catch (error) {
      if (hasCode(error, 'VSPHERE_SESSION_EXPIRED')) this.#forget(epoch);
      throw error;
    }
  }

  /** Only the session that expired: a caller of an older one must not end its successor. */
  #forget(epoch: number): void {
    if (this.#state.kind !== 'signed-in' || this.#state.server.epoch !== epoch) return;
    this.#state = { kind: 'signed-out' };
    this.#keepAlive?.cancel();
    this.#keepAlive = undefined;
  }

  #signIn(): Promise<SignedIn> {
    const attempt = signIn(this.#door, {
      user: this.#user,
      password: this.#password,
      epoch: ++this.#epoch,
      signal: this.#closing.signal,
      loginSignal: this.#loginGivenUp.signal,
    });
    const work = attempt.then(
      (server) => {
        if (this.#state.kind === 'closed') throw createClosedError();
        this.#state = { kind: 'signed-in', server };
        this.#touch();
        return server;
      },
      (error: Error) => {
        if (this.#state.kind !== 'closed') this.#state = isFinalRefusal(error) ? { kind: 'refused', error } : { kind: 'signed-out' };
        throw error;
      },
    );
    this.#state = { kind: 'signing-in', work, attempt };
    return work;
  }

  #touch(): void {
    this.#usedAt = this.#clock.now();
    if (this.#state.kind === 'signed-in' && this.#keepAlive === undefined) this.#planKeepAlive(this.#keepAliveAfterMs);
  }

  #planKeepAlive(delayMs: number): void {
    this.#keepAlive = this.#clock.after(delayMs, () => {
      this.#keepAlive = undefined;
      const idleMs = this.#clock.now() - this.#usedAt;
      if (idleMs < this.#keepAliveAfterMs) this.#planKeepAlive(this.#keepAliveAfterMs - idleMs);
      else void this.#keepAliveNow();
    });
  }

  async #keepAliveNow(): Promise<void> {
    const epoch = this.current?.epoch;
    if (epoch === undefined) return;
    try {
      await this.#attempt(epoch, { priority: 'low', idempotent: true }, (exchange) =>
        this.#door.call({ method: 'CurrentTime', self: SERVICE_INSTANCE, args: {} }, exchange),
      );
    } catch (error) {
      // Nobody waits for this call; the next real one finds out what is wrong and says so.
      this.#logger.debug('The session could not be touched.', { error });
      if (this.current?.epoch === epoch && this.#keepAlive === undefined) this.#planKeepAlive(this.#keepAliveAfterMs);
    }
  }
}
