import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchRow } from './row.ts';
import { ensureDebianPackages } from './support/debian.ts';
import { median, readMemoryMib, round } from './support/process-figures.ts';

const root = join(import.meta.dirname, '../..');
const ROUNDS = 7;

interface Started {
  readonly firstAnswerMs: number;
  readonly idleMib: number;
}

async function freePort(): Promise<number> {
  const probe: Server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a program and asks for `path` until it answers; then lets it idle for a second. */
async function measure(
  program: string,
  args: (port: number) => readonly string[],
  options: { readonly path: string; readonly env?: (port: number) => NodeJS.ProcessEnv },
): Promise<Started> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(program, args(port), { cwd: root, stdio: 'ignore', env: { PATH: process.env['PATH'], ...options.env?.(port) } });
  try {
    for (;;) {
      const answered = await fetch(`http://127.0.0.1:${port}${options.path}`).then(
        (response) => response.ok,
        () => false,
      );
      if (answered) break;
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const firstAnswerMs = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return { firstAnswerMs, idleMib: readMemoryMib(child.pid ?? 0).now };
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
  }
}

export const bench: Bench = {
  name: 'start',
  summary: 'Time to the first answer and idle memory, against the documents’ Python stack.',
  async run({ log }) {
    ensureDebianPackages(['python3-flask', 'python3-pyvmomi', 'python3-pil', 'python3-aiohttp']);
    const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
    const bare = 'require("node:http").createServer((q,s)=>s.end("{}")).listen(Number(process.argv[1]),"127.0.0.1")';
    const env = (port: number): NodeJS.ProcessEnv => ({
      BREAKWATER_DATA_DIR: dataDir,
      PORT: String(port),
      HOST: '127.0.0.1',
      BREAKWATER_API_TOKEN: 'bwt_bench-0123456789abcdef0123456789abcdef',
    });
    const ours: Started[] = [];
    const node: Started[] = [];
    const python: Started[] = [];
    try {
      for (let turn = 0; turn < ROUNDS; turn++) {
        ours.push(
          await measure(process.execPath, () => ['--conditions=@breakwater/source', 'apps/breakwater/src/main.ts', 'serve'], {
            path: '/api/v1/health',
            env,
          }),
        );
        node.push(await measure(process.execPath, (port) => ['-e', bare, String(port)], { path: '/' }));
        python.push(
          await measure('/usr/bin/python3', (port) => ['tests/bench/peers/python-stack.py', String(port)], { path: '/api/v1/health' }),
        );
        log(
          `round ${turn + 1}: ours ${ours.at(-1)?.firstAnswerMs.toFixed(0)} ms, bare node ${node.at(-1)?.firstAnswerMs.toFixed(0)} ms, python ${python.at(-1)?.firstAnswerMs.toFixed(0)} ms`,
        );
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
    const first = (all: readonly Started[]): number => median(all.map((one) => one.firstAnswerMs));
    const idle = (all: readonly Started[]): number => median(all.map((one) => one.idleMib));
    const rows: BenchRow[] = [
      {
        name: 'bare HTTP process, first answer',
        value: round(first(node)),
        unit: 'ms',
        peer: 'python stack',
        ratio: round(first(node) / first(python)),
        goal: 'at most 250 ms and 0.4 x',
        ok: first(node) <= 250 && first(node) / first(python) <= 0.4,
      },
      {
        name: 'portal, first answer',
        value: round(first(ours)),
        unit: 'ms',
        peer: 'python stack',
        ratio: round(first(ours) / first(python)),
        goal: 'at most 1000 ms',
        ok: first(ours) <= 1_000,
      },
      {
        name: 'portal, idle memory',
        value: round(idle(ours)),
        unit: 'MiB',
        peer: 'python stack',
        ratio: round(idle(ours) / idle(python)),
        goal: 'at most 85 MiB',
        ok: idle(ours) <= 85,
      },
    ];
    return rows;
  },
};
