import type { Bench, BenchRow } from './row.ts';
import type { ConsoleLoad } from './support/console-frames.ts';
import { measureMemory } from './support/console-memory.ts';
import { order } from './support/console-order.ts';
import { type ConsolePeer, type ConsoleStage, openConsoleStage, type PeerName } from './support/console-peers.ts';
import { readTreeCpuMs } from './support/console-processes.ts';
import { ensureDebianPackages } from './support/debian.ts';
import { median, round } from './support/process-figures.ts';

const ROUNDS = 5;
const WARM_UP_MS = 200;
const PROXIES: readonly PeerName[] = ['ours', 'nginx', 'ws relay'];
const SCREEN: ConsoleLoad = { kind: 'paced', bytes: 20 * 1_024, framesPerSecond: 30 };
const SCREENS = 50;

interface Case {
  readonly name: string;
  readonly load: ConsoleLoad;
  readonly consoles: number;
  readonly windowMs: number;
  readonly rounds: number;
  readonly peers: readonly PeerName[];
}

const STREAMS: readonly (Case & { readonly goalOfWs: number })[] = [
  { name: '64 B frames', bytes: 64, consoles: 1, goalOfWs: 0.25 },
  { name: '1 KiB frames', bytes: 1_024, consoles: 1, goalOfWs: 0.25 },
  { name: '16 KiB frames', bytes: 16 * 1_024, consoles: 1, goalOfWs: 0.8 },
  { name: '256 KiB frames', bytes: 256 * 1_024, consoles: 1, goalOfWs: 0.8 },
  { name: '16 KiB frames, 20 consoles', bytes: 16 * 1_024, consoles: 20, goalOfWs: 0.8 },
].map(({ name, bytes, consoles, goalOfWs }) => ({
  name,
  consoles,
  goalOfWs,
  load: { kind: 'stream', bytes },
  windowMs: 700,
  rounds: ROUNDS,
  peers: PROXIES,
}));

interface Sample {
  readonly mbPerSecond: number;
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerMb: number;
  readonly cpuUsPerMessage: number;
}

type Samples = ReadonlyMap<PeerName, readonly Sample[]>;

async function measureOnce(stage: ConsoleStage, what: { readonly peer: ConsolePeer; readonly of: Case }): Promise<Sample> {
  const { peer, of } = what;
  await order(stage.client, { kind: 'open', door: peer.door, count: of.consoles, load: of.load, reading: 'always' });
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const readCpu = (): number => (peer.child?.pid === undefined ? 0 : readTreeCpuMs(peer.child.pid));
  const cpuBefore = readCpu();
  await order(stage.client, { kind: 'begin' });
  await new Promise((resolve) => setTimeout(resolve, of.windowMs));
  const figures = await order(stage.client, { kind: 'end' });
  const cpuMs = readCpu() - cpuBefore;
  await order(stage.client, { kind: 'close' });
  if (figures === null || figures.bytes === 0 || figures.consoles !== of.consoles)
    throw new Error(`${of.name} through ${peer.name}: ${figures?.consoles} consoles of ${of.consoles} live, ${figures?.bytes} bytes came`);
  return {
    mbPerSecond: figures.bytes / 1e3 / figures.tookMs,
    messagesPerSecond: (figures.messages * 1e3) / figures.tookMs,
    p50Ms: figures.p50Ms,
    p99Ms: figures.p99Ms,
    cpuMsPerMb: (cpuMs * 1e6) / figures.bytes,
    cpuUsPerMessage: (cpuMs * 1e3) / figures.messages,
  };
}

/** All peers in each round, so that what else the machine does falls on all of them. */
async function measure(stage: ConsoleStage, options: { readonly of: Case; readonly log: (line: string) => void }): Promise<Samples> {
  const samples = new Map<PeerName, Sample[]>(options.of.peers.map((name) => [name, []]));
  for (let turn = 0; turn < options.of.rounds; turn++) {
    for (const [name, list] of samples) list.push(await measureOnce(stage, { peer: stage.peer(name), of: options.of }));
  }
  for (const [name, list] of samples) {
    const of = (figure: keyof Sample): string => round(median(list.map((sample) => sample[figure]))).toString();
    options.log(
      `${options.of.name}, ${name}: ${of('mbPerSecond')} MB/s, ${of('cpuMsPerMb')} CPU ms/MB` +
        (options.of.load.kind === 'stream'
          ? ''
          : `, ${of('cpuUsPerMessage')} CPU us/message, p50 ${of('p50Ms')} ms, p99 ${of('p99Ms')} ms`),
    );
  }
  return samples;
}

const middle = (samples: Samples, at: { readonly peer: PeerName; readonly figure: keyof Sample }): number =>
  median((samples.get(at.peer) ?? []).map((sample) => sample[at.figure]));

/** Median over the rounds of ours divided by the peer's in the same round. */
function compare(samples: Samples, at: { readonly peer: PeerName; readonly figure: keyof Sample }): number {
  const theirs = samples.get(at.peer) ?? [];
  return median((samples.get('ours') ?? []).map((sample, turn) => sample[at.figure] / (theirs[turn]?.[at.figure] ?? Number.NaN)));
}

/** Median over the rounds of what ours takes longer than the direct way in the same round. */
function addTo(samples: Samples, figure: 'p50Ms' | 'p99Ms'): number {
  const direct = samples.get('direct') ?? [];
  return median((samples.get('ours') ?? []).map((sample, turn) => sample[figure] - (direct[turn]?.[figure] ?? Number.NaN)));
}

async function measurePace(stage: ConsoleStage, log: (line: string) => void): Promise<readonly BenchRow[]> {
  const samples = await measure(stage, {
    of: {
      name: `${SCREENS} consoles at 30 fps of 20 KiB`,
      load: SCREEN,
      consoles: SCREENS,
      // Short windows and many of them: what else the machine does then spoils some and not each of them.
      windowMs: 800,
      rounds: 7,
      peers: ['direct', 'ours', 'nginx', 'ws relay', 'websockify'],
    },
    log,
  });
  const delivered = compare(samples, { peer: 'direct', figure: 'messagesPerSecond' });
  const row = (figure: 'p50Ms' | 'p99Ms', limitMs: number): BenchRow => ({
    name: `${SCREENS} consoles at pace, added ${figure.slice(0, 3)}`,
    value: round(addTo(samples, figure)),
    unit: 'ms',
    peer: 'direct',
    ratio: round(middle(samples, { peer: 'ours', figure }) / middle(samples, { peer: 'direct', figure })),
    goal: `at most ${limitMs} ms more`,
    ok: addTo(samples, figure) <= limitMs,
  });
  return [
    {
      name: `${SCREENS} consoles at pace, delivered`,
      value: round(middle(samples, { peer: 'ours', figure: 'messagesPerSecond' })),
      unit: 'frames/s',
      peer: 'direct',
      ratio: round(delivered),
      goal: 'at least 0.99 x',
      ok: delivered >= 0.99,
    },
    row('p50Ms', 0.3),
    row('p99Ms', 2),
  ];
}

async function measureEcho(stage: ConsoleStage, log: (line: string) => void): Promise<BenchRow> {
  const of: Case = {
    name: 'echo of 1 KiB',
    load: { kind: 'echo', bytes: 1_024 },
    consoles: 1,
    windowMs: 900,
    rounds: ROUNDS,
    peers: PROXIES,
  };
  const samples = await measure(stage, { of, log });
  const ratio = compare(samples, { peer: 'nginx', figure: 'cpuUsPerMessage' });
  return {
    name: 'echo of 1 KiB, CPU',
    value: round(middle(samples, { peer: 'ours', figure: 'cpuUsPerMessage' })),
    unit: 'us',
    peer: 'nginx',
    ratio: round(ratio),
    goal: 'at most 2.5 x',
    ok: ratio <= 2.5,
  };
}

async function measureStreams(stage: ConsoleStage, log: (line: string) => void): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const againstNginx: number[] = [];
  for (const of of STREAMS) {
    const samples = await measure(stage, { of, log });
    const add = (peer: PeerName, at: { readonly figure: 'cpuMsPerMb' | 'mbPerSecond'; readonly limit: number }): void => {
      const isCpu = at.figure === 'cpuMsPerMb';
      const ratio = compare(samples, { peer, figure: at.figure });
      rows.push({
        name: `${of.name}, ${isCpu ? 'CPU' : 'throughput'}`,
        value: round(middle(samples, { peer: 'ours', figure: at.figure })),
        unit: isCpu ? 'ms/MB' : 'MB/s',
        peer,
        ratio: round(ratio),
        goal: `at ${isCpu ? 'most' : 'least'} ${at.limit} x`,
        ok: isCpu ? ratio <= at.limit : ratio >= at.limit,
      });
    };
    add('nginx', { figure: 'cpuMsPerMb', limit: 1.8 });
    add('ws relay', { figure: 'cpuMsPerMb', limit: of.goalOfWs });
    add('nginx', { figure: 'mbPerSecond', limit: 0.55 });
    add('ws relay', { figure: 'mbPerSecond', limit: 1 });
    againstNginx.push(compare(samples, { peer: 'nginx', figure: 'mbPerSecond' }));
  }
  rows.push({
    name: 'all streams, throughput',
    value: round(median(againstNginx)),
    unit: 'x',
    peer: 'nginx',
    ratio: round(median(againstNginx)),
    goal: 'median at least 0.65 x',
    ok: median(againstNginx) >= 0.65,
  });
  return rows;
}

export const bench: Bench = {
  name: 'console-proxy',
  summary: 'Latency, CPU, throughput and memory of consoles, against direct, nginx, websockify and a relay with ws.',
  async run({ log }) {
    ensureDebianPackages(['nginx-light', 'websockify']);
    const stage = await openConsoleStage();
    try {
      // Memory first: what later loads leave behind in the processes would be counted as spared.
      const memory = await measureMemory(stage, log);
      const paced = await measurePace(stage, log);
      const echo = await measureEcho(stage, log);
      const streams = await measureStreams(stage, log);
      return [...paced, echo, ...streams, ...memory];
    } finally {
      await stage.close();
    }
  },
};
