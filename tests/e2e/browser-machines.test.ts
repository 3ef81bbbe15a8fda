import type { Machine } from '@breakwater/contract';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WatchedPage } from './support/browser.ts';
import { eventually } from './support/child.ts';
import { type Desk, openDesk, type SimulatedServer } from './support/desk.ts';

const isUsable = (machine: Machine): boolean => !machine.is_template && machine.is_accessible && machine.question === null;
const isOn = (machine: Machine): boolean => machine.power_state === 'poweredOn' && isUsable(machine);

const grid = (page: Page): Locator => page.getByRole('grid', { name: 'Machines' });
const cells = (page: Page): Locator => grid(page).getByRole('gridcell');
const search = (page: Page): Locator => page.getByRole('searchbox', { name: 'Search machines' });
/** The card of a machine; several servers may have machines of one name. */
const card = (page: Page, machine: { readonly name: string }, server = 'esx-01'): Locator =>
  cells(page)
    .filter({ has: page.getByTitle(machine.name, { exact: true }) })
    .filter({ hasText: server });
const stateOf = (at: Locator, state: 'On' | 'Off'): Locator => at.getByText(state, { exact: true });
const count = (page: Page, text: string | RegExp): Locator => page.getByRole('search').getByText(text, { exact: true });
const find = async (page: Page, text: string): Promise<void> => {
  await search(page).fill(text);
};
/** What a machine's link is called, without the state that follows its name for screen readers. */
const withoutState = (text: unknown): string => String(text).replace(/ ?, (On|Off|Suspended|Unknown)$/, '');
const focusedName = async (page: Page): Promise<string> => withoutState(await page.evaluate('document.activeElement?.textContent'));
const namesOf = async (page: Page): Promise<readonly string[]> =>
  (await cells(page).evaluateAll((all) => all.map((cell) => cell.querySelector('a')?.textContent))).map(withoutState);

describe('the machines of two servers', () => {
  let desk: Desk;
  let first: SimulatedServer;
  let second: SimulatedServer;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    desk = await openDesk({ env: { BACKGROUND_REFRESH_INTERVAL: '2' } });
    first = await desk.addSimulator({ name: 'esx-01', machines: 24, limits: { taskMs: 300 } });
    second = await desk.addSimulator({ name: 'esx-02', machines: 6, personality: 'esxi-7.0' });
    watched = await desk.open('/');
    page = watched.page;
  });

  afterAll(async () => {
    await desk?.stop();
  });

  beforeEach(async () => {
    await page.goto(desk.portal.origin);
    await count(page, '30 machines').waitFor();
  });

  test('are shown with pictures of their screens that the browser could decode', async () => {
    const machine = await first.find((each) => isOn(each) && each.name.startsWith('web-'));
    await find(page, machine.name);
    await card(page, machine).locator('img').first().waitFor();
    const widths = await card(page, machine)
      .locator('img')
      .evaluateAll((images) =>
        Promise.all(
          images.map(async (element) => {
            const image = element as unknown as { naturalWidth: number; decode(): Promise<void> };
            await image.decode();
            return image.naturalWidth;
          }),
        ),
      );
    expect(widths.length).toBeGreaterThan(0);
    for (const width of widths) expect(width).toBeGreaterThan(100);
  });

  test('are sent as AVIF to the browser, which shows them', async () => {
    const types = new Map<string, string>();
    page.on('response', (response) => {
      const type = response.headers()['content-type'];
      if (response.url().includes('/api/v1/screens/') && type !== undefined) types.set(response.url(), type);
    });
    await page.reload();
    const shown = async (): Promise<readonly number[]> => {
      const pictures = await grid(page)
        .locator('img')
        .evaluateAll((images) =>
          images.map((element) => {
            const image = element as unknown as { src: string; complete: boolean; naturalWidth: number };
            return { url: image.src, width: image.complete ? image.naturalWidth : 0 };
          }),
        );
      return pictures.filter(({ url }) => types.get(url) === 'image/avif').map(({ width }) => width);
    };
    await eventually(async () => (await shown()).some((width) => width === 320), { what: 'a picture that came as AVIF is shown' });
  });

  test('are narrowed by typing, and what is typed stands in the address', async () => {
    await page.keyboard.press('Control+k');
    await eventually(() => search(page).evaluate((field) => field === field.ownerDocument.activeElement), {
      what: 'the search has the focus',
    });
    await page.keyboard.type('web-0 state:on');
    await count(page, /^\d+ of 30$/).waitFor();
    const expected = (await desk.portal.snapshot()).machines.filter(
      (machine) => machine.power_state === 'poweredOn' && machine.name.startsWith('web-'),
    );
    await eventually(async () => (await cells(page).count()) === expected.length, { what: 'only these are left' });
    for (const name of await namesOf(page)) expect(name).toMatch(/^web-\d+$/);
    expect(new URL(page.url()).searchParams.get('q')).toBe('web-0 state:on');
    await page.reload();
    await count(page, `${expected.length} of 30`).waitFor();
    await find(page, 'no such machine');
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await page.getByRole('button', { name: 'Show all machines' }).click();
    await count(page, '30 machines').waitFor();
  });

  test('are filtered by state and by server', async () => {
    const { machines } = await desk.portal.snapshot();
    const off = page.getByRole('group', { name: 'Filter by state' }).getByRole('button', { name: 'Off' });
    await off.click();
    const expected = machines.filter((machine) => machine.power_state === 'poweredOff').length;
    expect(expected).toBeGreaterThan(0);
    await count(page, `${expected} of 30`).waitFor();
    expect(await off.getAttribute('aria-pressed')).toBe('true');
    await off.click();
    await page.getByLabel('Filter by server').selectOption({ label: 'esx-02' });
    await count(page, '6 of 30').waitFor();
    await page.getByLabel('Filter by server').selectOption({ label: 'All servers' });
    await count(page, '30 machines').waitFor();
  });

  test('are one stop of the Tab key, with arrows between them, and Enter opens', async () => {
    await cells(page).first().waitFor();
    expect(
      await cells(page)
        .filter({ has: page.locator('[tabindex="0"]') })
        .count(),
    ).toBe(1);
    const names = await namesOf(page);
    const columns = Number(await grid(page).getAttribute('aria-colcount'));
    await cells(page).first().getByRole('link').first().focus();
    expect(await focusedName(page)).toBe(names[0]);
    for (const [key, index] of [
      ['ArrowRight', 1],
      ['ArrowDown', 1 + columns],
      ['ArrowLeft', columns],
      ['ArrowUp', 0],
      ['End', columns - 1],
      ['Home', 0],
    ] as const) {
      await page.keyboard.press(key);
      await eventually(async () => (await focusedName(page)) === names[index], {
        what: `${key} leads to ${names[index]}`,
        timeoutMs: 3_000,
      });
    }
    await page.keyboard.press('Control+End');
    await eventually(
      async () => {
        const all = (await desk.portal.snapshot()).machines.length;
        return (
          (await page.evaluate('document.activeElement?.closest("[aria-rowindex]")?.getAttribute("aria-rowindex")')) ===
          String(Math.ceil(all / columns))
        );
      },
      { what: 'the last row is reached', timeoutMs: 5_000 },
    );
    await page.keyboard.press('Control+Home');
    await eventually(async () => (await focusedName(page)) === names[0], { what: 'the first is reached', timeoutMs: 5_000 });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: names[0] ?? '', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Back to machines' }).click();
    await cells(page).first().waitFor();
  });

  test('are switched off after a question, and on again without one', async () => {
    const machine = await first.find((each) => isOn(each) && each.name.startsWith('app-'));
    const { control } = first.simulator;
    await find(page, machine.name);
    await card(page, machine)
      .getByRole('button', { name: `Power of ${machine.name}` })
      .click();
    await page.getByRole('menuitem', { name: 'Power off' }).click();
    const dialog = page.getByRole('alertdialog', { name: `Power off: ${machine.name}?` });
    await dialog.getByText('The machine loses power at once.').waitFor();
    await eventually(async () => (await focusedName(page)) === 'Cancel', { what: 'the harmless answer has the focus', timeoutMs: 3_000 });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(control.findMachine(machine.moid)?.powerState).toBe('poweredOn');

    await card(page, machine)
      .getByRole('button', { name: `Power of ${machine.name}` })
      .click();
    await page.getByRole('menuitem', { name: 'Power off' }).click();
    await dialog.getByRole('button', { name: 'Power off' }).click();
    await stateOf(card(page, machine), 'Off').waitFor();
    expect(control.findMachine(machine.moid)?.powerState).toBe('poweredOff');

    await card(page, machine)
      .getByRole('button', { name: `Power of ${machine.name}` })
      .click();
    await page.getByRole('menuitem', { name: 'Power on' }).click();
    await stateOf(card(page, machine), 'On').waitFor();
    expect(control.findMachine(machine.moid)?.powerState).toBe('poweredOn');

    await page.getByRole('link', { name: 'Operations', exact: true }).click();
    await page.getByRole('row', { name: new RegExp(`Power off.*${machine.name}.*anna.*Done`) }).waitFor();
  });

  test('show what others change, without a reload', async () => {
    const machine = await first.find((each) => isOn(each) && each.name.startsWith('mon-'));
    await page.evaluate('window.wasNotReloaded = true');
    await find(page, machine.name);
    await card(page, machine).waitFor();
    first.simulator.control.powerOff(machine.moid);
    await stateOf(card(page, machine), 'Off').waitFor();
    await find(page, '');
    const added = first.simulator.control.addMachine();
    await count(page, '31 machines').waitFor();
    first.simulator.control.removeMachine(added);
    await count(page, '30 machines').waitFor();
    expect(await page.evaluate('window.wasNotReloaded')).toBe(true);
  });

  test('with hostile names are shown as they are, and nothing of them is run', async () => {
    const names = ['<script>document.title="taken"</script>', '"><img src=x onerror=document.title="taken">', 'a b {{name}} %2f'];
    const machine = await first.find((each) => isOn(each) && each.name.startsWith('db-'));
    for (const name of names) {
      first.simulator.control.renameMachine(machine.moid, name.replaceAll('%', '%25'));
      await card(page, { name }).waitFor();
      expect(await card(page, { name }).locator('img[src="x"], script').count()).toBe(0);
      await card(page, { name }).getByRole('link').first().click();
      await page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
      expect(await page.title()).toBe(`${name} · Breakwater`);
      await page.getByRole('link', { name: 'Back to machines' }).click();
    }
    first.simulator.control.renameMachine(machine.moid, machine.name);
  });

  test('of a server that is gone stay with the age of their data, and come back without a hand', async () => {
    const machine = await second.find(isOn);
    const chip = page.getByRole('region', { name: 'Health of servers' }).getByRole('button', { name: /esx-02/ });
    await find(page, 'server:esx-02');
    await count(page, '6 of 30').waitFor();
    await second.simulator.control.takeDown();
    await card(page, machine, 'esx-02').getByText('Last known state').waitFor();
    expect(await cells(page).count()).toBe(6);
    await chip.filter({ hasText: /Stale|Unreachable/ }).waitFor();
    await page.getByText('1 of 2 servers in trouble').waitFor();
    await chip.click();
    const cause = page.getByRole('dialog', { name: 'esx-02' });
    await cause.getByText(/ago\)|seconds? ago|\(now\)/).waitFor();
    await page.keyboard.press('Escape');
    await card(page, machine, 'esx-02')
      .getByRole('button', { name: `Power of ${machine.name}` })
      .click();
    await page.getByRole('menuitem', { name: 'Power off' }).click();
    await page
      .getByRole('alertdialog')
      .getByText(/The server does not confirm its data at the moment/)
      .waitFor();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await second.simulator.control.bringUp();
    await page.getByText('All servers are live').waitFor({ timeout: 60_000 });
    await card(page, machine, 'esx-02').getByText('Last known state').waitFor({ state: 'detached' });
  });

  test('are told of in three languages and two themes, and the choice is remembered', async () => {
    const account = (name: string): Locator => page.getByRole('button', { name });
    await account('Account and appearance').click();
    const light = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
    await eventually(async () => (await page.evaluate('getComputedStyle(document.body).backgroundColor')) !== light, {
      what: 'the page is dark',
    });
    await page.getByLabel('Language').selectOption({ label: 'Русский' });
    await page.getByRole('radio', { name: 'Тёмная' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Машины', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Машины', exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('ru');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).not.toBe(light);
    await account('Учётная запись и вид').click();
    await page.getByLabel('Язык').selectOption({ label: 'Español' });
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Máquinas', exact: true }).waitFor();
    await page.evaluate('localStorage.clear()');
  });

  test('do nothing wrong inside the page', () => {
    expect(watched.problems()).toEqual([]);
  });
});

test('of 1,200 machines only those near the window exist, and the last one is as near as the first', async () => {
  const desk = await openDesk();
  try {
    await desk.addSimulator({ name: 'vc-01', personality: 'vcenter-8.0', machines: 1_200 });
    const { page, problems } = await desk.open('/');
    await count(page, '1,200 machines').waitFor();
    await cells(page).first().waitFor();
    const atTop = await cells(page).count();
    expect(atTop).toBeGreaterThan(8);
    expect(atTop).toBeLessThan(60);
    const rows = Number(await grid(page).getAttribute('aria-rowcount'));
    const lastRow = grid(page).locator(`[aria-rowindex="${rows}"]`);
    expect(await lastRow.count()).toBe(0);
    await page.mouse.move(640, 600);
    for (let turn = 0; turn < 5; turn++) {
      await page.mouse.wheel(0, 4_000);
      await eventually(async () => Number(await page.evaluate('window.scrollY')) > (turn + 1) * 3_800, { what: 'the page has scrolled' });
      expect(await cells(page).count()).toBeLessThan(60);
    }
    await cells(page).first().getByRole('link').first().focus();
    await page.keyboard.press('Control+End');
    await lastRow.getByRole('gridcell').first().waitFor();
    expect(await cells(page).count()).toBeLessThan(60);
    await search(page).fill('db-100');
    await count(page, '1 of 1,200').waitFor();
    await card(page, { name: 'db-100' }, 'vc-01').waitFor();
    expect(problems()).toEqual([]);
  } finally {
    await desk.stop();
  }
});
