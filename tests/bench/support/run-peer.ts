import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program that ends by itself and reads the JSON line it prints last. */
export async function runPeer<T>(program: string, args: readonly string[]): Promise<T> {
  const { stdout } = await run(program, [...args], { maxBuffer: 16 * 1024 * 1024, timeout: 120_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}
