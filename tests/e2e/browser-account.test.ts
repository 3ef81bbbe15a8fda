import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine, Person } from '@breakwater/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOverflow, findViolations, settle } from './support/accessibility.ts';
import { openPage, type WatchedPage } from './support/browser.ts';
import { eventually } from './support/child.ts';
import { ADMINISTRATOR, type Desk, openDesk } from './support/desk.ts';

const NEW_PASSWORD = 'four random words again';
const VIEWER = { username: 'vera', password: 'vera watches and waits' } as const;

let desk: Desk;
let watched: WatchedPage;
let page: Page;
let machine: Machine;

beforeAll(async () => {
  desk = await openDesk();
  const simulated = await desk.addSimulator({ name: 'esx-01', machines: 6 });
  machine = await simulated.find((candidate) => candidate.power_state === 'poweredOn');
  watched = await desk.open('/');
  page = watched.page;
});

afterAll(() => desk?.stop());

/** A second browser of this person. */
async function signInElsewhere(person: { readonly username: string; readonly password: string }): Promise<WatchedPage> {
  const other = await openPage(desk.browser);
  const { username, password } = person;
  const answer = await other.page.request.post(`${desk.portal.origin}/api/v1/session`, { data: { username, password } });
  if (!answer.ok()) throw new Error(`not signed in: ${answer.status()} ${await answer.text()}`);
  return other;
}

const statusOf = async (at: Page, path: string): Promise<number> => (await at.request.get(`${desk.portal.origin}${path}`)).status();

const FOCUSED =
  'document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent';

/** Waits until what has the focus is called so. */
const waitForFocus = (at: Page, name: string): Promise<true> =>
  eventually(async () => ((await at.evaluate(FOCUSED)) === name ? true : undefined), { what: `the focus is on ${name}` });

describe('the own account', () => {
  test('is found in the menu and says who one is', async () => {
    await page.getByRole('button', { name: 'Account and appearance' }).click();
    await page.getByRole('link', { name: 'Account and settings' }).click();
    await page.getByRole('heading', { name: 'Account', level: 1 }).waitFor();
    const you = page.getByRole('region', { name: 'You', exact: true });
    await you.getByText(ADMINISTRATOR.username).waitFor();
    expect(await you.textContent()).toContain('may do everything, including servers, people and tokens');
  });

  test('a wrong current password is told at its field, and nothing changes', async () => {
    const form = page.getByRole('region', { name: 'Password' });
    await form.getByRole('button', { name: 'Change password' }).click();
    await form.getByText('Please fill in this field.').waitFor();
    await form.getByLabel('Current password').fill('not my password');
    await form.getByLabel('New password (at least 10 characters)').fill(NEW_PASSWORD);
    await form.getByLabel('Repeat the new password').fill(`${NEW_PASSWORD}!`);
    await form.getByRole('button', { name: 'Change password' }).click();
    await form.getByText('The two passwords differ.').waitFor();
    await form.getByLabel('Repeat the new password').fill(NEW_PASSWORD);
    await form.getByRole('button', { name: 'Change password' }).click();
    await form.getByRole('alert').filter({ hasText: 'The current password is not right.' }).waitFor();
    await waitForFocus(page, 'Current password');
    expect(await statusOf(page, '/api/v1/session/sessions')).toBe(200);
  });

  test('the right one changes it: this browser stays signed in, the other does not', async () => {
    const elsewhere = await signInElsewhere(ADMINISTRATOR);
    expect(await statusOf(elsewhere.page, '/api/v1/session/sessions')).toBe(200);
    const form = page.getByRole('region', { name: 'Password' });
    await form.getByLabel('Current password').fill(ADMINISTRATOR.password);
    await form.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed.').first().waitFor();
    expect(await statusOf(page, '/api/v1/session/sessions')).toBe(200);
    expect(await statusOf(elsewhere.page, '/api/v1/session/sessions')).toBe(401);
    const old = await elsewhere.page.request.post(`${desk.portal.origin}/api/v1/session`, { data: ADMINISTRATOR });
    expect(old.status()).toBe(401);
    await elsewhere.page.context().close();
  });

  test('a session forgotten somewhere is ended from here', async () => {
    const elsewhere = await signInElsewhere({ ...ADMINISTRATOR, password: NEW_PASSWORD });
    await page.reload();
    const sessions = page.getByRole('region', { name: 'Where you are signed in' });
    await sessions.getByText('This browser').waitFor();
    expect(await sessions.getByRole('listitem').count()).toBe(2);
    expect(await sessions.getByText('Chrome · Linux', { exact: true }).count()).toBe(2);
    await sessions.getByRole('button', { name: /^Chrome · Linux: sign out the session since/ }).click();
    await page.getByRole('alertdialog', { name: 'Sign out there?' }).getByRole('button', { name: 'Sign out there' }).click();
    await page.getByText('Signed out there.').first().waitFor();
    await sessions.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
    expect(await statusOf(elsewhere.page, '/api/v1/session/sessions')).toBe(401);
    await waitForFocus(page, 'Where you are signed in');
    await elsewhere.page.context().close();
  });
});

describe('people', () => {
  test('the only administrator is protected, and it says why', async () => {
    await page.getByRole('link', { name: 'People' }).click();
    const own = page.getByRole('row', { name: /anna/ });
    await own.getByText(/The only administrator/).waitFor();
    expect(await own.getByRole('button').count()).toBe(0);
  });

  test('a viewer is added with a first password, by keyboard alone', async () => {
    await page.getByRole('button', { name: 'Add person' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('alertdialog', { name: 'Add person' });
    await waitForFocus(page, 'Name');
    await page.keyboard.type('Anna');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await waitForFocus(page, 'Suggest a password');
    await page.keyboard.press('Enter');
    await dialog.getByText('Strength: strong').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').filter({ hasText: 'This name is taken.' }).waitFor();
    await waitForFocus(page, 'Name');
    await page.keyboard.press('Control+A');
    await page.keyboard.type(VIEWER.username);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type(VIEWER.password);
    await page.keyboard.press('Enter');
    await page.getByText('vera can sign in now.').first().waitFor();
    await page.getByRole('row', { name: /vera/ }).getByText('Viewer').waitFor();
    await waitForFocus(page, 'Add person');
    expect((await desk.portal.request('GET', '/api/v1/people')).body).toMatchObject([
      { username: 'anna' },
      { username: 'vera', role: 'viewer' },
    ]);
  });

  test('the viewer sees the machine but can do nothing to it, in the page or past it', async () => {
    const viewer = await signInElsewhere(VIEWER);
    await viewer.page.goto(`${desk.portal.origin}/machines/${machine.server_id}/${encodeURIComponent(machine.moid)}`);
    await viewer.page.getByRole('heading', { name: machine.name, level: 1 }).waitFor();
    await viewer.page.getByRole('button', { name: 'Power', exact: true }).click();
    await viewer.page.getByRole('menuitem', { name: 'Power off' }).waitFor();
    expect(await viewer.page.getByRole('menuitem', { disabled: false }).count()).toBe(0);
    await viewer.page.keyboard.press('Escape');
    const path = `/api/v1/servers/${machine.server_id}/vms/${encodeURIComponent(machine.moid)}/power`;
    const refused = await viewer.page.request.post(`${desk.portal.origin}${path}`, { data: { verb: 'power_off' } });
    expect([refused.status(), ((await refused.json()) as { code: string }).code]).toEqual([403, 'PORTAL_FORBIDDEN']);
    await viewer.page.goto(`${desk.portal.origin}/account`);
    await viewer.page.getByRole('region', { name: 'Password' }).waitFor();
    expect(await viewer.page.getByRole('link', { name: 'People' }).count()).toBe(0);
    await viewer.page.goto(`${desk.portal.origin}/account/people`);
    await viewer.page.getByRole('heading', { name: 'This page is for administrators' }).waitFor();
    expect(viewer.problems()).toEqual([]);
    await viewer.page.context().close();
  });

  test('a new role counts at once, a new password signs out, and a removed person is out', async () => {
    const viewer = await signInElsewhere(VIEWER);
    await viewer.page.goto(`${desk.portal.origin}/account`);
    const you = viewer.page.getByRole('region', { name: 'You', exact: true });
    await you.getByText('Viewer').waitFor();
    const row = page.getByRole('row', { name: /vera/ });
    await row.getByRole('button', { name: 'Change role of vera' }).click();
    const roles = page.getByRole('alertdialog', { name: 'Change role of vera' });
    await roles.getByRole('radio', { name: 'Operator' }).check();
    await roles.getByRole('button', { name: 'Change role' }).click();
    await row.getByText('Operator').waitFor();
    const me = await viewer.page.request.get(`${desk.portal.origin}/api/v1/session`);
    expect(((await me.json()) as { person: Person }).person.role).toBe('operator');
    // The page that is open follows without being loaded again, and says so.
    await you.getByText('Operator').waitFor();
    await viewer.page.getByText('Your role has changed: Operator.').first().waitFor();

    await row.getByRole('button', { name: 'Set password of vera' }).click();
    const password = page.getByRole('alertdialog', { name: 'Set password of vera' });
    await waitForFocus(page, 'Password (at least 10 characters)');
    await page.keyboard.type('another one for vera');
    await password.getByRole('button', { name: 'Set password' }).click();
    await password.waitFor({ state: 'detached' });
    expect(await statusOf(viewer.page, '/api/v1/snapshot')).toBe(401);
    await viewer.page.waitForURL(/\/sign-in/);

    await row.getByRole('button', { name: 'Remove vera' }).click();
    const remove = page.getByRole('alertdialog', { name: 'Remove vera?' });
    await remove.getByText(/can no longer sign in/).waitFor();
    await page.keyboard.press('Escape');
    await remove.waitFor({ state: 'detached' });
    await waitForFocus(page, 'Remove vera');
    await page.keyboard.press('Enter');
    await remove.getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    await waitForFocus(page, 'People');
    await viewer.page.context().close();
  });
});

describe('an administrator who gives up the own role', () => {
  const update = async (role: string): Promise<void> => {
    const people = (await desk.portal.request('GET', '/api/v1/people')).body as readonly Person[];
    const anna = people.find((person) => person.username === ADMINISTRATOR.username);
    expect((await desk.portal.request('PATCH', `/api/v1/people/${anna?.id}`, { role })).status).toBe(200);
  };

  test('is warned, and sees at once what is left', async () => {
    const other = { username: 'olga', password: 'olga is in charge too', role: 'admin' };
    expect((await desk.portal.request('POST', '/api/v1/people', other)).status).toBe(201);
    await page.reload();
    await page.getByRole('button', { name: 'Change role of anna' }).click();
    const dialog = page.getByRole('alertdialog');
    expect(await dialog.getByRole('button', { name: 'Change role' }).isDisabled()).toBe(true);
    await dialog.getByRole('radio', { name: 'Viewer' }).check();
    await dialog.getByText(/Only another administrator can give them back/).waitFor();
    await dialog.getByRole('button', { name: 'Change role' }).click();
    await page.getByRole('heading', { name: 'This page is for administrators' }).waitFor();
    expect(await page.getByRole('link', { name: 'API tokens' }).count()).toBe(0);
    await update('admin');
    await page.reload();
    await page.getByRole('link', { name: 'API tokens' }).waitFor();
  });
});

describe('API tokens', () => {
  const ask = async (token: string): Promise<number> =>
    (await fetch(`${desk.portal.origin}/api/v1/servers`, { headers: { authorization: `Bearer ${token}` } })).status;

  test('a token is shown once, works, and works no more once revoked', async () => {
    await page.getByRole('link', { name: 'API tokens' }).click();
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor();
    await page.getByRole('button', { name: 'Create token' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByLabel('Name', { exact: true }).fill('nightly report');
    await dialog.getByLabel('Expires').selectOption({ label: 'In 7 days' });
    await dialog.getByRole('button', { name: 'Create token' }).click();
    const token = await dialog.getByRole('textbox', { name: 'Token' }).inputValue();
    const line = await dialog.getByRole('textbox', { name: 'Try it' }).inputValue();
    expect(line).toBe(`curl -H 'Authorization: Bearer ${token}' '${desk.portal.origin}/api/v1/servers'`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await dialog.getByRole('button', { name: 'Copy: Token' }).click();
    await dialog.getByText('Copied.').waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(token);
    expect(await ask(token)).toBe(200);
    await dialog.getByRole('button', { name: 'I have copied it' }).click();

    const row = page.getByRole('row', { name: /nightly report/ });
    await row.getByText(`${token.slice(0, 10)}…`).waitFor();
    expect(await page.content()).not.toContain(token);
    await page.reload();
    await row.getByText(/ago/).waitFor();
    await row.getByRole('button', { name: 'Revoke nightly report' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor();
    expect(await ask(token)).toBe(401);
  });
});

describe('for everybody', () => {
  const catalogs = join(import.meta.dirname, '../../apps/web/src/i18n');

  test.each(['en', 'ru', 'es'])('axe finds nothing in %s, by day and by night, and 360 pixels are wide enough', async (language) => {
    const words = JSON.parse(readFileSync(join(catalogs, `${language}.json`), 'utf8')) as Record<string, Record<string, string>>;
    const say = (section: string, key: string): string => words[section]?.[key] ?? `no ${section}.${key}`;
    await desk.portal.request('POST', '/api/v1/tokens', { name: `axe ${language}`, role: 'operator', expires_in_days: 7 });
    const preferences = JSON.stringify({ language, theme: 'light' });
    await page.evaluate(`localStorage.setItem('breakwater.preferences', ${JSON.stringify(preferences)})`);
    for (const look of [
      { path: '/account', heading: say('account', 'sessions'), opens: null },
      { path: '/account/people', heading: say('people', 'title'), opens: say('people', 'add') },
      { path: '/account/tokens', heading: say('tokens', 'title'), opens: say('tokens', 'create') },
    ]) {
      await page.goto(`${desk.portal.origin}${look.path}`);
      await page.getByRole('heading', { name: look.heading, level: 2 }).waitFor();
      await page.getByText(say('app', 'loading')).waitFor({ state: 'detached' });
      const problems = [...(await judge(look.path))];
      if (look.opens !== null) {
        await page.getByRole('button', { name: look.opens }).click();
        await page.getByRole('alertdialog').waitFor();
        problems.push(...(await judge(`dialog of ${look.path}`)));
      }
      expect(problems).toEqual([]);
    }
  });

  /** All that a choice of theme changes is the attribute on the document. */
  async function judge(what: string): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const theme of ['light', 'dark']) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
      await settle(page);
      problems.push(...(await findViolations(page)).map((line) => `${what}, ${theme}: ${line}`));
    }
    for (const width of [360, 700, 920]) {
      await page.setViewportSize({ width, height: 740 });
      await settle(page);
      const { px, culprits } = await findOverflow(page);
      if (px > 0) problems.push(`${what} is ${px} px too wide for ${width} px: ${culprits.join(' ')}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    return problems;
  }

  test('nothing went wrong inside the pages', () => {
    expect(watched.problems()).toEqual([]);
  });
});
