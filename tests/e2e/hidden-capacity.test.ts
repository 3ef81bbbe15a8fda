import type { Machine, QueueStats } from '@breakwater/contract';
import { DEFAULT_USERS, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type PortalProcess, startPortal } from './support/portal-process.ts';

/** What the host stands, and the portal is not told. */
const CAPACITY = 2;
const REQUESTS_PER_SECOND = 2;
const MAX_CONCURRENT = 4;
const SETTLING_MS = 30_000;
const MEASURED_MS = 90_000;
const TICKET_EVERY_MS = 4_000;

let portal: PortalProcess;
let simulator: VsphereSimulator;

beforeAll(async () => {
  portal = await startPortal({
    env: { ESXI_MAX_CONCURRENT: String(MAX_CONCURRENT), ESXI_MIN_INTERVAL: '0.15', THUMBNAIL_CACHE_TTL: '5' },
  });
  simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 400, seed: 3 });
});

afterAll(async () => {
  await portal?.stop();
  await simulator?.stop();
});

const sleepMs = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Milliseconds from the request for a console to its first byte; null when the host refused the ticket. */
async function openConsole(machine: Machine): Promise<number | null> {
  const askedMs = performance.now();
  const path = `/api/v1/servers/${machine.server_id}/vms/${encodeURIComponent(machine.moid)}/console`;
  const { body } = await portal.request('POST', path, {});
  const socket = new WebSocket(`${portal.origin.replace('http', 'ws')}${(body as { ws_path: string }).ws_path}`, ['binary'], {
    headers: { authorization: `Bearer ${portal.token}` },
  });
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('message', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
  socket.terminate();
  return isOpen ? performance.now() - askedMs : null;
}

test('a host that hides what it stands is found out, rarely overloaded, and people do not wait behind its screens', async () => {
  const { id } = await portal.addServer({
    name: 'hidden',
    host: '127.0.0.1',
    port: simulator.port,
    user: 'root',
    password: DEFAULT_USERS['root'] ?? '',
  });
  const running = (await portal.machines(id)).filter((machine) => machine.power_state === 'poweredOn' && machine.is_accessible);
  expect(running.length).toBeGreaterThanOrEqual(230);
  const { control } = simulator;
  control.addFault({ effect: { kind: 'latency', delayMs: 200, jitterMs: 100 }, on: ['screen'] });
  Object.assign(control.limits, { capacity: CAPACITY, requestsPerSecond: REQUESTS_PER_SECOND });
  await sleepMs(SETTLING_MS);
  control.resetCounters();

  const waitsMs: (number | null)[] = [];
  const endMs = performance.now() + MEASURED_MS;
  for (let turn = 0; performance.now() < endMs; turn++) {
    const machine = running[turn % running.length];
    if (machine !== undefined) waitsMs.push(await openConsole(machine));
    await sleepMs(TICKET_EVERY_MS);
  }

  const { requests, refused, byName, maxActive } = control.report();
  const opened = waitsMs.filter((wait) => wait !== null);
  const { queue } = ((await portal.request('GET', '/api/v1/queue/stats')).body as QueueStats).servers[id] ?? {};
  const share = (requests - refused) / ((REQUESTS_PER_SECOND * MEASURED_MS) / 1_000);
  console.info(
    `requests ${requests}, refused ${refused}, screens ${byName['screen']}, ${(share * 100).toFixed(0)} % of what the host stands; ` +
      `consoles ${opened.length} of ${waitsMs.length}, longest ${Math.max(...opened).toFixed(0)} ms; pause ${queue?.current_delay} s`,
  );
  expect(refused / requests).toBeLessThan(0.05);
  expect(share).toBeGreaterThan(0.5);
  expect(maxActive).toBeLessThanOrEqual(CAPACITY);
  expect(opened.length).toBeGreaterThanOrEqual(waitsMs.length - 1);
  expect(Math.max(...opened)).toBeLessThan(1_500);
  expect(queue?.by_priority.CRITICAL.avg_wait_time).toBeLessThan(0.3);
  expect(queue).toMatchObject({ max_concurrent: MAX_CONCURRENT, min_interval: 0.15 });
  expect(queue?.current_concurrent).toBeLessThanOrEqual(MAX_CONCURRENT);
  expect(portal.child.output()).toMatch(/ESXi rate limit for [\w-]+: \d+ requests in [\d.]+s, increasing delay to [\d.]+s/);
}, 200_000);
