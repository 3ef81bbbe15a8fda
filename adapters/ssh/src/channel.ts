import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { OutputTail } from '@breakwater/host-config';
import { createAgentScript } from './agent-script.ts';
import { type Answer, AnswerReader } from './answer-reader.ts';
import { type Frame, FrameReader } from './frame-reader.ts';

export interface ChannelOptions {
  readonly sshArguments: readonly string[];
  readonly agentSocket: string | undefined;
  readonly session: string;
  readonly privilege: 'root' | 'login';
  readonly isFirst: boolean;
}

/** Why a channel is no more. */
export type ChannelEnd =
  /** ssh ended; its exit code and words tell why. */
  | { readonly kind: 'ssh'; readonly exitCode: number | null; readonly stderr: string }
  /** The agent does not want to work here: `no-sudo`, `sudo-asks`, `no-folder`, `restarted`. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

export class ChannelError extends Error {
  readonly end: ChannelEnd;

  constructor(end: ChannelEnd) {
    super(end.kind === 'ssh' ? `ssh ended with ${end.exitCode}: ${end.stderr.trim()}` : end.reason);
    this.name = 'ChannelError';
    this.end = end;
  }
}

interface Waiter {
  readonly take: (chunk: Buffer) => void;
  readonly reject: (error: ChannelError) => void;
}

/** One ssh with the agent at its other end; one request at a time. */
export class Channel {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader: FrameReader;
  readonly #ready = Promise.withResolvers<void>();
  readonly #stderr = new OutputTail();
  #waiter: Waiter | null = null;
  #end: ChannelEnd | null = null;

  constructor({ agentSocket, isFirst, privilege, session, sshArguments }: ChannelOptions) {
    const mark = randomBytes(16).toString('hex');
    this.#reader = new FrameReader(mark);
    this.#child = spawn('ssh', [...sshArguments, 'exec /bin/sh'], {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', ...(agentSocket === undefined ? {} : { SSH_AUTH_SOCK: agentSocket }) },
      stdio: 'pipe',
      // Ctrl-C at the terminal is for the program to handle, and must not cut the link first.
      detached: true,
    });
    // Who waits for the beginning is told by `ready`; nobody else has to.
    this.#ready.promise.catch(() => undefined);
    this.#child.once('error', (error) => this.#fail({ kind: 'broken', reason: error.message }));
    this.#child.once('close', (exitCode) => this.#fail({ kind: 'ssh', exitCode, stderr: this.#stderr.text() }));
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.stdin.write(createAgentScript({ session, mark, privilege, isFirst }));
  }

  get isOpen(): boolean {
    return this.#end === null;
  }

  /** Resolves when the agent listens. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  request(line: string, payloads: readonly Uint8Array[]): Promise<Frame> {
    const readFrame = (chunk: Buffer): Frame | null => {
      for (const word of this.#reader.push(chunk)) if (word.kind === 'frame') return word.frame;
      return null;
    };
    return this.#send([Buffer.from(`${line}\n`), ...payloads], readFrame);
  }

  /** The script ends with a line feed. */
  ask(id: string, script: string): Promise<Answer> {
    const mark = randomBytes(16).toString('hex');
    const reader = new AnswerReader(mark);
    const lines = script.split('\n').length - 1;
    return this.#send([Buffer.from(`ask ${id} ${lines} ${mark}\n${script}`)], (chunk) => reader.push(chunk));
  }

  #send<T>(parts: readonly Uint8Array[], read: (chunk: Buffer) => T | null): Promise<T> {
    if (this.#end !== null) return Promise.reject(new ChannelError(this.#end));
    return new Promise((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        const answer = read(chunk);
        if (answer === null) return;
        this.#waiter = null;
        resolve(answer);
      };
      this.#waiter = { take, reject };
      for (const each of parts) if (each.length > 0) this.#child.stdin.write(each);
    });
  }

  /** Tells the agent to tidy up when all jobs are done, and hangs up. */
  leave(): Promise<void> {
    if (this.#end !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.stdin.end('leave\n');
    });
  }

  hangUp(reason: string): void {
    this.#fail({ kind: 'broken', reason });
  }

  #take(chunk: Buffer): void {
    try {
      if (this.#waiter !== null) {
        this.#waiter.take(chunk);
        return;
      }
      for (const word of this.#reader.push(chunk)) {
        if (word.kind === 'ready') this.#ready.resolve();
        else if (word.kind === 'refused') this.#fail({ kind: 'refused', reason: word.reason });
        else throw new Error('The host answers what nobody asked.');
      }
    } catch (error) {
      this.#fail({ kind: 'broken', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  #fail(end: ChannelEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    const error = new ChannelError(end);
    this.#ready.reject(error);
    this.#waiter?.reject(error);
    this.#waiter = null;
    this.#child.kill('SIGKILL');
  }
}
