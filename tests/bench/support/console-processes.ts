import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { readCpuMs } from './process-figures.ts';

const READY_MS = 10_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers `memory` with what the process holds after a full collection. Needs `--expose-gc`. */
export function reportMemory(): void {
  process.on('message', (message: unknown) => {
    if (message !== 'memory') return;
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    process.send?.({ heldBytes: heapUsed + external });
  });
}

/** The next message of a child; rejects when the child ends instead. */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}

/** Starts a Node process of this folder and waits for its first message. */
export async function startNode<T>(file: URL, args: readonly string[] = []): Promise<{ readonly child: ChildProcess; readonly hello: T }> {
  const child = fork(file, [...args], { execArgv: ['--conditions=@breakwater/source', '--expose-gc'] });
  return { child, hello: await nextMessage<T>(child) };
}

/** Starts a program that listens on a known port and waits until it does. */
export async function startListening(program: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const givesUpAtMs = performance.now() + READY_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > givesUpAtMs) throw new Error(`${program} does not listen on port ${port}`);
    await wait(20);
  }
  return child;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 1_000);
  await exited;
  clearTimeout(timer);
}

/** A process and all that descends from it: nginx and websockify do their work in children. */
function listTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIfThere(`/proc/${name}/stat`);
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    parents.set(Number(name), Number(parent));
  }
  const tree = [pid];
  for (const one of tree) for (const [child, parent] of parents) if (parent === one) tree.push(child);
  return tree;
}

/** Processes end while they are being read. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Memory of a process and its descendants in KiB, pages that they share counted once. */
export function readTreeMemoryKib(pid: number): number {
  const read = (one: number): number => Number(/^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${one}/smaps_rollup`))?.[1] ?? 0);
  return listTree(pid).reduce((sum, one) => sum + read(one), 0);
}

/** CPU of a process and its living descendants since they were started, in milliseconds. */
export function readTreeCpuMs(pid: number): number {
  return listTree(pid).reduce((sum, one) => sum + readCpuMs(one), 0);
}
