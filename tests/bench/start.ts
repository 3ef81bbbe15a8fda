import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineFacts } from '@breakwater/fleet';
import { silentLogger, systemClock, toMoid, toServerId } from '@breakwater/kernel';
import { openStorage } from '@breakwater/storage';
import type { Bench, BenchRow } from './row.ts';
import { ensureDebianPackages } from './support/debian.ts';
import { median, readMemoryMib, round } from './support/process-figures.ts';

const root = join(import.meta.dirname, '../..');
const ROUNDS = 7;
/** As `npm run breakwater -- serve` starts it. */
const PORTAL = ['--conditions=@breakwater/source', '--max-semi-space-size=4', 'apps/breakwater/src/main.ts', 'serve'];

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

const MANY = 10_000;

/** Fills a data folder with the last known inventory of two servers that are switched off, so that only memory is measured. */
async function fillDataFolder(dataDir: string): Promise<void> {
  const storage = await openStorage({ dataDir, logger: silentLogger, clock: systemClock });
  for (const half of [0, 1]) {
    const id = toServerId(`bench-${half}`);
    await storage.servers.save(
      {
        id,
        kind: 'vsphere',
        name: id,
        host: `bench-${half}.invalid`,
        port: 443,
        user: 'root',
        verifySsl: true,
        pinnedSha256: null,
        enabled: false,
        paused: false,
      },
      { password: undefined },
    );
    const machines = Array.from({ length: MANY / 2 }, (_, index): MachineFacts => describeMachine(half * MANY + index));
    await storage.inventory.save(id, { dataAtWallMs: Date.now(), machines });
  }
  await storage.close();
}

function describeMachine(index: number): MachineFacts {
  const address = `10.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`;
  return {
    moid: toMoid(String(index)),
    name: `machine-${index}`,
    powerState: index % 4 === 0 ? 'poweredOff' : 'poweredOn',
    guestOs: 'Debian GNU/Linux 12 (64-bit)',
    memoryMib: 4_096,
    cpuCount: 2,
    guestIp: address,
    ipAddresses: [address, `2001:db8::${index.toString(16)}`],
    guestHostName: `machine-${index}.example`,
    hostName: `esx-${index % 8}.example`,
    tools: 'running',
    isTemplate: false,
    isAccessible: true,
    instanceUuid: `52000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
    annotation: `Owner of machine ${index}`,
    bootTime: '2026-01-01T00:00:00.000Z',
    question: null,
    diskUsedBytes: index * 1_000_000,
    diskTotalBytes: index * 2_000_000,
  };
}

export const bench: Bench = {
  name: 'start',
  summary: 'Time to the first answer and idle memory, against the documents’ Python stack.',
  async run({ log }) {
    ensureDebianPackages(['python3-flask', 'python3-pyvmomi', 'python3-pil', 'python3-aiohttp']);
    const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
    const bare = 'require("node:http").createServer((q,s)=>s.end("{}")).listen(Number(process.argv[1]),"127.0.0.1")';
    const env = (port: number, folder: string): NodeJS.ProcessEnv => ({
      BREAKWATER_DATA_DIR: folder,
      PORT: String(port),
      HOST: '127.0.0.1',
      BREAKWATER_API_TOKEN: 'bwt_bench-0123456789abcdef0123456789abcdef',
    });
    const fullDir = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
    await fillDataFolder(fullDir);
    const ours: Started[] = [];
    const full: Started[] = [];
    const portal = (folder: string): Promise<Started> =>
      measure(process.execPath, () => PORTAL, {
        path: '/api/v1/health',
        env: (port) => env(port, folder),
      });
    const node: Started[] = [];
    const python: Started[] = [];
    try {
      for (let turn = 0; turn < ROUNDS; turn++) {
        ours.push(await portal(dataDir));
        full.push(await portal(fullDir));
        node.push(await measure(process.execPath, (port) => ['-e', bare, String(port)], { path: '/' }));
        python.push(
          await measure('/usr/bin/python3', (port) => ['tests/bench/peers/python-stack.py', String(port)], { path: '/api/v1/health' }),
        );
        log(
          `round ${turn + 1}: ours ${ours.at(-1)?.firstAnswerMs.toFixed(0)} ms, bare node ${node.at(-1)?.firstAnswerMs.toFixed(0)} ms, python ${python.at(-1)?.firstAnswerMs.toFixed(0)} ms`,
        );
      }
    } finally {
      for (const folder of [dataDir, fullDir]) rmSync(folder, { recursive: true, force: true });
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
      {
        name: 'two known servers with 10,000 machines, first answer',
        value: round(first(full)),
        unit: 'ms',
        peer: null,
        ratio: null,
        goal: 'at most 1000 ms',
        ok: first(full) <= 1_000,
      },
      {
        name: 'memory of 10,000 machines',
        value: round(idle(full) - idle(ours)),
        unit: 'MiB',
        peer: null,
        ratio: null,
        goal: 'at most 25 MiB',
        ok: idle(full) - idle(ours) <= 25,
      },
    ];
    return rows;
  },
};
