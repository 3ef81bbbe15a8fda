import { randomBytes } from 'node:crypto';
import { type Clock, OpsError, sleep } from '@breakwater/kernel';
import type { Answer } from './answer-reader.ts';
import { Channel, ChannelError } from './channel.ts';
import type { Frame } from './frame-reader.ts';
import { toSshError } from './ssh-error.ts';

/** sshd takes ten sessions of one connection and starts to drop new connections at ten; other programs want some too. */
const MAX_CHANNELS = 4;
const FORGOTTEN_AT_ONCE = 32;
const PAUSES_MS = [200, 500, 1_000, 2_000, 5_000];

export interface LinkOptions {
  readonly sshArguments: readonly string[];
  readonly agentSocket: string | undefined;
  readonly privilege: 'root' | 'login';
  readonly clock: Clock;
}

export interface LinkRequest {
  readonly line: string;
  readonly payloads?: readonly Uint8Array[];
  /** On the clock of the link. Until then a link that was cut is set up again, and the request is sent again. */
  readonly untilMs: number;
  /** The request has begun to leave. Rejecting here takes it back: it is not sent. */
  readonly onSend?: (epoch: number) => void;
}

export interface LinkQuestion {
  readonly id: string;
  /** POSIX shell that only reads, with a line feed at the end. */
  readonly script: string;
  readonly untilMs: number;
  readonly onSend: () => void;
}

interface Exchange<T> {
  readonly untilMs: number;
  readonly over: (channel: Channel) => Promise<T>;
}

/** Up to four channels to one host, set up when they are needed and again when they were cut. */
export class Link {
  readonly #options: LinkOptions;
  readonly #session = randomBytes(12).toString('hex');
  readonly #channels = new Set<Channel>();
  readonly #idle: Channel[] = [];
  readonly #queue: (() => void)[] = [];
  readonly #forgotten: string[] = [];
  #taken = 0;
  #isClosed = false;
  /** Grows when the host has lost our folder: what was begun before cannot be asked for any more. */
  #epoch = 0;
  #hasFolder = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Rejects with an `OpsError`: of `onSend`, of what no repetition mends, or `HOST_LINK_LOST` when the time is over. */
  call(request: LinkRequest): Promise<Frame> {
    return this.#inTurn(this.#toExchange(request));
  }

  /** Asked again when the link is cut. Rejects as `call` does. */
  ask({ id, onSend, script, untilMs }: LinkQuestion): Promise<Answer> {
    const over = (channel: Channel): Promise<Answer> => {
      onSend();
      return channel.ask(id, script);
    };
    return this.#inTurn({ untilMs, over });
  }

  /** Past the queue, for signals: the jobs that they shall end may hold all the channels. */
  callBeside(request: LinkRequest): Promise<Frame> {
    return this.#repeat(this.#toExchange(request));
  }

  /** The files of this job are not needed any more. They are removed with those of others: a process of the host for each would cost more than the job. */
  forget(jobId: string): void {
    this.#forgotten.push(jobId);
    if (this.#forgotten.length < FORGOTTEN_AT_ONCE || this.#isClosed) return;
    const line = `drop ${this.#forgotten.splice(0).join(' ')}`;
    // What could not be removed goes with the whole folder.
    this.call({ line, untilMs: this.#options.clock.now() + 10_000 }).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const [first, ...others] = [...this.#channels].filter((channel) => channel.isOpen);
    for (const channel of others) channel.hangUp('The executor is closed.');
    if (first === undefined) return;
    const timer = this.#options.clock.after(2_000, () => first.hangUp('The executor is closed.'), { keepAlive: true });
    await first.leave();
    timer.cancel();
  }

  #toExchange({ line, onSend, payloads = [], untilMs }: LinkRequest): Exchange<Frame> {
    const over = (channel: Channel): Promise<Frame> => {
      onSend?.(this.#epoch);
      return channel.request(line, payloads);
    };
    return { untilMs, over };
  }

  async #inTurn<T>(exchange: Exchange<T>): Promise<T> {
    await this.#enter();
    try {
      return await this.#repeat(exchange);
    } finally {
      this.#taken--;
      this.#queue.shift()?.();
    }
  }

  async #repeat<T>(exchange: Exchange<T>): Promise<T> {
    const { clock } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(exchange);
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error;
        this.#judge(error);
        const pauseMs = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] ?? 0;
        if (this.#isClosed || clock.now() + pauseMs >= exchange.untilMs) throw toSshError(error);
        await sleep(clock, pauseMs, { keepAlive: true });
      }
    }
  }

  /** A place among the four; those who wait come in their order. */
  async #enter(): Promise<void> {
    if (this.#isClosed) throw new OpsError({ code: 'HOST_LINK_CLOSED', message: 'The connection to the host is closed.' });
    if (this.#taken >= MAX_CHANNELS) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#taken++;
  }

  async #attempt<T>({ over, untilMs }: Exchange<T>): Promise<T> {
    const channel = this.#takeChannel();
    const { clock } = this.#options;
    const timer = clock.after(Math.max(0, untilMs - clock.now()), () => channel.hangUp('The host did not answer in time.'), {
      keepAlive: true,
    });
    try {
      await channel.ready();
      this.#hasFolder = true;
      const answer = await over(channel);
      this.#idle.push(channel);
      return answer;
    } catch (error) {
      if (error instanceof ChannelError) this.#channels.delete(channel);
      else this.#idle.push(channel);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #takeChannel(): Channel {
    for (let channel = this.#idle.pop(); channel !== undefined; channel = this.#idle.pop()) {
      if (channel.isOpen) return channel;
      this.#channels.delete(channel);
    }
    const { agentSocket, privilege, sshArguments } = this.#options;
    const channel = new Channel({ sshArguments, agentSocket, privilege, session: this.#session, isFirst: !this.#hasFolder });
    this.#channels.add(channel);
    return channel;
  }

  /** Throws for what will be the same next time. */
  #judge(error: ChannelError): void {
    const { end } = error;
    if (end.kind === 'refused' && end.reason === 'restarted') {
      if (this.#hasFolder) this.#epoch++;
      this.#hasFolder = false;
      return;
    }
    const translated = toSshError(error);
    if (translated.code !== 'HOST_SSH_UNREACHABLE' && translated.code !== 'HOST_LINK_LOST') throw translated;
  }
}
