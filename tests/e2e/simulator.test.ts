import type { Machine, MachineList, QueueStats, Server } from '@breakwater/contract';
import {
  DEFAULT_USERS,
  type FaultEffect,
  type PersonalityId,
  type SimulatorOptions,
  startVsphereSimulator,
  type VsphereSimulator,
} from '@breakwater/sim-vsphere';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { eventually, staysSo } from './support/child.ts';
import { type PortalProcess, startPortal } from './support/portal-process.ts';

const PASSWORD = DEFAULT_USERS['root'] ?? '';
const MAX_CONCURRENT = 4;

let portal: PortalProcess;
const simulators: VsphereSimulator[] = [];

beforeAll(async () => {
  portal = await startPortal({
    env: {
      ESXI_REQUEST_TIMEOUT: '3',
      ESXI_SCREENSHOT_TIMEOUT: '3',
      CB_RECOVERY_TIMEOUT: '2',
      ESXI_MAX_CONCURRENT: String(MAX_CONCURRENT),
      BACKGROUND_REFRESH_INTERVAL: '5',
    },
  });
});

afterAll(async () => {
  await portal?.stop();
  await Promise.all(simulators.map((simulator) => simulator.stop()));
});

interface Bed {
  readonly simulator: VsphereSimulator;
  readonly server: Server;
  machines(): Promise<readonly Machine[]>;
  state(): Promise<Server>;
  queue(): Promise<QueueStats['servers'][string]>;
  becomes(state: Server['state'], timeoutMs?: number): Promise<Server>;
}

async function openSimulator(options: Partial<SimulatorOptions> & { readonly personality: PersonalityId }): Promise<VsphereSimulator> {
  const simulator = await startVsphereSimulator({ machines: 30, seed: simulators.length + 1, ...options });
  simulators.push(simulator);
  return simulator;
}

interface BedOptions extends Partial<SimulatorOptions> {
  readonly personality: PersonalityId;
  readonly name: string;
  /** A fault that is there before the portal comes. */
  readonly fault?: FaultEffect;
}

async function openBed({ fault, ...options }: BedOptions): Promise<Bed> {
  const simulator = await openSimulator(options);
  if (fault !== undefined) simulator.control.addFault({ effect: fault });
  const server = await portal.addServer({ name: options.name, host: '127.0.0.1', port: simulator.port, user: 'root', password: PASSWORD });
  const state = (): Promise<Server> => portal.server(server.id);
  return {
    simulator,
    server,
    state,
    machines: () => portal.machines(server.id),
    queue: async () => {
      const { servers } = (await portal.request('GET', '/api/v1/queue/stats')).body as QueueStats;
      const figures = servers[server.id];
      if (figures === undefined) throw new Error(`no figures of ${options.name}`);
      return figures;
    },
    becomes: (wanted, timeoutMs = 60_000) =>
      eventually(
        async () => {
          const now = await state();
          return now.state === wanted ? now : undefined;
        },
        { what: `${options.name} is ${wanted}`, timeoutMs },
      ),
  };
}

describe.each(['esxi-6.7', 'esxi-7.0', 'esxi-8.0', 'vcenter-8.0'] as const)('a simulated %s', (personality) => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed({ personality, name: personality });
  });

  const machineByState = async (state: Machine['power_state']): Promise<Machine> => {
    const found = (await bed.machines()).find(
      (machine) => machine.power_state === state && !machine.is_template && machine.is_accessible && machine.question === null,
    );
    if (found === undefined) throw new Error(`no machine is ${state}`);
    return found;
  };

  test('is loaded whole, names as a person wrote them', async () => {
    const machines = await bed.machines();
    const reported = bed.simulator.control.machines();
    expect(machines).toHaveLength(reported.length);
    expect(machines.map((machine) => machine.moid).toSorted()).toEqual(reported.map((machine) => machine.moid).toSorted());
    expect(machines.some((machine) => machine.name.includes('%2f'))).toBe(false);
    expect(bed.server.api_type).toBe(personality === 'vcenter-8.0' ? 'VirtualCenter' : 'HostAgent');
  });

  test('shows changes of others: a new name, a new machine, one that is gone', async () => {
    const machine = await machineByState('poweredOn');
    bed.simulator.control.renameMachine(machine.moid, '<script>alert(1)</script>');
    const added = bed.simulator.control.addMachine();
    const off = await machineByState('poweredOff');
    bed.simulator.control.removeMachine(off.moid);
    await eventually(
      async () => {
        const now = new Map((await bed.machines()).map((each) => [each.moid, each]));
        return now.get(machine.moid)?.name === '<script>alert(1)</script>' && now.has(added) && !now.has(off.moid);
      },
      { what: 'all three changes are shown', timeoutMs: 10_000 },
    );
  });

  test('switches a machine off and on again', async () => {
    const machine = await machineByState('poweredOn');
    expect(await portal.power(machine, 'power_off')).toMatchObject({ state: 'succeeded' });
    expect(bed.simulator.control.findMachine(machine.moid)?.powerState).toBe('poweredOff');
    await eventually(async () => (await bed.machines()).find((each) => each.moid === machine.moid)?.power_state === 'poweredOff', {
      what: 'it is shown as off',
    });
    expect(await portal.power(machine, 'power_on')).toMatchObject({ state: 'succeeded' });
    expect(bed.simulator.control.findMachine(machine.moid)?.powerState).toBe('poweredOn');
  });

  test('takes pictures and leaves no file on a datastore', async () => {
    const withScreen = await eventually(async () => (await bed.machines()).find((machine) => machine.screen_hash !== null), {
      what: 'a picture is there',
    });
    const picture = await fetch(`${portal.origin}/api/v1/screens/${withScreen.screen_hash}`, {
      headers: { authorization: `Bearer ${portal.token}` },
    });
    expect(picture.status).toBe(200);
    expect(picture.headers.get('content-type')).toMatch(/^image\/(webp|jpeg)$/);
    expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(100);
    expect(bed.simulator.control.datastoreFiles().filter((file) => file.endsWith('.png'))).toEqual([]);
  });

  test('opens a console whose bytes come through, and closes it when the machine goes off', async () => {
    const machine = await machineByState('poweredOn');
    const path = `/api/v1/servers/${bed.server.id}/vms/${encodeURIComponent(machine.moid)}/console`;
    const asked = await portal.request('POST', path, {});
    expect(asked.status).toBeLessThan(300);
    const { ws_path: wsPath } = asked.body as { ws_path: string };
    const socket = new WebSocket(`${portal.origin.replace('http', 'ws')}${wsPath}`, ['binary'], {
      headers: { authorization: `Bearer ${portal.token}` },
    });
    const hello = await new Promise<string>((resolve, reject) => {
      socket.once('message', (data: Buffer) => resolve(data.toString('latin1')));
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => reject(new Error(`refused with ${response.statusCode}`)));
    });
    expect(hello).toBe('RFB 003.008\n');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    bed.simulator.control.powerOff(machine.moid);
    await closed;
    const again = await new Promise<number>((resolve) => {
      const second = new WebSocket(`${portal.origin.replace('http', 'ws')}${wsPath}`, ['binary'], {
        headers: { authorization: `Bearer ${portal.token}` },
      });
      second.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      second.once('open', () => resolve(101));
      second.once('error', () => undefined);
    });
    expect(again).toBeGreaterThanOrEqual(400);
    bed.simulator.control.powerOn(machine.moid);
  });

  test('signs in again once after its sessions ended', async () => {
    const before = bed.simulator.control.report().logins;
    bed.simulator.control.expireSessions();
    const machine = await machineByState('poweredOn');
    bed.simulator.control.renameMachine(machine.moid, 'after the sessions');
    await eventually(async () => (await bed.machines()).some((each) => each.name === 'after the sessions'), {
      what: 'news arrives in a new session',
    });
    const after = bed.simulator.control.report();
    expect(after.logins.failures).toBe(before.failures);
    expect(after.openSessions).toBe(1);
  });

  test('never sees more calls at once than are set', () => {
    expect(bed.simulator.control.report().maxActive).toBeLessThanOrEqual(MAX_CONCURRENT);
  });
});

const FAULTS: readonly FaultEffect[] = [
  { kind: 'latency', delayMs: 1_000 },
  { kind: 'hang' },
  { kind: 'hang-mid-body' },
  { kind: 'reset' },
  { kind: 'unavailable' },
  { kind: 'html' },
  { kind: 'garbage' },
  { kind: 'truncated' },
  { kind: 'entity-bomb' },
  { kind: 'soap-fault', fault: 'SystemError' },
];

/** True once the portal itself has noticed what is wrong, as far as that kind of trouble can be noticed. */
async function isFelt(bed: Bed, effect: FaultEffect): Promise<boolean> {
  // Slow answers are no trouble that is shown: it is enough that some were met.
  if (effect.kind === 'latency') return bed.simulator.control.report().requests >= 3;
  // An update stream is silent by design, so the server stays live until that call ends; others have timed out by then.
  if (effect.kind === 'hang' || effect.kind === 'hang-mid-body') return (await bed.queue()).pool.errors > 0;
  return (await bed.state()).state !== 'live';
}

test.concurrent.each(FAULTS)('$kind: no machine is lost, no account is locked, and it recovers without a hand', async (effect) => {
  const bed = await openBed({ personality: 'esxi-8.0', name: effect.kind, machines: 20 });
  const known = await bed.machines();
  bed.simulator.control.resetCounters();
  const fault = bed.simulator.control.addFault({ effect });
  await eventually(() => isFelt(bed, effect), { what: `${effect.kind} has taken hold`, timeoutMs: 60_000 });
  expect(await bed.machines()).toHaveLength(known.length);
  bed.simulator.control.faults.remove(fault);
  const machine = known.find((each) => each.power_state === 'poweredOn');
  bed.simulator.control.renameMachine(machine?.moid ?? '', 'after the fault');
  await eventually(async () => (await bed.machines()).some((each) => each.name === 'after the fault'), {
    what: `news after ${effect.kind}`,
    timeoutMs: 100_000,
  });
  // The limiter has learned from the trouble: until it has seen some successes the server may be slow.
  await eventually(async () => ['live', 'slow'].includes((await bed.state()).state), { what: `${effect.kind} is over` });
  const report = bed.simulator.control.report();
  expect(report.logins.failures).toBe(0);
  expect(report.maxActive).toBeLessThanOrEqual(MAX_CONCURRENT);
});

test('a wrong password is tried exactly once, and the right one ends the trouble', async () => {
  const simulator = await openSimulator({ personality: 'esxi-7.0' });
  const added = await portal.request('POST', '/api/v1/servers', {
    name: 'wrong',
    host: '127.0.0.1',
    port: simulator.port,
    user: 'root',
    password: 'not it',
    pinned_sha256: simulator.certificateSha256,
  });
  const { id } = added.body as Server;
  const refused = await eventually(
    async () => {
      const now = await portal.server(id);
      return now.state === 'sign_in_failed' ? now : undefined;
    },
    { what: 'the refusal is shown' },
  );
  expect(refused.retry_at).toBeNull();
  // Longer than the background interval, and asked for in between.
  await portal.request('POST', '/api/v1/background-refresh/invalidate', { server_id: id });
  await staysSo(() => simulator.control.report().logins.attempts === 1, { what: 'one attempt to sign in', forMs: 6_000 });
  expect((await portal.request('PUT', `/api/v1/servers/${id}`, { password: PASSWORD })).status).toBe(200);
  await eventually(async () => (await portal.server(id)).state === 'live', { what: 'it is live' });
  expect(simulator.control.report().logins.failures).toBe(1);
});

test('a changed certificate blocks the server until somebody accepts it, and nothing is sent meanwhile', async () => {
  const bed = await openBed({ personality: 'esxi-8.0', name: 'certificate' });
  const known = await bed.machines();
  const changed = bed.simulator.control.changeCertificate();
  bed.simulator.control.dropConnections();
  bed.simulator.control.resetCounters();
  const blocked = await bed.becomes('certificate_changed');
  expect(blocked.offered_certificate?.sha256).toBe(changed);
  expect(await bed.machines()).toHaveLength(known.length);
  expect(bed.simulator.control.report().requests).toBe(0);
  expect((await portal.request('POST', `/api/v1/servers/${bed.server.id}/trust`, { sha256: `00:${changed.slice(3)}` })).status).toBe(409);
  expect((await portal.request('POST', `/api/v1/servers/${bed.server.id}/trust`, { sha256: changed })).status).toBe(200);
  await bed.becomes('live');
});

test('a host that disappears keeps its machines on the page with their age, and the others are not delayed', async () => {
  const [gone, well] = await Promise.all([
    openBed({ personality: 'esxi-8.0', name: 'gone' }),
    openBed({ personality: 'esxi-7.0', name: 'well' }),
  ]);
  await gone.simulator.control.takeDown();
  await eventually(async () => ['stale', 'unreachable'].includes((await gone.state()).state), { what: 'the loss is shown' });
  const list = (await portal.request('GET', `/api/v1/servers/${gone.server.id}/vms`)).body as MachineList;
  expect(list.vms.length).toBe(30);
  expect(list).toMatchObject({ stale: true, cached: true });
  expect(list.error).not.toBeNull();
  const machine = (await well.machines()).find((each) => each.power_state === 'poweredOn');
  well.simulator.control.renameMachine(machine?.moid ?? '', 'still quick');
  await eventually(async () => (await well.machines()).some((each) => each.name === 'still quick'), {
    what: 'the other host is live',
    timeoutMs: 3_000,
  });
  await gone.simulator.control.bringUp();
  await gone.becomes('live', 90_000);
});

test('a host that stands two calls at once is found out and served without a hand', async () => {
  const bed = await openBed({
    personality: 'esxi-7.0',
    name: 'weak',
    machines: 60,
    limits: { capacity: 2 },
    fault: { kind: 'latency', delayMs: 400 },
  });
  const machine = (await bed.machines()).find((each) => each.power_state === 'poweredOn' && each.is_accessible);
  if (machine === undefined) throw new Error('no machine');
  await eventually(() => bed.simulator.control.report().refused > 0, { what: 'the host was asked too much' });
  await eventually(async () => (await bed.machines()).filter((each) => each.screen_hash !== null).length >= 10, {
    what: 'pictures come all the same',
  });
  expect(await bed.machines()).toHaveLength(60);
  // The host may refuse the power call itself. That is told as unknown and never sent again by itself: a person asks again.
  const outcomes: string[] = [];
  const isOff = (): boolean => bed.simulator.control.findMachine(machine.moid)?.powerState === 'poweredOff';
  while (!isOff() && outcomes.length < 5) outcomes.push((await portal.power(machine, 'power_off')).state);
  expect(isOff()).toBe(true);
  expect(outcomes.filter((outcome) => !['succeeded', 'unknown', 'failed'].includes(outcome))).toEqual([]);
  const stats = (await portal.request('GET', '/api/v1/queue/stats')).body as QueueStats;
  expect(stats.servers[bed.server.id]?.queue.total_requests).toBeGreaterThan(0);
  expect(bed.simulator.control.report().maxActive).toBeLessThanOrEqual(MAX_CONCURRENT);
});

test('a person never waits behind background work', async () => {
  const bed = await openBed({ personality: 'esxi-8.0', name: 'busy', machines: 400, fault: { kind: 'latency', delayMs: 700 } });
  const all = await bed.machines();
  const machine = all.find((each) => each.power_state === 'poweredOn' && each.is_accessible);
  // The machines are many, so that not all pictures are there before anybody looks. From now on a slot is free only every few seconds,
  // so that the order of arrival is the order of the queue.
  bed.simulator.control.faults.clear();
  bed.simulator.control.addFault({ effect: { kind: 'latency', delayMs: 2_500 } });
  const asked = await portal.request('POST', `/api/v1/servers/${bed.server.id}/vms/${encodeURIComponent(machine?.moid ?? '')}/console`, {});
  const { ws_path: wsPath } = asked.body as { ws_path: string };
  await eventually(async () => (await bed.queue()).queue.waiting_requests > 0, { what: 'background work waits in the queue' });
  bed.simulator.control.resetCounters();
  const socket = new WebSocket(`${portal.origin.replace('http', 'ws')}${wsPath}`, ['binary'], {
    headers: { authorization: `Bearer ${portal.token}` },
  });
  await new Promise((resolve, reject) => {
    socket.once('message', resolve);
    socket.once('error', reject);
  });
  socket.terminate();
  const order = bed.simulator.control.report().arrivals.map((arrival) => arrival.name);
  expect(order).toContain('AcquireTicket');
  // A slot is kept for people, so the ticket waits at most for the least interval between two requests: never for an answer, which takes 2.5 s.
  const { CRITICAL, NORMAL, LOW } = (await bed.queue()).queue.by_priority;
  expect(CRITICAL.total_requests).toBe(1);
  expect(CRITICAL.total_wait_time, order.join()).toBeLessThan(1);
  expect(NORMAL.total_wait_time + LOW.total_wait_time).toBeGreaterThan(0);
});
