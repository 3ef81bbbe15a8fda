import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOverflow, findViolations, settle } from './support/accessibility.ts';
import { openPage, type WatchedPage } from './support/browser.ts';
import { eventually } from './support/child.ts';
import { type Desk, openDesk } from './support/desk.ts';
import { answerHostSetups } from './support/host-setup-answers.ts';
import { startPortal } from './support/portal-process.ts';

const LANGUAGES = ['en', 'ru', 'es'] as const;
const THEMES = ['light', 'dark'] as const;
type Language = (typeof LANGUAGES)[number];
type Theme = (typeof THEMES)[number];

const catalogFolder = join(import.meta.dirname, '../../apps/web/src/i18n');
const CATALOGS = Object.fromEntries(
  LANGUAGES.map((language) => [language, JSON.parse(readFileSync(join(catalogFolder, `${language}.json`), 'utf8')) as unknown]),
);
/** A text of the language's catalog, as the pages show it. */
function say(language: Language, path: string, values: Readonly<Record<string, string>> = {}): string {
  let value: unknown = CATALOGS[language];
  for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  if (typeof value !== 'string') throw new Error(`${language} has no ${path}`);
  return value.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
}

/** Where pictures for people go; unset, none are taken, because they cost as much as all the rest. */
const screenshots = process.env['BREAKWATER_SCREENSHOTS'];
if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true });

let desk: Desk;
let watched: WatchedPage;
let page: Page;
let on: { readonly name: string; readonly server_id: string; readonly moid: string };

beforeAll(async () => {
  desk = await openDesk({ env: { BACKGROUND_REFRESH_INTERVAL: '2' } });
  const well = await desk.addSimulator({ name: 'esx-01', machines: 24 });
  const gone = await desk.addSimulator({ name: 'esx-02', machines: 6, personality: 'esxi-7.0' });
  const running = await well.find((machine) => machine.power_state === 'poweredOn' && machine.name.startsWith('web-'));
  on = running;
  const off = await well.find((machine) => machine.power_state === 'poweredOff' && !machine.is_template && machine.is_accessible);
  await desk.portal.power(off, 'power_on');
  // Turned away, and so among the failed ones; the machine stays on.
  well.simulator.control.addFault({ effect: { kind: 'unavailable' }, on: ['PowerOffVM_Task'], times: 1 });
  await desk.portal.power(running, 'power_off');
  await eventually(async () => (await desk.portal.machines(well.server.id)).filter((machine) => machine.screen_hash !== null).length > 5, {
    what: 'some pictures are there',
  });
  await gone.simulator.control.takeDown();
  await eventually(async () => (await desk.portal.server(gone.server.id)).state !== 'live', { what: 'a server is in trouble' });
  watched = await desk.open('/');
  page = watched.page;
  await answerHostSetups(page, on);
});

afterAll(async () => {
  await desk?.stop();
});

/** One look of the signed-in page: how to get there, and what must be seen before it is judged. */
interface Look {
  readonly name: string;
  readonly path: () => string;
  readonly view?: 'grid' | 'list';
  readonly show: (page: Page, language: Language) => Promise<void>;
}

const machinePath = (): string => `/machines/${on.server_id}/${encodeURIComponent(on.moid)}`;
const setupPath = (id: string) => (): string => `${machinePath()}/setup${id}`;
const openPower = async (at: Page, language: Language): Promise<void> => {
  await at.getByRole('button', { name: say(language, 'machines.power'), exact: true }).click();
  await at.getByRole('menuitem').first().waitFor();
};

/** The heading of the page itself; what is asked for beside it is no longer on its way. */
const showHeading = async (at: Page): Promise<void> => {
  await at.getByRole('main').getByRole('heading').first().waitFor();
  await at.waitForLoadState('networkidle');
};

const LOOKS: readonly Look[] = [
  {
    name: 'machines-grid',
    path: () => '/',
    show: (at) => at.getByRole('gridcell').first().waitFor(),
  },
  {
    name: 'machines-list',
    path: () => '/',
    view: 'list',
    show: (at, language) => at.getByRole('columnheader', { name: say(language, 'machines.ip') }).waitFor(),
  },
  {
    name: 'server-cause',
    path: () => '/',
    show: async (at) => {
      await at.getByRole('button', { name: /esx-02/ }).click();
      await at.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'account-menu',
    path: () => '/',
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'account.open') }).click();
      await at.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'nothing-matches',
    path: () => '/?q=no-such-machine',
    show: (at, language) => at.getByRole('heading', { name: say(language, 'machines.nothing_title') }).waitFor(),
  },
  { name: 'machine', path: machinePath, show: (at) => at.getByRole('heading', { name: on.name, level: 1 }).waitFor() },
  { name: 'power-menu', path: machinePath, show: openPower },
  {
    name: 'power-dialog',
    path: machinePath,
    show: async (at, language) => {
      await openPower(at, language);
      await at.getByRole('menuitem', { name: say(language, 'verb.power_off') }).click();
      await at.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: 'console',
    path: () => machinePath().replace('/machines/', '/console/'),
    show: async (at, language) => {
      await at.getByRole('application', { name: say(language, 'console.canvas', { name: on.name }) }).waitFor();
      await at.getByRole('button', { name: say(language, 'console.type_text') }).click();
      await at.getByRole('complementary', { name: say(language, 'typing.title') }).waitFor();
    },
  },
  {
    name: 'servers',
    path: () => '/servers',
    show: async (at) => {
      await at.getByRole('article', { name: 'esx-01' }).waitFor();
    },
  },
  {
    name: 'add-server',
    path: () => '/servers?add=yes',
    show: async (at, language) => {
      const dialog = at.getByRole('alertdialog');
      await dialog.getByRole('button', { name: say(language, 'server_form.next') }).click();
      await dialog.getByText(say(language, 'access.required')).first().waitFor();
    },
  },
  {
    name: 'health',
    path: () => '/health',
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'health.details_of', { name: 'esx-02' }) }).click();
      await at.locator('canvas').first().waitFor();
    },
  },
  {
    name: 'health-help',
    path: () => '/health',
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'health.explain', { what: say(language, 'health_col.pace') }) }).click();
      await at.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'health-limits',
    path: () => '/health',
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'health.details_of', { name: 'esx-01' }) }).click();
      await at.getByRole('button', { name: say(language, 'protect.limits') }).click();
      await at.getByRole('alertdialog').getByLabel(say(language, 'limit.max_concurrent')).fill('99');
      await at.getByText(say(language, 'limits.wrong', { min: '1', max: '32' })).waitFor();
    },
  },
  {
    name: 'health-isolate',
    path: () => '/health',
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'health.details_of', { name: 'esx-01' }) }).click();
      await at.getByRole('button', { name: say(language, 'protect.isolate') }).click();
      await at.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: 'operations',
    path: () => '/operations',
    show: (at, language) => at.getByText(say(language, 'operation_state.succeeded')).first().waitFor(),
  },
  {
    name: 'failed-operations',
    path: () => '/failed-operations',
    show: (at, language) => at.getByText(say(language, 'operation_state.unknown')).first().waitFor(),
  },
  {
    name: 'failed-operation-retry',
    path: () => '/failed-operations',
    show: async (at, language) => {
      await at
        .getByRole('button', { name: say(language, 'failed.retry'), exact: false })
        .first()
        .click();
      await at.getByRole('alertdialog').waitFor();
    },
  },
  { name: 'account', path: () => '/account', show: showHeading },
  { name: 'people', path: () => '/account/people', show: showHeading },
  { name: 'tokens', path: () => '/account/tokens', show: showHeading },
  { name: 'ssh-logins', path: () => '/account/logins', show: (at) => at.getByText('SHA256:').first().waitFor() },
  {
    name: 'add-ssh-login',
    path: () => '/account/logins',
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'host_login.add') }).click();
      const dialog = at.getByRole('alertdialog');
      await dialog.getByRole('button', { name: say(language, 'host_login.add') }).click();
      await dialog.getByText(say(language, 'access.required')).first().waitFor();
    },
  },
  {
    name: 'host-setup-wishes',
    path: setupPath(''),
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'host_setup.plan') }).click();
      await at.getByText(say(language, 'host_setup.nothing_chosen')).waitFor();
      await at.getByRole('table').waitFor();
    },
  },
  {
    name: 'host-key-changed',
    path: setupPath(''),
    show: async (at, language) => {
      await at.getByRole('textbox', { name: say(language, 'host_setup.host') }).fill('192.0.2.17');
      await at.getByRole('radio', { name: 'server' }).check();
      await at.getByRole('button', { name: say(language, 'host_setup.plan') }).click();
      await at.getByRole('button', { name: say(language, 'host_key.replace') }).click();
      await at.getByText(say(language, 'host_key.type_end_wrong')).waitFor();
    },
  },
  {
    name: 'host-setup-plan',
    path: setupPath('/planned'),
    show: async (at, language) => {
      await at.getByText('/etc/hosts').first().waitFor();
      await at.locator('summary', { hasText: '/etc/hosts' }).last().click();
      await at.getByRole('button', { name: say(language, 'host_apply.apply'), exact: true }).click();
      await at.getByText(say(language, 'host_apply.accept_needed')).waitFor();
    },
  },
  {
    name: 'host-setup-degraded',
    path: setupPath('/degraded'),
    show: (at, language) => at.getByText(say(language, 'host_outcome.finish_with'), { exact: true }).waitFor(),
  },
  {
    name: 'host-setup-roll-back',
    path: setupPath('/degraded'),
    show: async (at, language) => {
      await at.getByRole('button', { name: say(language, 'host_rollback.open') }).click();
      await at.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: 'host-setup-no-plan',
    path: setupPath('/no-plan'),
    show: (at, language) => at.getByText(say(language, 'host_outcome.plan_failed')).waitFor(),
  },
];

/** With the theme of the system, which changes below the open page as it does at dusk. */
async function show(look: Look, language: Language): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await choose(page, { language, theme: 'system', view: look.view ?? 'grid' });
  await page.goto(`${desk.portal.origin}${look.path()}`);
  await look.show(page, language);
}

/** The choice is where the pages keep it themselves, so it counts from the next page on. */
async function choose(
  at: Page,
  preferences: { readonly language: Language; readonly theme: 'system' | Theme; readonly view: 'grid' | 'list' },
): Promise<void> {
  await at.evaluate(`localStorage.setItem('breakwater.preferences', ${JSON.stringify(JSON.stringify(preferences))})`);
}

const readBackground = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');

/** WCAG 1.4.10 asks for 320 pixels of text; the pages promise 360 with everything on them. */
async function expectToFit(at: Page, name: string): Promise<void> {
  await at.setViewportSize({ width: 360, height: 740 });
  try {
    await settle(at);
    await photograph(at, `${name}.narrow`);
    expect(await findOverflow(at)).toEqual({ px: 0, culprits: [] });
  } finally {
    await at.setViewportSize({ width: 1280, height: 800 });
  }
}

async function photograph(at: Page, name: string): Promise<void> {
  if (screenshots !== undefined) await at.screenshot({ path: join(screenshots, `${name}.png`) });
}

describe.each(LANGUAGES)('in %s', (language) => {
  test.each(LOOKS)('axe finds nothing in $name by day and by night, and 360 pixels are wide enough for it', async (look) => {
    await show(look, language);
    const backgrounds = new Set<unknown>();
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await settle(page);
      await photograph(page, `${look.name}.${language}.${theme}`);
      backgrounds.add(await readBackground());
      expect(await findViolations(page), theme).toEqual([]);
    }
    expect(backgrounds.size).toBe(2);
    expect(await page.evaluate('document.documentElement.lang')).toBe(language);
    await expectToFit(page, `${look.name}.${language}`);
  });
});

test('nothing went wrong inside the pages', () => {
  expect(watched.problems()).toEqual([]);
});

test('axe finds nothing on the pages before sign-in, in any language and theme, and they fit 360 pixels', async () => {
  const portal = await startPortal();
  try {
    const fresh = await openPage(desk.browser);
    await fresh.page.goto(portal.origin);
    for (const [name, origin, title] of [
      ['setup', portal.origin, 'access.setup_title'],
      ['sign-in', desk.portal.origin, 'access.sign_in_title'],
      ['link-refused', `${desk.portal.origin}/link/not-a-link`, 'access.link_failed'],
    ] as const) {
      await fresh.page.goto(origin);
      for (const language of LANGUAGES) {
        for (const theme of THEMES) {
          await choose(fresh.page, { language, theme, view: 'grid' });
          await fresh.page.goto(origin);
          await fresh.page.getByRole('heading', { name: say(language, title) }).waitFor();
          await settle(fresh.page);
          await photograph(fresh.page, `${name}.${language}.${theme}`);
          expect(await findViolations(fresh.page), `${name} in ${language}, ${theme}`).toEqual([]);
        }
        await expectToFit(fresh.page, `${name}.${language}`);
      }
    }
    expect(fresh.problems()).toEqual([]);
  } finally {
    await portal.stop();
  }
});

test('a page with a fault is not let through', async () => {
  const { page: bad } = await openPage(desk.browser);
  await bad.setContent(
    '<html><body><img src="data:,"><p style="color:#999;background:#fff">pale</p><div style="width:3000px">wide</div></body></html>',
  );
  const rules = (await findViolations(bad)).map((line) => line.split(' ')[0]);
  expect(rules).toEqual(expect.arrayContaining(['color-contrast', 'html-has-lang', 'image-alt']));
  expect((await findOverflow(bad)).px).toBeGreaterThan(1_000);
  await bad.context().close();
});
