import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine, Server } from '@breakwater/contract';
import { DEFAULT_USERS, type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openBrowser, openPage, type WatchedPage } from './browser.ts';
import { type PortalProcess, startPortal } from './portal-process.ts';

export const ADMINISTRATOR = { username: 'anna', password: 'correct horse battery' } as const;

export interface SimulatedServer {
  readonly simulator: VsphereSimulator;
  readonly server: Server;
  /** The first machine, by name, that is as wanted. */
  find(wanted: (machine: Machine) => boolean): Promise<Machine>;
}

/** A portal whose first administrator exists, a browser, and simulated servers as they are asked for. */
export interface Desk {
  readonly portal: PortalProcess;
  readonly browser: Browser;
  addSimulator(options: Partial<SimulatorOptions> & { readonly name: string }): Promise<SimulatedServer>;
  /** A page of a browser that is signed in, at `path`. */
  open(path: string, options?: BrowserContextOptions): Promise<WatchedPage>;
  stop(): Promise<void>;
}

export async function openDesk(options: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<Desk> {
  const portal = await startPortal({ env: { CB_RECOVERY_TIMEOUT: '1', ESXI_REQUEST_TIMEOUT: '5', ...options.env } });
  const simulators: VsphereSimulator[] = [];
  let browser: Browser;
  try {
    await createAdministrator(portal);
    browser = await openBrowser();
  } catch (error) {
    await portal.stop();
    throw error;
  }
  return {
    portal,
    browser,
    async addSimulator({ name, ...settings }) {
      const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 12, seed: simulators.length + 1, ...settings });
      simulators.push(simulator);
      const [user = '', password = ''] = Object.entries(DEFAULT_USERS)[0] ?? [];
      const server = await portal.addServer({ name, host: '127.0.0.1', port: simulator.port, user, password });
      return {
        simulator,
        server,
        async find(wanted) {
          const machines = (await portal.machines(server.id)).toSorted((left, right) => left.name.localeCompare(right.name));
          const found = machines.find(wanted);
          if (found === undefined) throw new Error(`no machine of ${name} is as wanted`);
          return found;
        },
      };
    },
    async open(path, settings) {
      const watched = await openPage(browser, settings);
      const answer = await watched.page.request.post(`${portal.origin}/api/v1/session`, { data: ADMINISTRATOR });
      if (!answer.ok()) throw new Error(`not signed in: ${answer.status()} ${await answer.text()}`);
      await watched.page.goto(`${portal.origin}${path}`);
      return watched;
    },
    async stop() {
      await browser.close();
      await portal.stop();
      await Promise.all(simulators.map((simulator) => simulator.stop()));
    },
  };
}

/** The one-time token of the first run, from where the person who started the portal finds it. */
export async function readSetupToken(portal: PortalProcess): Promise<string> {
  const [, printed] = await portal.child.waitFor(/one-time token:\s+(\S+)/);
  const kept = readFileSync(join(portal.dataDir, 'setup-token'), 'utf8').trim();
  if (kept !== printed) throw new Error('the token in the data folder is not the one that was printed');
  return kept;
}

async function createAdministrator(portal: PortalProcess): Promise<void> {
  const response = await fetch(`${portal.origin}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: await readSetupToken(portal), ...ADMINISTRATOR }),
  });
  if (!response.ok) throw new Error(`no administrator: ${response.status} ${await response.text()}`);
}
