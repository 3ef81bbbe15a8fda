import type { Machine, Problem, Server } from '@breakwater/contract';
import { DEFAULT_USERS, type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { eventually } from './support/child.ts';
import { type PortalProcess, startPortal } from './support/portal-process.ts';

const PASSWORD = DEFAULT_USERS['root'] ?? '';

let portal: PortalProcess;
const simulators: VsphereSimulator[] = [];

beforeAll(async () => {
  portal = await startPortal({ env: { BACKGROUND_REFRESH_INTERVAL: '5' } });
});

afterAll(async () => {
  await portal?.stop();
  await Promise.all(simulators.map((simulator) => simulator.stop()));
});

interface Bed {
  readonly simulator: VsphereSimulator;
  readonly server: Server;
  machines(): Promise<readonly Machine[]>;
  running(): Promise<readonly Machine[]>;
}

async function openBed(options: Partial<SimulatorOptions> & { readonly personality: SimulatorOptions['personality'] }): Promise<Bed> {
  const simulator = await startVsphereSimulator({ machines: 12, seed: simulators.length + 1, ...options });
  simulators.push(simulator);
  const name = `server ${simulators.length}`;
  const server = await portal.addServer({ name, host: '127.0.0.1', port: simulator.port, user: 'root', password: PASSWORD });
  const machines = (): Promise<readonly Machine[]> => portal.machines(server.id);
  return {
    simulator,
    server,
    machines,
    running: async () =>
      (await machines()).filter(({ power_state: state, is_accessible: isAccessible }) => state === 'poweredOn' && isAccessible),
  };
}

async function firstRunning(bed: Bed): Promise<Machine> {
  const [machine] = await bed.running();
  if (machine === undefined) throw new Error('no machine is running');
  return machine;
}

describe.each([
  ['esxi-7.0', 'missing'],
  ['vcenter-8.0', 'unsupported'],
] as const)('%s without /screen', (personality, screenDoor) => {
  test('shows a picture of every running machine, lets people switch them meanwhile, and keeps no file', async () => {
    const bed = await openBed({ personality, limits: { screenDoor, taskMs: 100 } });
    await eventually(async () => (await bed.running()).every((machine) => machine.screen_hash !== null), {
      what: 'every running machine has a picture',
      timeoutMs: 20_000,
    });
    expect((await bed.running()).length).toBeGreaterThanOrEqual(8);
    expect(bed.simulator.control.report().byName['CreateScreenshot_Task']).toBeGreaterThanOrEqual(8);
    const machine = await firstRunning(bed);
    const picture = await fetch(`${portal.origin}/api/v1/screens/${machine.screen_hash}`, {
      headers: { authorization: `Bearer ${portal.token}` },
    });
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(await portal.power(machine, 'power_off')).toMatchObject({ state: 'succeeded' });
    expect((await portal.request('DELETE', `/api/v1/servers/${bed.server.id}`)).status).toBeLessThan(300);
    await eventually(() => bed.simulator.control.report().openSessions === 0, { what: 'the portal has signed out' });
    expect(bed.simulator.control.datastoreFiles()).toEqual([]);
  });
});

/** The first bytes of a console, or the code of the problem that the portal answered with. */
async function openConsole(bed: Bed): Promise<string> {
  const machine = await firstRunning(bed);
  const asked = await portal.request('POST', `/api/v1/servers/${bed.server.id}/vms/${encodeURIComponent(machine.moid)}/console`, {});
  const { ws_path: wsPath } = asked.body as { readonly ws_path: string };
  const socket = new WebSocket(`${portal.origin.replace('http', 'ws')}${wsPath}`, ['binary'], {
    headers: { authorization: `Bearer ${portal.token}` },
  });
  return await new Promise<string>((resolve, reject) => {
    socket.once('message', (data: Buffer) => {
      resolve(data.toString('latin1'));
      socket.terminate();
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve((JSON.parse(Buffer.concat(chunks).toString()) as Problem).code));
    });
  });
}

test('a console of a vCenter comes from the host that it names, if that is its own and shows the certificate it should', async () => {
  const hostNames = ['127.0.0.2', '127.0.0.2', '127.0.0.2'];
  const bed = await openBed({ personality: 'vcenter-8.0', hostNames, consoleHost: '127.0.0.2', limits: { ticketHost: 'inventory-name' } });
  const { control } = bed.simulator;
  expect(await openConsole(bed)).toBe('RFB 003.008\n');
  expect(control.report().byName).toMatchObject({ 'host-ticket': 1 });
  expect(control.report().byName['ticket']).toBeUndefined();
  control.limits.ticketHost = 'missing';
  expect(await openConsole(bed)).toBe('RFB 003.008\n');
  expect(control.report().byName).toMatchObject({ ticket: 1, 'host-ticket': 1 });
  control.limits.ticketHost = 'foreign';
  expect(await openConsole(bed)).toBe('FLEET_CONSOLE_TARGET_REFUSED');
  control.limits.ticketHost = 'inventory-name';
  control.changeHostCertificate();
  expect(await openConsole(bed)).toBe('TRANSPORT_CERTIFICATE_CHANGED');
  expect(control.report().byName).toMatchObject({ ticket: 1, 'host-ticket': 1 });
});

test('an act that the server will not take from us fails once, says why and where to go, and the page stays live', async () => {
  const bed = await openBed({ personality: 'esxi-8.0', limits: { managedBy: 'vc-7.dc.example' } });
  const { control } = bed.simulator;
  const machine = await firstRunning(bed);
  const managed = await portal.power(machine, 'power_off');
  expect(managed).toMatchObject({ state: 'failed', error_code: 'VSPHERE_MANAGED_BY_VCENTER' });
  expect(managed.error).toContain('vc-7.dc.example');
  Object.assign(control.limits, { managedBy: undefined, license: 'free' });
  const free = await portal.power(machine, 'power_off');
  expect(free).toMatchObject({ state: 'failed', error_code: 'VSPHERE_READ_ONLY_LICENSE' });
  expect(free.error).toContain('licence');
  Object.assign(control.limits, { license: 'full', role: 'read-only' });
  const reader = await portal.power(machine, 'power_off');
  expect(reader).toMatchObject({ state: 'failed', error_code: 'VSPHERE_NO_PERMISSION' });
  expect(reader.error).toContain('VirtualMachine.Interact.PowerOff');
  expect(control.report().byName['PowerOffVM_Task']).toBe(3);
  expect(control.findMachine(machine.moid)?.powerState).toBe('poweredOn');
  expect((await portal.server(bed.server.id)).state).toBe('live');
});

test('a host that goes into lockdown is not knocked at again, and says what a person can do', async () => {
  const bed = await openBed({ personality: 'esxi-7.0' });
  const { control } = bed.simulator;
  control.limits.lockdown = 'on';
  control.expireSessions();
  const locked = await eventually(
    async () => {
      const now = await portal.server(bed.server.id);
      return now.state === 'sign_in_failed' ? now : undefined;
    },
    { what: 'the refused sign-in is shown' },
  );
  expect(locked.problem).toContain('lockdown');
  expect(locked.problem_code).toBe('VSPHERE_INVALID_LOGIN');
  const { attempts } = control.report().logins;
  await new Promise((resolve) => {
    setTimeout(resolve, 1_500);
  });
  expect(control.report().logins.attempts).toBe(attempts);
  expect(await bed.machines()).toHaveLength(12);
  control.limits.lockdown = 'off';
  expect((await portal.request('POST', `/api/v1/servers/${bed.server.id}/retry`, {})).status).toBeLessThan(300);
  await eventually(async () => (await portal.server(bed.server.id)).state === 'live', { what: 'it is live again' });
});
