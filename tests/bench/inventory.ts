import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVsphereSimulator } from '@breakwater/sim-vsphere';
import { startChild } from '../e2e/support/child.ts';
import { startVcsim } from '../e2e/support/vcsim.ts';
import type { Bench, BenchRow } from './row.ts';
import { ensureDebianPackages } from './support/debian.ts';
import { median, round } from './support/process-figures.ts';
import { startReplayServer } from './support/replay-server.ts';
import { runPeer } from './support/run-peer.ts';
import { recordListing, toWholeRequest, type VsphereRecording } from './support/vsphere-recording.ts';

const root = join(import.meta.dirname, '../..');
const peers = join(import.meta.dirname, 'peers');
const SIZES = [100, 1_000, 5_000] as const;
const ROUNDS = 3;
const CHANGES = 40;

interface Listing {
  readonly cpuMs: number;
  readonly wallMs: number;
}

interface OwnListing extends Listing {
  readonly stalls: readonly { readonly wallMs: number }[];
  readonly peakMib: number;
  readonly retainedBytes: number;
}

interface DiscardedListing extends Listing {
  readonly peakMib: number;
}

/** One server with one number of machines, and everybody's figures. */
interface Contest {
  readonly server: string;
  readonly machines: number;
  readonly own: readonly OwnListing[];
  readonly govmomi: readonly Listing[];
  readonly discarded: readonly DiscardedListing[];
  readonly collector: readonly Listing[];
  readonly naive: readonly Listing[];
}

interface Target {
  readonly server: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly recording: VsphereRecording;
  readonly withNaive: boolean;
}

const cpu = (listings: readonly Listing[]): number => median(listings.map((listing) => listing.cpuMs));

function buildGovmomiList(): string {
  const binary = join(root, '.cache/govmomi-list');
  mkdirSync(join(root, '.cache'), { recursive: true });
  execFileSync('go', ['build', '-o', binary, join(peers, 'govmomi-list/main.go')], {
    env: { ...process.env, GOPATH: '/usr/share/gocode', GO111MODULE: 'off', GOCACHE: join(root, '.cache/go') },
    stdio: 'pipe',
  });
  return binary;
}

/** All clients against one server, turn by turn. Only Node's get more than one listing to warm up: they are compiled while they run. */
async function compete(target: Target, options: { readonly govmomiList: string; readonly folder: string }): Promise<Contest> {
  const { port, user, password, recording } = target;
  const { machines } = recording;
  const origin = `https://127.0.0.1:${port}`;
  const requestFile = join(options.folder, `request-${port}.json`);
  writeFileSync(requestFile, JSON.stringify(toWholeRequest(recording)), { mode: 0o600 });
  const properties = recording.properties.join(',');
  const rounds = String(Math.max(4, Math.round(8_000 / machines)));
  const warmups = String(Math.max(3, Math.round(4_000 / machines)));
  const account = ['--user', user, '--password', password];
  const node = (file: string, args: readonly string[]): readonly string[] => [
    '--conditions=@breakwater/source',
    '--expose-gc',
    join(peers, file),
    origin,
    '--rounds',
    rounds,
    '--warmups',
    warmups,
    ...args,
  ];
  const listOwn = (): Promise<OwnListing> =>
    runPeer(process.execPath, node('breakwater-list.ts', ['--sha256', recording.sha256, '--watched', '3', ...account]));
  const listDiscarded = (): Promise<DiscardedListing> => runPeer(process.execPath, node('discard-list.ts', ['--request', requestFile]));
  const listGovmomi = (): Promise<Listing> =>
    runPeer(options.govmomiList, [
      '-rounds',
      String(Math.max(2, Math.round(3_000 / machines))),
      '-properties',
      properties,
      '-version',
      '6.5',
      `https://${user}:${password}@127.0.0.1:${port}/sdk`,
    ]);
  const listPython = (flags: readonly string[]): Promise<Listing> =>
    runPeer('/usr/bin/python3', [
      join(peers, 'pyvmomi-list.py'),
      '127.0.0.1',
      String(port),
      '--properties',
      properties,
      ...account,
      ...flags,
    ]);

  const own: OwnListing[] = [];
  const govmomi: Listing[] = [];
  const discarded: DiscardedListing[] = [];
  for (let turn = 0; turn < ROUNDS; turn++) {
    own.push(await listOwn());
    govmomi.push(await listGovmomi());
    discarded.push(await listDiscarded());
  }
  return {
    server: target.server,
    machines,
    own,
    govmomi,
    discarded,
    collector: [await listPython(['--warmups', '0', '--rounds', machines === 100 ? '3' : '1'])],
    naive: target.withNaive ? [await listPython(['--naive', '--warmups', '0'])] : [],
  };
}

/** What one change among many costs, without and with the whole inventory. */
async function learnOneChange(log: (line: string) => void): Promise<{ readonly cpuMs: number; readonly bytes: number }> {
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 5_000, seed: 7 });
  const args = ['--conditions=@breakwater/source', join(peers, 'breakwater-follow.ts'), `https://127.0.0.1:${simulator.port}`];
  const child = startChild(process.execPath, [...args, '--sha256', simulator.certificateSha256, '--changes', String(CHANGES)]);
  try {
    await child.waitFor(/loaded 5000/, 60_000);
    const moids = simulator.control.machines().map((machine) => machine.moid);
    for (let change = 1; change <= CHANGES + 2; change++) {
      simulator.control.renameMachine(moids[change * 100] ?? '', `renamed ${change}`);
      await child.waitFor(new RegExp(`changed ${change}\\b`));
    }
    const [, line = ''] = await child.waitFor(/^(\{.*\})$/m);
    log(`one change: ${line}`);
    return JSON.parse(line) as { readonly cpuMs: number; readonly bytes: number };
  } finally {
    await child.stop('SIGKILL');
    await simulator.stop();
  }
}

async function competeOnVcsim(machines: number, options: { readonly govmomiList: string; readonly folder: string }): Promise<Contest> {
  const vcsim = await startVcsim({ model: 'esx', machines });
  try {
    const account = { user: 'tester', password: 'tester' };
    const recording = await recordListing({ port: vcsim.port, ...account });
    try {
      return await compete({ server: 'vcsim', port: vcsim.port, ...account, recording, withNaive: machines === 100 }, options);
    } finally {
      await recording.close();
    }
  } finally {
    await vcsim.stop();
  }
}

/** The same clients, and a server that answers from memory with what a host in use tells of its machines. */
async function competeOnReplay(options: { readonly govmomiList: string; readonly folder: string }): Promise<readonly Contest[]> {
  const account = { user: 'root', password: 'simulated' };
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 5_000, seed: 7 });
  const original = await recordListing({ port: simulator.port, ...account });
  await original.close();
  await simulator.stop();
  const replay = await startReplayServer(original);
  try {
    const contests: Contest[] = [];
    for (const machines of SIZES) {
      replay.setMachines(machines);
      const recording = await recordListing({ port: replay.port, ...account });
      contests.push(await compete({ server: 'recorded', port: replay.port, ...account, recording, withNaive: false }, options));
      await recording.close();
    }
    return contests;
  } finally {
    await replay.stop();
  }
}

function toRows(contest: Contest): readonly BenchRow[] {
  const { server, machines, own, govmomi, discarded, collector, naive } = contest;
  const perMachine = (cpu(own) * 1_000) / machines;
  const row = (peer: string, listings: readonly Listing[], most: number): BenchRow => {
    const ratio = cpu(own) / cpu(listings);
    return {
      name: `list ${machines} machines, ${server}: CPU per machine`,
      value: round(perMachine),
      unit: 'us',
      peer,
      ratio: round(ratio),
      goal: `at most ${most} x`,
      ok: ratio <= most,
    };
  };
  const rows = [row('govmomi', govmomi, 0.25), row('pyVmomi, one collector call', collector, 0.12)];
  if (naive.length > 0) rows.push(row('pyVmomi, attribute by attribute', naive, 0.01));
  if (machines >= 1_000) rows.push(row('Node, bytes thrown away', discarded, 8));
  if (machines >= 5_000) rows.push(...toProcessRows(contest));
  return rows;
}

function toProcessRows({ server, machines, own, discarded }: Contest): readonly BenchRow[] {
  const stallMs = median(own.flatMap((listing) => listing.stalls.map((stall) => stall.wallMs)));
  const peakMib = median(own.map((listing) => listing.peakMib));
  const peakRatio = peakMib / median(discarded.map((listing) => listing.peakMib));
  const keptKib = median(own.map((listing) => listing.retainedBytes)) / machines / 1_024;
  return [
    {
      name: `list ${machines} machines, ${server}: longest stall of the event loop`,
      value: round(stallMs),
      unit: 'ms',
      peer: null,
      ratio: null,
      goal: 'at most 5 ms',
      ok: stallMs <= 5,
    },
    {
      name: `list ${machines} machines, ${server}: peak memory`,
      value: round(peakMib),
      unit: 'MiB',
      peer: 'Node, bytes thrown away',
      ratio: round(peakRatio),
      goal: 'at most 1.6 x',
      ok: peakRatio <= 1.6,
    },
    {
      name: `list ${machines} machines, ${server}: memory kept per machine`,
      value: round(keptKib),
      unit: 'KiB',
      peer: null,
      ratio: null,
      goal: 'at most 1 KiB',
      ok: keptKib <= 1,
    },
  ];
}

export const bench: Bench = {
  name: 'inventory',
  summary: 'Listing and following machines, against govmomi, pyVmomi and a client that throws the bytes away.',
  async run({ log }) {
    ensureDebianPackages(['golang-go', 'golang-github-vmware-govmomi-dev', 'python3-pyvmomi', 'openssl']);
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
    const options = { govmomiList: buildGovmomiList(), folder };
    try {
      const contests: Contest[] = [];
      const note = (contest: Contest): void => {
        contests.push(contest);
        const us = (listings: readonly Listing[]): string => ((cpu(listings) * 1_000) / contest.machines).toFixed(1);
        log(
          `${contest.server} ${contest.machines}: us per machine: ours ${us(contest.own)}, govmomi ${us(contest.govmomi)}, bytes only ${us(contest.discarded)}, pyVmomi ${us(contest.collector)}`,
        );
      };
      for (const machines of SIZES) note(await competeOnVcsim(machines, options));
      for (const contest of await competeOnReplay(options)) note(contest);
      const change = await learnOneChange(log);
      const listMs = cpu(contests.findLast((contest) => contest.machines === 5_000)?.own ?? []);
      return [
        ...contests.flatMap(toRows),
        {
          name: 'one change among 5000 machines: bytes received',
          value: change.bytes,
          unit: 'B',
          peer: null,
          ratio: null,
          goal: 'at most 2048 B',
          ok: change.bytes > 0 && change.bytes <= 2_048,
        },
        {
          name: 'one change among 5000 machines: CPU',
          value: round(change.cpuMs * 1_000),
          unit: 'us',
          peer: 'the whole list',
          ratio: round(change.cpuMs / listMs),
          goal: 'at most 0.001 x',
          ok: change.cpuMs / listMs <= 0.001,
        },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
