import type { Operation, ServerResilience } from '@breakwater/contract';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WatchedPage } from './support/browser.ts';
import { eventually, staysSo } from './support/child.ts';
import { type Desk, openDesk, type SimulatedServer } from './support/desk.ts';

let desk: Desk;
let well: SimulatedServer;
let ill: SimulatedServer;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  // A recovery time that is long enough to be seen, with failures that come soon.
  desk = await openDesk({ env: { CB_RECOVERY_TIMEOUT: '20', BACKGROUND_REFRESH_INTERVAL: '2' } });
  well = await desk.addSimulator({ name: 'esx-01', machines: 12 });
  ill = await desk.addSimulator({ name: 'esx-02', machines: 6 });
  watched = await desk.open('/health');
  page = watched.page;
});

afterAll(async () => {
  await desk?.stop();
});

const rowOf = (name: string): Locator => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(name) }) });
const read = async (id: string): Promise<ServerResilience> => {
  const { body } = await desk.portal.request('GET', '/api/v1/resilience');
  const found = (body as { readonly servers: readonly ServerResilience[] }).servers.find((server) => server.id === id);
  if (found === undefined) throw new Error(`no row of ${id}`);
  return found;
};
const journalOf = async (id: string): Promise<readonly Operation[]> => {
  const { body } = await desk.portal.request('GET', `/api/v1/operations?server_id=${id}&limit=50`);
  return (body as { readonly operations: readonly Operation[] }).operations;
};
/** Opens an act's dialog from the details of a server. */
const open = async (name: string, act: string): Promise<Locator> => {
  const details = page.getByRole('button', { name: `Details of ${name}` });
  if ((await details.getAttribute('aria-expanded')) === 'false') await details.click();
  await page
    .getByRole('group', { name: `Actions for ${name}` })
    .getByRole('button', { name: act })
    .click();
  const dialog = page.getByRole('alertdialog');
  await dialog.waitFor();
  return dialog;
};

describe('the health page', () => {
  test('is found in the menu and shows every server, calm, with what each column means', async () => {
    await page.goto(`${desk.portal.origin}/`);
    await page.getByRole('link', { name: 'Health' }).click();
    await rowOf('esx-01').getByText('Closed').waitFor();
    await rowOf('esx-02').getByText('Closed').waitFor();
    await page.getByText('Nothing needs your attention.').waitFor();
    await page.getByRole('button', { name: 'Explain: Breaker' }).focus();
    await page.keyboard.press('Enter');
    const help = page.getByRole('dialog');
    await help.getByText('Why it matters').waitFor();
    expect(await help.getByRole('definition').allTextContents()).toHaveLength(3);
    await page.keyboard.press('Escape');
  });

  test('sees an outage: breaker open, countdown running, what to do, and closes it by hand', async () => {
    ill.simulator.control.addFault({ effect: { kind: 'unavailable' } });
    // The long poll for news goes on; what is asked anew meets the fault.
    for (let turn = 0; turn < 8; turn++)
      await desk.portal.request('POST', '/api/v1/background-refresh/invalidate', { server_id: ill.server.id });
    const row = rowOf('esx-02');
    await row.getByText('Open', { exact: true }).waitFor({ timeout: 60_000 });
    const countdown = row.getByText(/next try in \d+/);
    const first = await countdown.textContent();
    await eventually(async () => (await countdown.textContent().catch(() => first)) !== first, { what: 'the countdown runs' });
    await page.getByText('Alert · esx-02: The circuit breaker is open').waitFor();
    await page.getByText(/Check that it answers/).waitFor();
    await row.getByText(/Refused \(503\): \d+/).waitFor({ timeout: 30_000 });
    ill.simulator.control.faults.clear();
    const dialog = await open('esx-02', 'Close breaker…');
    await dialog.getByText(/Requests go to the server again at once/).waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).click();
    await row.getByText('Closed').waitFor();
    expect((await journalOf(ill.server.id)).map(({ kind, actor }) => [kind, actor])).toContainEqual(['breaker.reset', 'anna']);
    await page.getByText('Nothing needs your attention.').waitFor({ timeout: 60_000 });
  });

  test('keeps a server away, says who and for how long, and lets it in again', async () => {
    const dialog = await open('esx-01', 'Keep away…');
    await dialog.getByLabel('For how long').selectOption('5');
    await dialog.getByLabel('Reason').fill('firmware update');
    await dialog.getByRole('button', { name: 'Keep away', exact: true }).click();
    const row = rowOf('esx-01');
    await row.getByText(/by anna, ends in \d/).waitFor();
    await row.getByText('firmware update').waitFor();
    expect((await desk.portal.server(well.server.id)).problem_code).toBe('FLEET_SERVER_ISOLATED');
    await desk.portal.restart('SIGTERM');
    await row.getByText('Open', { exact: true }).waitFor({ timeout: 30_000 });
    await eventually(async () => (await read(well.server.id)).breaker.isolated?.reason === 'firmware update', {
      what: 'it outlives a restart',
    });
    const again = await open('esx-01', 'Close breaker…');
    await again.getByRole('button', { name: 'Close', exact: true }).click();
    await row.getByText('Closed').waitFor();
    await eventually(async () => (await desk.portal.server(well.server.id)).state === 'live', {
      what: 'it is live again',
      timeoutMs: 60_000,
    });
  });

  test('opens the breaker as failures would, and it closes by itself on a server that is well', async () => {
    const dialog = await open('esx-01', 'Open breaker…');
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
    const row = rowOf('esx-01');
    await row.getByText(/next try in \d+/).waitFor();
    await row.getByText('Closed').waitFor({ timeout: 60_000 });
    expect((await journalOf(well.server.id)).map(({ kind, state }) => `${kind} ${state}`)).toContain('breaker.trip succeeded');
  });

  test('pauses polling while power acts still go, and resumes', async () => {
    const dialog = await open('esx-01', 'Pause polling…');
    await dialog.getByText(/Consoles and power acts still go/).waitFor();
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    const row = rowOf('esx-01');
    await row.getByText(/Polling paused by anna/).waitFor();
    await row.getByText('Paused', { exact: true }).waitFor();
    const countRequests = (): number => well.simulator.control.report().requests;
    // What was under way when the pause began may still end.
    await eventually(() => well.simulator.control.report().parked === 0, { what: 'the wait for news has ended' });
    const before = countRequests();
    await staysSo(() => countRequests() <= before + 1, { what: 'nothing is asked by itself', forMs: 5_000 });
    const off = await well.find((machine) => machine.power_state === 'poweredOff' && !machine.is_template && machine.is_accessible);
    expect((await desk.portal.power(off, 'power_on')).state).toBe('succeeded');
    const again = await open('esx-01', 'Resume polling…');
    await again.getByRole('button', { name: 'Resume', exact: true }).click();
    await row.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
    await eventually(
      async () => (await desk.portal.machines(well.server.id)).find(({ moid }) => moid === off.moid)?.power_state === 'poweredOn',
      {
        what: 'what happened meanwhile is seen',
      },
    );
  });

  test('sets limits by a preset and by numbers, refuses nonsense while it is typed, and sees them end by themselves', async () => {
    const dialog = await open('esx-01', 'Set limits…');
    await dialog.getByLabel('Preset').selectOption({ label: 'More stable' });
    const atOnce = dialog.getByLabel('Requests at once');
    expect(await atOnce.inputValue()).toBe('3');
    await atOnce.fill('99');
    await dialog.getByText('Enter a whole number from 1 to 32.').waitFor();
    await atOnce.fill('2');
    await dialog.getByRole('button', { name: 'Set limits', exact: true }).click();
    const row = rowOf('esx-01');
    await row.getByText(/Own numbers by anna, ends in \d+/).waitFor();
    await row.getByText(/of 2 in flight/).waitFor();
    const short = await desk.portal.request('PUT', `/api/v1/servers/${well.server.id}/limits`, { preset: 'faster', minutes: 0.1 });
    expect(short.status).toBe(200);
    await row.getByText(/of 8 in flight/).waitFor();
    await row.getByText(/Faster by/).waitFor();
    await row.getByText(/of 4 in flight/).waitFor({ timeout: 20_000 });
    await row.getByText(/ends in/).waitFor({ state: 'detached' });
    const kinds = (await journalOf(well.server.id)).map(({ kind, actor }) => `${kind} ${actor}`);
    expect(kinds).toContain('limits.revert breakwater');
    expect(kinds).toContain('limits.set anna');
  });

  test('draws what happened, also as a table, and puts it into words without names', async () => {
    const details = page.getByRole('button', { name: 'Details of esx-02' });
    if ((await details.getAttribute('aria-expanded')) === 'false') await details.click();
    const chart = page.getByRole('img', { name: /^Errors: between/ }).last();
    await chart.waitFor({ timeout: 30_000 });
    await chart.locator('canvas').waitFor();
    await page.getByText('Same as a table').last().click();
    await page.getByRole('columnheader', { name: 'Longest wait (95%)' }).last().waitFor();
    await page.getByRole('radio', { name: '24 hours' }).last().check({ force: true });
    await page.getByRole('button', { name: 'Copy diagnosis' }).click();
    const text = await page.getByRole('dialog').getByRole('textbox').inputValue();
    expect(text).toContain('server 2:');
    expect(text).not.toMatch(/esx-0|127\.0\.0\.1|anna/);
    await page.keyboard.press('Escape');
  });

  test('tells all of it in the list of operations', async () => {
    await page.goto(`${desk.portal.origin}/operations`);
    await page.getByRole('cell', { name: 'Kept away: esx-01', exact: true }).first().waitFor();
    await page.getByText('Reason: firmware update').first().waitFor();
    await page.getByText('Requests at once: 4 → 2').first().waitFor();
    expect(await page.getByRole('cell', { name: 'Set limits: esx-01', exact: true }).count()).toBeGreaterThan(1);
  });

  test('went without a problem inside the pages', () => {
    expect(watched.problems()).toEqual([]);
  });
});
