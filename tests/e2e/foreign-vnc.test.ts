import type { ConsoleSession, Machine } from '@breakwater/contract';
import { DEFAULT_USERS, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtCanvas, type WatchedPage } from './support/browser.ts';
import { eventually } from './support/child.ts';
import { type Desk, openDesk } from './support/desk.ts';
import { openRfbClient, type RfbClient } from './support/rfb-client.ts';
import { openTicketDoor, type TicketDoor } from './support/ticket-door.ts';
import { startTigerVnc, type TigerVnc } from './support/tiger-vnc.ts';

// The inventory is simulated; the VNC server, the WebSocket server before it and the viewer in the browser were written by others.
let vnc: TigerVnc;
let simulator: VsphereSimulator;
let door: TicketDoor;
let desk: Desk;
let watched: WatchedPage;
let page: Page;
let machine: Machine;

beforeAll(async () => {
  // One after the other: what was started is known to `afterAll` when the next one fails.
  vnc = await startTigerVnc();
  simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 4 });
  desk = await openDesk();
  door = await openTicketDoor({ origin: simulator.origin, connect: vnc.connect });
  const [user = '', password = ''] = Object.entries(DEFAULT_USERS)[0] ?? [];
  const server = await desk.portal.addServer({ name: 'foreign', host: '127.0.0.1', port: door.port, user, password });
  const found = (await desk.portal.machines(server.id)).find((each) => each.power_state === 'poweredOn');
  if (found === undefined) throw new Error('no machine is on');
  machine = found;
  watched = await desk.open(`/console/${machine.server_id}/${encodeURIComponent(machine.moid)}`);
  page = watched.page;
});

afterAll(async () => {
  await desk?.stop();
  await door?.stop();
  await simulator?.stop();
  await vnc?.stop();
});

const screen = (): Locator => page.getByRole('application', { name: `Screen of ${machine.name}.` });
const tool = (name: string): Locator => page.getByRole('toolbar', { name: 'Console tools' }).getByRole('button', { name, exact: true });
const typed = (): string => String.fromCodePoint(...vnc.keys.pressed().filter((symbol) => symbol < 0xff00));
const connected = async (): Promise<void> => {
  await page.getByText('Connected', { exact: true }).waitFor();
  await eventually(async () => (await lookAtCanvas(screen())).colours > 1, { what: 'the screen has pixels' });
};

test('the picture of a foreign VNC server arrives through ticket, proxy and noVNC', async () => {
  await connected();
  const { width, height, colours } = await lookAtCanvas(screen());
  expect([width, height]).toEqual([640, 480]);
  expect(colours).toBeGreaterThan(1);
  expect(door.visits).toHaveLength(1);
  expect(door.visits[0]).toMatch(/^\/ticket\/\w+$/);
});

test('keys arrive there as they were pressed, with and without Shift', async () => {
  await screen().click();
  await page.keyboard.type('Hello, VNC 2026!');
  await eventually(() => typed() === 'Hello, VNC 2026!', { what: 'the X server has all keys' });
  await tool('Ctrl+Alt+Del').click();
  const chord = [0xffe3, 0xffe9, 0xffff];
  await eventually(() => vnc.keys.pressed().slice(-3).join() === chord.join(), { what: 'Ctrl, Alt and Delete went down' });
});

test('a console that only looks shows the same picture and lets no key through', async () => {
  const before = vnc.keys.pressed().length;
  await tool('View only').click();
  await eventually(() => door.visits.length === 2, { what: 'a new session was opened' });
  await connected();
  await screen().click();
  await page.keyboard.type('intruder');
  await tool('View only').click();
  await eventually(() => door.visits.length === 3, { what: 'a new session was opened' });
  await connected();
  await eventually(async () => await tool('Ctrl+Alt+Del').isEnabled(), { what: 'keys may be sent again' });
  await screen().click();
  await page.keyboard.type('z');
  await eventually(() => vnc.keys.pressed().length > before, { what: 'keys arrive again' });
  expect(vnc.keys.pressed().slice(before)).toEqual(['z'.codePointAt(0)]);
});

test('looking only is enforced by the portal: keys of a viewer that sends them all the same are dropped', async () => {
  const open = async (mode: { readonly view_only: boolean }): Promise<RfbClient> => {
    const path = `/api/v1/servers/${machine.server_id}/vms/${encodeURIComponent(machine.moid)}/console`;
    const { body } = await desk.portal.request('POST', path, mode);
    const { ws_path: wsPath } = body as ConsoleSession;
    return await openRfbClient(`${desk.portal.origin.replace('http', 'ws')}${wsPath}`, {
      headers: { authorization: `Bearer ${desk.portal.token}` },
    });
  };
  const [onlooker, operator] = [await open({ view_only: true }), await open({ view_only: false })];
  try {
    const before = vnc.keys.pressed().length;
    for (const letter of 'intruder') await onlooker.press(letter.codePointAt(0) ?? 0);
    await operator.press('o'.codePointAt(0) ?? 0);
    await eventually(() => vnc.keys.pressed().length > before, { what: 'the key of the operator arrives' });
    expect(vnc.keys.pressed().slice(before)).toEqual(['o'.codePointAt(0)]);
  } finally {
    onlooker.close();
    operator.close();
  }
});

test('nothing went wrong inside the page', () => {
  expect(watched.problems()).toEqual([]);
});
