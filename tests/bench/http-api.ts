import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { eventually } from '../e2e/support/child.ts';
import { type PortalProcess, startPortal } from '../e2e/support/portal-process.ts';
import type { Bench, BenchRow } from './row.ts';
import { ensureDebianPackages } from './support/debian.ts';
import { contestFlask, contestLists } from './support/list-contest.ts';
import { median, quantile, readCpuMs, round } from './support/process-figures.ts';
import { runPeer } from './support/run-peer.ts';
import { openStreams } from './support/stream-crowd.ts';

const peers = join(import.meta.dirname, 'peers');
const STREAMS = 1_000;
const STREAMS_PER_TOKEN = 200;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Its machines are switched off, so that no picture is taken while something else is measured. */
async function startHost(machines: number, seed: number): Promise<VsphereSimulator> {
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines, seed });
  for (const { moid } of simulator.control.machines()) simulator.control.powerOff(moid);
  return simulator;
}

const addHost = (portal: PortalProcess, simulator: VsphereSimulator): Promise<{ readonly id: string }> =>
  portal.addServer({ name: `host ${simulator.port}`, host: '127.0.0.1', port: simulator.port, user: 'root', password: 'simulated' });

const listPath = (id: string): string => `/api/v1/servers/${encodeURIComponent(id)}/vms`;

/** Lists of 100 and of 5,000 machines: nothing changes them but their age. */
async function measureLists(folder: string, log: (line: string) => void): Promise<readonly BenchRow[]> {
  const portal = await startPortal();
  const hosts: VsphereSimulator[] = [];
  try {
    const lists: { machines: number; path: string }[] = [];
    for (const machines of [100, 5_000]) {
      const host = await startHost(machines, machines);
      hosts.push(host);
      lists.push({ machines, path: listPath((await addHost(portal, host)).id) });
    }
    const options = { origin: portal.origin, token: portal.token, pid: portal.child.process.pid ?? 0, lists, folder, log };
    const rows = [...(await contestLists(options)), ...(await contestFlask(options))];
    const whole = join(folder, 'list.json');
    writeFileSync(whole, JSON.stringify((await portal.request('GET', lists[1]?.path ?? '')).body));
    return [...rows, ...(await measureRebuild(whole))];
  } finally {
    for (const host of hosts) await host.stop();
    await portal.stop();
  }
}

async function measureRebuild(listFile: string): Promise<readonly BenchRow[]> {
  const rebuild = (encoding: readonly string[]): Promise<{ readonly cpuMs: number; readonly machines: number }> =>
    runPeer(process.execPath, ['--conditions=@breakwater/source', join(peers, 'list-rebuild.ts'), listFile, ...encoding]);
  const row = (name: string, runs: readonly { readonly cpuMs: number }[], mostMs: number): BenchRow => {
    const value = median(runs.map((run) => run.cpuMs));
    return { name, value: round(value), unit: 'ms', peer: null, ratio: null, goal: `at most ${mostMs} ms`, ok: value <= mostMs };
  };
  const plain: { readonly cpuMs: number }[] = [];
  const compressed: { readonly cpuMs: number }[] = [];
  for (let turn = 0; turn < 3; turn++) {
    plain.push(await rebuild([]));
    compressed.push(await rebuild(['--encoding', 'zstd']));
  }
  return [
    row('one change: new list of 5000 machines, CPU', plain, 3),
    row('one change: new list of 5000 machines with zstd, CPU', compressed, 10),
  ];
}

async function measureStreams(portal: PortalProcess, host: VsphereSimulator): Promise<readonly BenchRow[]> {
  const tokens: string[] = [];
  for (let index = 0; index < STREAMS / STREAMS_PER_TOKEN; index++) {
    const { body, status } = await portal.request('POST', '/api/v1/tokens', { name: `bench ${index}`, role: 'viewer', expires_in_days: 1 });
    if (status !== 201) throw new Error(`no token: ${status}`);
    tokens.push((body as { readonly token: string }).token);
  }
  const pid = portal.child.process.pid ?? 0;
  const port = Number(new URL(portal.origin).port);
  const moids = host.control.machines().map((machine) => machine.moid);
  let count = 0;
  /** Changes come faster than frames may. */
  const churn = async (seconds: number): Promise<void> => {
    for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
      count += 1;
      host.control.renameMachine(moids[count % moids.length] ?? '', `renamed ${count}`);
      await pause(50);
    }
  };
  const cost = async (streams: number, seconds: number): Promise<{ readonly cpuMs: number; readonly frames: number }> => {
    const crowd = await openStreams({ port, count: streams, tokens });
    try {
      await churn(1);
      const before = { cpuMs: readCpuMs(pid), frames: crowd.frames() };
      await churn(seconds);
      return { cpuMs: readCpuMs(pid) - before.cpuMs, frames: crowd.frames() - before.frames };
    } finally {
      crowd.close();
      await pause(500);
    }
  };
  const seconds = 5;
  const perClient: number[] = [];
  const perSecond: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    // One stream pays for following the host and making the frames; the rest is what the others cost.
    const alone = await cost(1, seconds);
    const crowd = await cost(STREAMS, seconds);
    perClient.push(((crowd.cpuMs - alone.cpuMs) * 1_000) / (crowd.frames * (STREAMS - 1)));
    perSecond.push(crowd.frames / seconds);
  }
  const us = median(perClient);
  const frames = Math.max(...perSecond);
  return [
    {
      name: `events to ${STREAMS} streams: CPU per stream and frame`,
      value: round(us),
      unit: 'us',
      peer: null,
      ratio: null,
      goal: 'at most 16 us',
      ok: us <= 16,
    },
    {
      name: `events to ${STREAMS} streams: frames per second`,
      value: round(frames),
      unit: '1/s',
      peer: null,
      ratio: null,
      goal: 'at most 4 (and more than 0)',
      ok: frames > 0 && frames <= 4,
    },
  ];
}

/** Time to the first byte of the list, asked for again and again by one reader. */
async function watchList(portal: PortalProcess, options: { readonly seconds: number; readonly agent: Agent }): Promise<readonly number[]> {
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const headers = { authorization: `Bearer ${portal.token}` };
      const call = request(`${portal.origin}/api/v1/vms`, { agent: options.agent, headers }, (response) => {
        const firstByteMs = performance.now() - began;
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve(firstByteMs) : reject(new Error(`status ${response.statusCode}`)),
        );
      });
      call.once('error', reject);
      call.end();
    });
  const waits: number[] = [];
  for (const end = performance.now() + options.seconds * 1_000; performance.now() < end; ) {
    waits.push(await ask());
    await pause(2);
  }
  return waits;
}

async function measureHanging(portal: PortalProcess, hosts: readonly VsphereSimulator[]): Promise<readonly BenchRow[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const idle: number[] = [];
  const hanging: number[] = [];
  await watchList(portal, { seconds: 1, agent });
  for (let turn = 0; turn < 5; turn++) {
    idle.push(quantile(await watchList(portal, { seconds: 2, agent }), 0.99));
    for (const host of hosts) host.control.addFault({ effect: { kind: 'hang' } });
    await portal.request('POST', '/api/v1/background-refresh/invalidate', {});
    await pause(100);
    hanging.push(quantile(await watchList(portal, { seconds: 2, agent }), 0.99));
    for (const host of hosts) {
      host.control.faults.clear();
      host.control.dropConnections();
    }
    await portal.request('POST', '/api/v1/circuit-breaker/reset', {});
    await eventually(async () => (await portal.snapshot()).servers.every((server) => server.state === 'live'), {
      what: 'the hosts are back',
    });
  }
  agent.destroy();
  const ratio = median(hanging) / median(idle);
  return [
    {
      name: 'list while every host hangs: time to the first byte, p99',
      value: round(median(hanging)),
      unit: 'ms',
      peer: 'the same, all hosts well',
      ratio: round(ratio),
      goal: 'at most 1.5 x',
      ok: ratio <= 1.5,
    },
  ];
}

async function measureLiving(): Promise<readonly BenchRow[]> {
  const portal = await startPortal();
  const hosts: VsphereSimulator[] = [];
  try {
    for (let seed = 1; seed <= 3; seed++) {
      const host = await startHost(100, seed);
      hosts.push(host);
      await addHost(portal, host);
    }
    const [first] = hosts;
    if (first === undefined) throw new Error('no host');
    return [...(await measureStreams(portal, first)), ...(await measureHanging(portal, hosts))];
  } finally {
    await portal.stop();
    for (const host of hosts) await host.stop();
  }
}

export const bench: Bench = {
  name: 'http-api',
  summary: 'Ready lists, their renewal and event streams of the portal, against a bare node:http server and Flask.',
  async run({ log }) {
    ensureDebianPackages(['wrk', 'python3-flask']);
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
    try {
      return [...(await measureLists(folder, log)), ...(await measureLiving())];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
