import type { DeadLetterList, DeadLetterRetried, Machine } from '@breakwater/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findViolations, settle } from './support/accessibility.ts';
import { eventually } from './support/child.ts';
import { type Desk, openDesk, type SimulatedServer } from './support/desk.ts';

let desk: Desk;
let bed: SimulatedServer;

beforeAll(async () => {
  desk = await openDesk({ env: { BACKGROUND_REFRESH_INTERVAL: '2' } });
  bed = await desk.addSimulator({ name: 'esx-01', machines: 12, limits: { taskMs: 100 } });
});

afterAll(() => desk?.stop());

const isUsable = (machine: Machine): boolean => !machine.is_template && machine.is_accessible && machine.tools === 'running';
const isOn = (machine: Machine): boolean => machine.power_state === 'poweredOn' && isUsable(machine);
const readLetters = async (): Promise<DeadLetterList> => (await desk.portal.request('GET', '/api/v1/dead-letters')).body as DeadLetterList;
/** How often the simulated server was asked to switch a machine off. */
const powerOffs = (): number => bed.simulator.control.report().byName['PowerOffVM_Task'] ?? 0;

/** Asks for a power off that the server turns away without saying whether it took it; it did not. */
async function lose(machine: Machine): Promise<void> {
  bed.simulator.control.addFault({ effect: { kind: 'unavailable' }, on: ['PowerOffVM_Task'], times: 1 });
  expect(await desk.portal.power(machine, 'power_off')).toMatchObject({ state: 'unknown', error_code: 'VSPHERE_UNAVAILABLE' });
}

async function waitUntilOff(machine: Machine): Promise<void> {
  await eventually(
    async () => (await desk.portal.machines(bed.server.id)).find(({ moid }) => moid === machine.moid)?.power_state === 'poweredOff',
    { what: 'the machine is off' },
  );
}

async function waitUntilLive(): Promise<void> {
  await eventually(
    async () => {
      const server = await desk.portal.server(bed.server.id);
      if (server.state !== 'live') await desk.portal.request('POST', `/api/v1/servers/${bed.server.id}/retry`);
      return server.state === 'live';
    },
    { what: 'the server is live again' },
  );
}

test('a lost power operation appears, survives a restart, is done again by hand with success, and leaves the list', async () => {
  const machine = await bed.find(isOn);
  await lose(machine);
  expect(await readLetters()).toMatchObject({
    total: 1,
    dead_letters: [{ machine_name: machine.name, verb: 'power_off', outcome: 'unknown' }],
  });
  await waitUntilLive();
  const sentBefore = powerOffs();

  await desk.portal.restart('SIGKILL');
  await waitUntilLive();
  expect(await readLetters()).toMatchObject({ total: 1, dead_letters: [{ machine_name: machine.name, attempts: 1 }] });
  // Not by itself, also not after a restart.
  expect(powerOffs()).toBe(sentBefore);

  const { page, problems } = await desk.open('/');
  const link = page.getByRole('link', { name: /Failed operations/ });
  await link.getByText('1', { exact: true }).waitFor();
  await link.click();
  const row = page.getByRole('row').filter({ hasText: machine.name });
  await row.getByText('Outcome unknown · 1 attempt').waitFor();
  await settle(page);
  expect(await findViolations(page)).toEqual([]);
  await row.getByRole('button', { name: `Do it again: Power off: ${machine.name}` }).press('Enter');
  const dialog = page.getByRole('alertdialog', { name: `Do it again? Power off: ${machine.name}` });
  await dialog.getByText('The server is asked first how the machine is.', { exact: false }).waitFor();
  await settle(page);
  expect(await findViolations(page)).toEqual([]);
  // The harmless answer has the focus.
  expect(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((button) => button === button.ownerDocument.activeElement)).toBe(
    true,
  );
  await dialog.getByRole('button', { name: 'Power off', exact: true }).click();
  await page.getByRole('heading', { name: 'No operation has been lost' }).waitFor();
  await settle(page);
  expect(await findViolations(page)).toEqual([]);
  expect(powerOffs()).toBe(sentBefore + 1);
  await waitUntilOff(machine);
  expect(await readLetters()).toEqual({ dead_letters: [], total: 0 });
  expect(problems()).toEqual([]);
  await page.context().close();
});

test('what has happened meanwhile is not done twice', async () => {
  const machine = await bed.find(isOn);
  await lose(machine);
  await waitUntilLive();
  const { dead_letters: letters } = await readLetters();
  const letter = letters.find(({ moid }) => moid === machine.moid);
  expect(letter).toBeDefined();
  // Somebody pulls the plug on the host itself, past the portal.
  bed.simulator.control.powerOff(machine.moid);
  const sentBefore = powerOffs();
  const retried = await desk.portal.request('POST', `/api/v1/dead-letters/${letter?.id}/retry`, {});
  expect([retried.status, (retried.body as DeadLetterRetried).outcome]).toEqual([200, 'already_done']);
  expect(powerOffs()).toBe(sentBefore);
  expect((await readLetters()).total).toBe(0);
  await waitUntilOff(machine);
});

test('one is discarded, with a reason that the journal keeps', async () => {
  const machine = await bed.find(isOn);
  await lose(machine);
  const { page, problems } = await desk.open('/failed-operations');
  await page.getByRole('button', { name: `Discard: Power off: ${machine.name}` }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await dialog.getByText('Please fill in this field.').waitFor();
  await settle(page);
  expect(await findViolations(page)).toEqual([]);
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('switched off on the host');
  await dialog.getByRole('textbox', { name: 'Reason' }).press('Enter');
  await page.getByRole('heading', { name: 'No operation has been lost' }).waitFor();
  await page.getByRole('link', { name: 'Operations', exact: true }).click();
  const entry = page.getByRole('row').filter({ hasText: 'switched off on the host' });
  expect(await entry.textContent()).toContain('Failed operation discarded');
  expect(problems()).toEqual([]);
  await page.context().close();
});
