import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type CommandEnd, type CommandResult, type HostCommand, OutputTail } from '@breakwater/host-config';
import { type Clock, onAbort, type TimerHandle } from '@breakwater/kernel';
import { isGroupAlive, signalGroup } from './process-group.ts';

/** What a command printed before its end is read within this time, even if a grandchild keeps the pipe open for hours. */
const DRAIN_MS = 500;
const DEFAULT_GRACE_MS = 5_000;
const KILLED_MS = 1_000;
/** How often a group that has lost its leader is looked at. */
const LOOK_MS = 50;

export interface ProcessOrder {
  /** What really is executed; `command.argv` may stand behind a `chroot`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Runs one command in a process group of its own and never outlives its time limit by more than the grace time. */
export function runProcess(command: HostCommand, order: ProcessOrder): Promise<CommandResult> {
  return new ProcessRun(command, order).result();
}

type Ending = { readonly kind: 'timeout' } | { readonly kind: 'abort'; readonly reason: unknown };

class ProcessRun {
  readonly #command: HostCommand;
  readonly #order: ProcessOrder;
  readonly #outcome = Promise.withResolvers<CommandResult>();
  readonly #tails = { stdout: new OutputTail(), stderr: new OutputTail() };
  readonly #startedMs: number;
  #child: ChildProcess | undefined;
  #timer: TimerHandle | undefined;
  #stopListening: () => void = () => undefined;
  #ending: Ending | undefined;
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  #isDone = false;

  constructor(command: HostCommand, order: ProcessOrder) {
    this.#command = command;
    this.#order = order;
    this.#startedMs = order.clock.now();
  }

  result(): Promise<CommandResult> {
    if (this.#order.signal.aborted) return Promise.reject(this.#order.signal.reason);
    try {
      this.#start();
    } catch (error) {
      // Thrown for what can never be started: a zero byte in an argument, more arguments than the kernel takes.
      this.#finish({ kind: 'not-started', reason: error instanceof Error ? error.message : String(error) });
    }
    return this.#outcome.promise;
  }

  #start(): void {
    const { argv, clock, cwd, env, signal } = this.#order;
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      cwd,
      env,
      // A session of its own: one signal reaches the command and all its children, and no terminal of ours reaches them.
      detached: true,
      stdio: [this.#command.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.once('error', (error) => {
      if (child.pid === undefined) this.#finish({ kind: 'not-started', reason: error.message });
    });
    child.once('exit', (code, exitSignal) => this.#onExit(code, exitSignal));
    if (child.pid === undefined) return;
    this.#listen(child.stdout, 'stdout');
    this.#listen(child.stderr, 'stderr');
    // A command need not read what it is given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(this.#command.stdin);
    this.#timer = clock.after(this.#command.timeoutMs, () => this.#end({ kind: 'timeout' }), { keepAlive: true });
    this.#stopListening = onAbort(signal, (reason) => this.#end({ kind: 'abort', reason }));
  }

  #listen(stream: Readable | null, name: 'stdout' | 'stderr'): void {
    const decoder = new TextDecoder();
    stream?.on('data', (chunk: Buffer) => {
      if (this.#isDone) return;
      this.#tails[name].push(chunk);
      this.#command.onOutput?.(decoder.decode(chunk, { stream: true }), name);
    });
    stream?.on('error', () => undefined);
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined || this.#isDone) return;
    this.#ending = ending;
    this.#timer?.cancel();
    const groupId = this.#child?.pid;
    if (groupId === undefined) return;
    const isGentle = this.#command.onTimeout === 'interrupt';
    signalGroup(groupId, isGentle ? 'SIGINT' : 'SIGTERM');
    const graceMs = this.#command.graceMs ?? DEFAULT_GRACE_MS;
    this.#timer = this.#order.clock.after(
      graceMs,
      () => {
        if (isGentle) this.#finish({ kind: 'timed-out', exitCode: null });
        else this.#kill(groupId);
      },
      { keepAlive: true },
    );
    if (this.#exit !== undefined) this.#awaitGroup(groupId);
  }

  /** What not even this ends, because it waits within the kernel, is not waited for. */
  #kill(groupId: number): void {
    signalGroup(groupId, 'SIGKILL');
    this.#timer = this.#order.clock.after(KILLED_MS, () => this.#finishExited(), { keepAlive: true });
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exit = { code, signal };
    const groupId = this.#child?.pid;
    if (this.#ending !== undefined && this.#command.onTimeout !== 'interrupt' && groupId !== undefined) {
      this.#awaitGroup(groupId);
      return;
    }
    const child = this.#child;
    const drained = this.#order.clock.after(DRAIN_MS, () => this.#finishExited(), { keepAlive: true });
    child?.once('close', () => {
      drained.cancel();
      this.#finishExited();
    });
  }

  /** The leader is gone; its children had the same signal and have the rest of the grace time. */
  #awaitGroup(groupId: number): void {
    if (this.#isDone) return;
    if (isGroupAlive(groupId)) this.#order.clock.after(LOOK_MS, () => this.#awaitGroup(groupId), { keepAlive: true });
    else this.#finishExited();
  }

  #finishExited(): void {
    const { code = null, signal = null } = this.#exit ?? {};
    if (this.#ending?.kind === 'timeout') {
      this.#finish({ kind: 'timed-out', exitCode: this.#command.onTimeout === 'interrupt' ? code : null });
    } else if (code !== null) {
      this.#finish({ kind: 'exited', exitCode: code });
    } else {
      this.#finish({ kind: 'signaled', signal: signal ?? 'unknown' });
    }
  }

  #finish(end: CommandEnd): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#timer?.cancel();
    this.#stopListening();
    this.#letGo();
    if (this.#ending?.kind === 'abort') {
      this.#outcome.reject(this.#ending.reason);
      return;
    }
    const { stderr, stdout } = this.#tails;
    this.#outcome.resolve({
      end,
      stdout: stdout.text(),
      stderr: stderr.text(),
      isTruncated: stdout.isTruncated || stderr.isTruncated,
      tookMs: Math.round(this.#order.clock.now() - this.#startedMs),
    });
  }

  /**
   * Whoever still holds the pipes (a daemon that was started, a dpkg that was not to be cut down) is read on: a closed pipe would end it with
   * SIGPIPE. This process may end all the same.
   */
  #letGo(): void {
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket | null)?.unref();
  }
}
