import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostLogin, HostSetupRow, Machine, Operation } from '@breakwater/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';
import { findOverflow, findViolations, settle } from './support/accessibility.ts';
import { openPage, type WatchedPage } from './support/browser.ts';
import { eventually } from './support/child.ts';
import { type Desk, openDesk } from './support/desk.ts';

const VIEWER = { username: 'vera', password: 'vera watches and waits' } as const;
/** Signing in over SSH and reading a host take seconds on a busy machine. */
const SLOWLY = { timeout: 60_000 };

const PLUGIN = join(import.meta.dirname, '../bed/host/harmless-plugin.ts');

let folder: BedFolder;
let host: string;
let sshd: SshServer;
let desk: Desk;
let watched: WatchedPage;
let page: Page;
let machine: Machine;
let off: Machine;

beforeAll(async () => {
  folder = createBedFolder('browser-host-setup');
  host = join(folder.path, 'host');
  mkdirSync(host);
  sshd = await startSshServer();
  desk = await openDesk({ env: { BREAKWATER_HOST_PLUGINS: PLUGIN } });
  const simulated = await desk.addSimulator({ name: 'esx-01', machines: 12 });
  machine = await simulated.find((candidate) => candidate.power_state === 'poweredOn');
  off = await simulated.find((candidate) => candidate.power_state === 'poweredOff');
  watched = await desk.open('/account/logins');
  page = watched.page;
});

afterAll(async () => {
  await desk?.stop();
  await sshd?.stop();
  folder?.remove();
});

const toPath = ({ moid, server_id }: Machine): string => `/machines/${server_id}/${encodeURIComponent(moid)}`;
const config = (text: string): string => `modules:\n  enabled: [harmless]\n  harmless:\n    folder: ${host}\n    text: ${text}\n`;
const tree = (): string => execFileSync('find', ['.', '-printf', '%p %y %m %s\\n'], { cwd: host }).toString();
const readSetups = async (): Promise<readonly HostSetupRow[]> =>
  ((await desk.portal.request('GET', '/api/v1/host-setups')).body as { readonly host_setups: readonly HostSetupRow[] }).host_setups;

const fillWishes = async (text: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Address' }).fill(sshd.host);
  await page.getByRole('textbox', { name: 'Port' }).fill(String(sshd.port));
  await page.getByRole('radio', { name: 'No profile' }).check();
  await page.getByRole('textbox', { name: 'Configuration' }).fill(text);
};

const makePlan = (): Promise<void> => page.getByRole('button', { name: 'Make a plan' }).click();

test('without a login the page says what to do, and leads an administrator there', async () => {
  await page.goto(`${desk.portal.origin}${toPath(machine)}`);
  await page.getByRole('link', { name: 'Set up…' }).click();
  await page.getByRole('heading', { name: 'Nobody can sign in to machines yet' }).waitFor();
  await page.getByRole('link', { name: 'Add a login' }).click();
  await page.getByRole('heading', { name: 'No logins yet' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/account/logins');
});

test('a login is added from a file, a wrong key is told at its field, and the key never comes back', async () => {
  await page.getByRole('button', { name: 'Add login' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Add login' });
  await dialog.getByLabel('Name').fill('bed');
  await dialog.getByLabel('User on the machines').fill(sshd.user);
  await dialog.getByLabel('Private key').fill('-----BEGIN OPENSSH PRIVATE KEY-----\nnothing\n-----END OPENSSH PRIVATE KEY-----\n');
  await dialog.getByRole('button', { name: 'Add login' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'no private key that OpenSSH can read' }).waitFor();
  await dialog.locator('input[type=file]').setInputFiles(sshd.keyPath);
  const key = readFileSync(sshd.keyPath, 'utf8');
  await eventually(async () => (await dialog.getByLabel('Private key').inputValue()) === key, { what: 'the file is read' });
  await dialog.getByRole('button', { name: 'Add login' }).click();
  await page.getByText('The login “bed” can be used.').first().waitFor();
  const row = page.getByRole('row', { name: /bed/ });
  await row.getByText(/^SHA256:/).waitFor();
  const secret = key.split('\n').at(3) ?? '';
  expect(secret.length).toBeGreaterThan(40);
  expect(await page.content()).not.toContain(secret);

  await page.getByRole('button', { name: 'Rename: bed' }).click();
  const rename = page.getByRole('alertdialog', { name: 'Rename: bed' });
  await rename.getByLabel('Name').fill('test bed');
  await rename.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('row', { name: /test bed/ }).waitFor();
  const { host_logins: logins } = (await desk.portal.request('GET', '/api/v1/host-logins')).body as { host_logins: HostLogin[] };
  expect(logins).toMatchObject([{ name: 'test bed', user: sshd.user }]);
});

test('a machine that is off says why it cannot be set up, and a viewer is not even offered it', async () => {
  await page.goto(`${desk.portal.origin}${toPath(off)}`);
  const button = page.getByRole('button', { name: 'Set up…' });
  await button.waitFor();
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  await page.getByText('Power the machine on first').waitFor();

  expect((await desk.portal.request('POST', '/api/v1/people', { ...VIEWER, role: 'viewer' })).status).toBe(201);
  const viewer = await openPage(desk.browser);
  const signedIn = await viewer.page.request.post(`${desk.portal.origin}/api/v1/session`, { data: VIEWER });
  expect(signedIn.ok()).toBe(true);
  await viewer.page.goto(`${desk.portal.origin}${toPath(machine)}`);
  await viewer.page.getByRole('heading', { name: machine.name, level: 1 }).waitFor();
  expect(await viewer.page.getByText('Set up…').count()).toBe(0);
  await viewer.page.goto(`${desk.portal.origin}${toPath(machine)}/setup`);
  await viewer.page.getByRole('heading', { name: 'Setting up machines is for operators' }).waitFor();
  expect(viewer.problems()).toEqual([]);
  await viewer.page.context().close();
});

test('the host key is confirmed once, and a wrong configuration is told with its place', async () => {
  await page.goto(`${desk.portal.origin}${toPath(machine)}/setup`);
  await makePlan();
  await page.getByText('Choose a profile, or write a configuration.').waitFor();
  await fillWishes(`${config('one')}  harmles: {}\n`);
  await makePlan();
  const key = page.getByRole('alertdialog', { name: `Is this ${machine.name}?` });
  const shown = await key.getByText(/^SHA256:/).textContent();
  const ownKey = Buffer.from(sshd.hostKey.split(' ')[1] ?? '', 'base64');
  expect(shown).toBe(`SHA256:${createHash('sha256').update(ownKey).digest('base64').replace(/=+$/, '')}`);
  await key.getByRole('button', { name: 'Confirm and make a plan' }).click();
  await page.getByText('1 thing is wrong. It is listed below.').waitFor(SLOWLY);
  await page.getByRole('button', { name: /^Line 6, column/ }).click();
  const [value, start] = (await page.evaluate('[document.activeElement.value, document.activeElement.selectionStart]')) as [string, number];
  expect(value.slice(0, start).split('\n').length).toBe(6);
});

test('a plan is made without changing anything, and shown file by file', async () => {
  const before = tree();
  await fillWishes(config('one'));
  await makePlan();
  await page.getByRole('heading', { name: 'Apply this plan' }).waitFor(SLOWLY);
  await page.getByText('2 changes', { exact: false }).first().waitFor();
  await page.locator('summary', { hasText: `${host}/first` }).click();
  expect(await page.locator('.diff ins').allTextContents()).toEqual(['one']);
  expect(tree()).toBe(before);
  expect(await findViolations(page)).toEqual([]);
});

test('it is applied with live progress, and its end is told without asking', async () => {
  writeFileSync(`${host}.hold`, '');
  const asked: string[] = [];
  page.on(
    'request',
    (request) => request.url().includes('/host-setups/') && asked.push(`${request.method()} ${request.url().split('/').at(-1)}`),
  );
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  await page.getByText('Step 2 of 2 · harmless · Wait for a friend').first().waitFor(SLOWLY);
  await page.getByRole('region', { name: 'What was told last' }).getByText('Done:').waitFor();
  await eventually(async () => (await page.getByRole('log').textContent())?.includes('Step 2 of 2') === true, { what: 'it is read out' });
  const readsWhileItWorks = asked.length;
  await page.waitForTimeout(2_000);
  expect(asked.length).toBe(readsWhileItWorks);
  rmSync(`${host}.hold`);
  await page.getByText('The machine is as wanted.').waitFor(SLOWLY);
  expect(readFileSync(join(host, 'first'), 'utf8')).toBe('one\n');
  const steps = page.getByRole('table', { name: 'Steps' });
  expect(await steps.getByText('Changed', { exact: true }).count()).toBe(2);
});

test('the same wishes again find nothing to do', async () => {
  await page.getByRole('link', { name: 'Plan again' }).click();
  expect(await page.getByRole('textbox', { name: 'Configuration' }).inputValue()).toBe(config('one'));
  await makePlan();
  await page.getByText('Nothing to do: the machine is as wanted.').waitFor(SLOWLY);
  expect(await page.getByRole('button', { name: 'Apply', exact: true }).count()).toBe(0);
  await page.goBack();
  await page.getByRole('textbox', { name: 'Configuration' }).waitFor();
  await page.goBack();
  await page.getByText('The machine is as wanted.').waitFor();
});

test('it is rolled back after saying what that does, and the folder is as before', async () => {
  await page.getByRole('button', { name: 'Roll back…' }).click();
  const dialog = page.getByRole('alertdialog', { name: `Roll ${machine.name} back?` });
  await dialog.getByText('2 changes are taken back').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(readFileSync(join(host, 'first'), 'utf8')).toBe('one\n');
  await page.getByRole('button', { name: 'Roll back…' }).click();
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText('What this set-up had changed has been taken back.').waitFor(SLOWLY);
  expect(tree().trim().split('\n').length).toBe(1);
});

test('what is running is canceled, and then it can be resumed', async () => {
  writeFileSync(`${host}.hold`, '');
  await page.getByRole('link', { name: 'Plan again' }).click();
  await fillWishes(config('two'));
  await makePlan();
  await page.getByRole('button', { name: 'Apply', exact: true }).click(SLOWLY);
  await page.getByText('Step 2 of 2').first().waitFor(SLOWLY);
  await page.getByRole('button', { name: 'Cancel the set-up' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel the set-up' }).click();
  await page.getByText('It was ended before everything was done.').waitFor(SLOWLY);
  rmSync(`${host}.hold`);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('The machine is as wanted.').waitFor(SLOWLY);
  expect(readFileSync(join(host, 'first'), 'utf8')).toBe('two\n');
  // What had the focus is gone; it is where the news are, and not at the top of the page.
  expect(await page.evaluate('document.activeElement.className')).toBe('setup-stage');
});

test('another host key is a strong warning that wants its end typed', async () => {
  await sshd.kill();
  sshd.changeHostKey();
  await sshd.start();
  await page.getByRole('link', { name: 'Plan again' }).click();
  await fillWishes(config('three'));
  await makePlan();
  const dialog = page.getByRole('alertdialog', { name: `${machine.name} shows another key` });
  const replace = dialog.getByRole('button', { name: 'Replace the confirmed key' });
  await replace.click(SLOWLY);
  await dialog.getByText('The key that is shown now ends otherwise. Do not confirm it.').waitFor();
  const shown =
    (await dialog
      .getByText(/^SHA256:/)
      .last()
      .textContent()) ?? '';
  await dialog.getByLabel('Last 6 characters of the fingerprint').fill(shown.slice(-6));
  await replace.click();
  await page.getByRole('heading', { name: 'Apply this plan' }).waitFor(SLOWLY);
  expect((await readSetups())[0]).toMatchObject({ state: 'planned', counts: { changes: 1 } });
});

test('the operations tell of it and lead to it, and a narrow page holds it', async () => {
  await page.goto(`${desk.portal.origin}/operations`);
  await page.getByRole('link', { name: `Set-up rolled back: ${machine.name}` }).waitFor();
  await page.getByText('SSH login added: bed').waitFor();
  await page.getByText(`Host key confirmed: ${machine.name}`).first().waitFor();
  const [newest] = await readSetups();
  await page.getByRole('link', { name: 'Open the set-up' }).first().click();
  await page.waitForURL(`**/setup/${newest?.id}`);
  await page.getByRole('heading', { name: 'Apply this plan' }).waitFor();
  await page.setViewportSize({ width: 360, height: 740 });
  await settle(page);
  expect(await findOverflow(page)).toEqual({ px: 0, culprits: [] });
  const { operations } = (await desk.portal.request('GET', '/api/v1/operations')).body as { operations: Operation[] };
  expect(operations.filter(({ kind }) => kind === 'host.apply')).toHaveLength(2);
  expect(watched.problems()).toEqual([]);
});
