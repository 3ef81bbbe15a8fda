import type { Machine } from '@breakwater/contract';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { lookAtCanvas, type WatchedPage } from './support/browser.ts';
import { eventually, staysSo } from './support/child.ts';
import { type Desk, openDesk, type SimulatedServer } from './support/desk.ts';

let desk: Desk;
let bed: SimulatedServer;
let watched: WatchedPage;
let page: Page;
let machine: Machine;

beforeAll(async () => {
  desk = await openDesk();
  bed = await desk.addSimulator({ name: 'esx-01', machines: 24, timings: { bootMs: 1_500 } });
  machine = await bed.find((each) => each.power_state === 'poweredOn' && /^(web|db|app)-/.test(each.name));
  watched = await desk.open('/');
  page = watched.page;
});

afterAll(async () => {
  await desk?.stop();
});

beforeEach(async () => {
  await openConsole();
});

const screen = (): Locator => page.getByRole('application', { name: `Screen of ${machine.name}.` });
const tool = (name: string): Locator => page.getByRole('toolbar', { name: 'Console tools' }).getByRole('button', { name, exact: true });
const linesOf = (moid: string): string => bed.simulator.control.consoleLines(moid).join('\n');
const shows = (text: string): Promise<boolean> =>
  eventually(() => linesOf(machine.moid).includes(text), { what: `the machine shows "${text}"`, timeoutMs: 10_000 });

async function openConsole(): Promise<void> {
  await page.goto(`${desk.portal.origin}/console/${machine.server_id}/${encodeURIComponent(machine.moid)}`);
  await screen().waitFor();
  await eventually(async () => (await lookAtCanvas(screen())).colours > 1, { what: 'the console has pixels' });
}

test('shows the pixels of the machine, and paints what is typed into it', async () => {
  await shows('login:');
  const before = await lookAtCanvas(screen());
  expect(before.width).toBeGreaterThan(600);
  expect(before.height).toBeGreaterThan(300);
  await page.keyboard.type('root');
  await shows('login: root');
  await eventually(async () => (await lookAtCanvas(screen())).digest !== before.digest, { what: 'the typed letters are painted' });
  await page.keyboard.press('Enter');
  await shows('Password:');
  await page.keyboard.type('secret');
  await page.keyboard.press('Enter');
  await shows('root@');
  await page.keyboard.type('echo Hi, ~{}|"2+2"!');
  await page.keyboard.press('Enter');
  await shows('\nHi, ~{}|"2+2"!');
  expect(linesOf(machine.moid)).not.toContain('secret');
});

test('types a text that was pasted into the page, line by line', async () => {
  await tool('Type text').click();
  const panel = page.getByRole('complementary', { name: 'Type text' });
  await panel.getByLabel('Text to type').fill('echo First Line\necho second: 50% & more\n');
  await panel.getByRole('button', { name: /^Type \d+ characters$/ }).click();
  await panel.getByText('All typed.').waitFor({ timeout: 30_000 });
  await shows('\nFirst Line');
  await shows('\nsecond: 50% & more');
  await panel.getByLabel('Text to type').fill('no ж here');
  await panel.getByText('These characters are not on that layout and will not be typed: ж').waitFor();
  expect(await panel.getByRole('button', { name: /^Type \d+ characters$/ }).textContent()).toBe('Type 8 characters');
});

test('a console that only looks does not type, whatever the page sends', async () => {
  await tool('View only').click();
  await eventually(async () => (await tool('View only').getAttribute('aria-pressed')) === 'true', { what: 'it is for looking only' });
  await page.getByText('Connected', { exact: true }).waitFor();
  await eventually(async () => (await lookAtCanvas(screen())).colours > 1, { what: 'the console has pixels' });
  expect(await tool('Ctrl+Alt+Del').isDisabled()).toBe(true);
  const before = linesOf(machine.moid);
  await screen().click();
  await page.keyboard.type('intruder');
  // The same connection also carries the way back: what comes after the keys has passed them.
  await tool('View only').click();
  await eventually(async () => (await tool('Ctrl+Alt+Del').isEnabled()) === true, { what: 'keys may be sent again' });
  await eventually(async () => (await lookAtCanvas(screen())).colours > 1, { what: 'the console has pixels' });
  expect(linesOf(machine.moid)).toBe(before);
  await page.keyboard.type('resident');
  await shows('resident');
  expect(linesOf(machine.moid)).not.toContain('intruder');
});

test('the button for Ctrl+Alt+Del restarts the machine', async () => {
  await page.keyboard.type('before the restart');
  await shows('before the restart');
  await tool('Ctrl+Alt+Del').click();
  await eventually(() => !linesOf(machine.moid).includes('before the restart'), { what: 'the machine starts anew' });
  await shows('login:');
});

test('Ctrl+Alt+Shift+Q leaves the screen for the tools, and the machine gets none of it', async () => {
  await page.keyboard.type('x');
  await eventually(async () => (await page.evaluate('document.activeElement?.tagName')) === 'CANVAS', { what: 'the screen has the focus' });
  await page.keyboard.press('Control+Alt+Shift+KeyQ');
  expect(await page.evaluate('document.activeElement?.getAttribute("aria-label")')).toBe('Close console');
  const before = linesOf(machine.moid);
  await screen().click();
  await page.keyboard.type('y');
  await eventually(() => linesOf(machine.moid) !== before && linesOf(machine.moid).includes('xy'), { what: 'no modifier is held' });
});

test('a connection that breaks comes back by itself, with the last picture in between', async () => {
  await page.getByText('Connected', { exact: true }).waitFor();
  bed.simulator.control.dropConsoles(machine.moid);
  await page.getByText('Connection lost', { exact: true }).first().waitFor();
  await screen().waitFor();
  await page.getByText('Connected', { exact: true }).waitFor();
  await eventually(async () => (await lookAtCanvas(screen())).colours > 1, { what: 'the console has pixels' });
});

test('of a machine that is switched off says so, tries nothing more, and is back when it is switched on', async () => {
  bed.simulator.control.powerOff(machine.moid);
  await page.getByText('The machine is off, so it has no screen.').waitFor();
  bed.simulator.control.resetCounters();
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/console')) asked.push(request.url());
  });
  const tickets = (): number => bed.simulator.control.report().arrivals.filter((arrival) => arrival.name === 'AcquireTicket').length;
  // Longer than the first pauses before a new try, which are half a second and one second.
  await staysSo(() => asked.length === 0 && tickets() === 0, { what: 'nobody asks for a console', forMs: 2_500 });
  await page.getByRole('button', { name: 'Power on' }).click();
  await screen().waitFor();
  await eventually(async () => (await lookAtCanvas(screen())).colours > 1, { what: 'the console has pixels' });
  expect(bed.simulator.control.findMachine(machine.moid)?.powerState).toBe('poweredOn');
  page.removeAllListeners('request');
});

test('nothing went wrong inside the page', () => {
  expect(watched.problems()).toEqual([]);
});
