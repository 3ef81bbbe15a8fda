import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { type Child, eventually, startChild } from './support/child.ts';
import { readSetupToken } from './support/desk.ts';
import { type PortalProcess, startPortal } from './support/portal-process.ts';

const PASSWORD = 'correct horse battery';
const root = join(import.meta.dirname, '../..');

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const signInAs = async (page: Page, person: { readonly username: string; readonly password: string }): Promise<void> => {
  await page.getByLabel('Name', { exact: true }).fill(person.username);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
};

/** The tests follow one another, as the first hour with a new portal does. */
describe('the first hour with a new portal', () => {
  let portal: PortalProcess;
  let simulator: VsphereSimulator;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    portal = await startPortal();
    simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 12 });
    watched = await openPage(browser);
    page = watched.page;
  });

  afterAll(async () => {
    await page?.context().close();
    await portal?.stop();
    await simulator?.stop();
  });

  test('whoever opens it is asked for the one-time token, and a wrong one is told so', async () => {
    await page.goto(portal.origin);
    await page.getByRole('heading', { name: 'Welcome to Breakwater' }).waitFor();
    await page.getByLabel('One-time token').fill('not-the-token');
    await page.getByLabel('Name', { exact: true }).fill('anna');
    await page.getByLabel('Password (at least 10 characters)').fill(PASSWORD);
    await page.getByLabel('Repeat the password').fill('something else');
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.getByText('The two passwords differ.').waitFor();
    await page.getByLabel('Repeat the password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.getByRole('alert').filter({ hasText: 'This one-time token is not right.' }).waitFor();
    expect(existsSync(join(portal.dataDir, 'setup-token'))).toBe(true);
  });

  test('the token of the data folder makes the first administrator, who is signed in at once', async () => {
    await page.getByLabel('One-time token').fill(await readSetupToken(portal));
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.getByRole('heading', { name: 'No servers yet' }).waitFor();
    expect(existsSync(join(portal.dataDir, 'setup-token'))).toBe(false);
    await page.goto(`${portal.origin}/setup`);
    await page.getByRole('heading', { name: 'No servers yet' }).waitFor();
  });

  test('a server is added after its certificate was looked at, and its machines appear', async () => {
    await page.getByRole('link', { name: 'Add server' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'Add server' });
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText('Please fill in this field.').first().waitFor();
    await dialog.getByLabel('Name', { exact: true }).fill('esx-01');
    await dialog.getByLabel('Host name or IP address').fill('127.0.0.1');
    await dialog.getByLabel('Port').fill(String(simulator.port));
    await dialog.getByLabel('Account').fill('root');
    await dialog.getByLabel('Password', { exact: true }).fill('simulated');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByRole('heading', { name: 'Is this your server?' }).waitFor();
    await dialog.getByText(simulator.certificateSha256).waitFor();
    // Until a person has confirmed, nobody has tried to sign in.
    expect(simulator.control.report().logins.attempts).toBe(0);
    await dialog.getByRole('button', { name: 'Yes, I trust this certificate' }).click();
    await dialog.getByText('Everything works: 12 machines found.').waitFor();
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('article', { name: 'esx-01' }).waitFor();
    await page.getByRole('link', { name: 'Machines', exact: true }).click();
    await page.getByText('12 machines', { exact: true }).waitFor();
    await page.getByRole('button', { name: /esx-01.*Live/ }).waitFor();
  });

  test('signing out ends it; a wrong password is told so, the right one leads back to where one was', async () => {
    await page.getByRole('button', { name: 'Account and appearance' }).click();
    await page.getByText('Signed in as anna').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${portal.origin}/servers`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signInAs(page, { username: 'anna', password: 'wrong horse battery' });
    await page.getByRole('alert').filter({ hasText: 'Name or password is not right.' }).waitFor();
    await signInAs(page, { username: 'anna', password: PASSWORD });
    await page.getByRole('heading', { name: 'Servers', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/servers');
  });

  test('nothing went wrong inside the pages', () => {
    expect(watched.problems()).toEqual([]);
  });
});

describe('the demo', () => {
  let demo: Child;
  let link: string;

  beforeAll(async () => {
    demo = startChild(
      process.execPath,
      [
        '--conditions=@breakwater/source',
        join(root, 'apps/breakwater/src/main.ts'),
        'demo',
        '--port',
        '0',
        '--no-outages',
        '--machines',
        '40',
      ],
      { cwd: root, env: { PATH: process.env['PATH'] } },
    );
    link = (await demo.waitFor(/(http:\/\/\S+\/link\/\S+)/))[1] ?? '';
  });

  afterAll(async () => {
    await demo?.stop();
  });

  test('its link signs in once, leaves no trace in the address, and works no second time', async () => {
    const first = await openPage(browser);
    await first.page.goto(link);
    await first.page.getByText('Demo', { exact: true }).waitFor();
    expect(new URL(first.page.url()).pathname).toBe('/');
    await first.page.getByRole('gridcell').first().waitFor();
    const servers = first.page.getByRole('region', { name: 'Health of servers' }).getByRole('listitem');
    await eventually(async () => (await servers.count()) === 4, { what: 'four servers are shown' });
    const second = await openPage(browser);
    await second.page.goto(link);
    await second.page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    await second.page.getByRole('alert').filter({ hasText: 'This link was used already or is too old.' }).waitFor();
    expect(first.problems()).toEqual([]);
    expect(second.problems()).toEqual([]);
    await first.page.context().close();
    await second.page.context().close();
  });
});
