import { createAccess } from '@breakwater/access';
import { createFakeSecretIssuer, createInMemoryAccessRepositories, FakeHasher, FakeSetupTokenStore } from '@breakwater/access/testing';
import type { Role } from '@breakwater/contract';
import { createSetupBed, type SetupBed } from '@breakwater/host-config/testing';
import { type Clock, type Logger, ManualClock, Secret, silentLogger } from '@breakwater/kernel';
import { type Config, readConfig } from '../config.ts';
import { createPortal, type Portal, type PortalOptions } from '../portal.ts';
import { FakeFleet } from './fake-fleet.ts';

const TOKENS: Readonly<Record<Role, string>> = {
  viewer: 'viewer-token-for-tests-0001',
  operator: 'operator-token-for-tests-01',
  admin: 'admin-token-for-tests-00001',
};

export interface TestPortal {
  readonly portal: Portal;
  readonly fleet: FakeFleet;
  readonly clock: ManualClock;
  /** Set-ups of hosts, all on one host in memory. */
  readonly hosts: SetupBed;
  /** Headers of a caller with this role. */
  as(role: Role): { readonly host: string; readonly authorization: string };
}

export interface TestPortalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly webRoot?: string;
  readonly logger?: Logger;
  readonly sharedState?: PortalOptions['sharedState'];
}

/** A portal on a fake fleet and a manual clock, with one token per role. */
export function createTestPortal(options: TestPortalOptions = {}): TestPortal {
  const clock = new ManualClock();
  const fleet = new FakeFleet(clock);
  const logger = options.logger ?? silentLogger;
  const access = createTestAccess(clock, logger);
  for (const [role, token] of Object.entries(TOKENS)) access.acceptToken({ token: new Secret(token), role: role as Role });
  const hosts = createSetupBed({ clock, machines: fleet, journal: fleet.journal });
  const portal = createPortal({
    fleet,
    access,
    hostSetups: hosts.setups,
    config: readTestConfig(options.env ?? {}),
    logger,
    clock,
    webRoot: options.webRoot ?? '/nonexistent',
    version: '0.0.0-test',
    demo: false,
    sharedState: options.sharedState,
  });
  return { portal, fleet, clock, hosts, as: (role) => ({ host: 'localhost:5001', authorization: `Bearer ${TOKENS[role]}` }) };
}

export const createTestAccess = (clock: Clock, logger: Logger): ReturnType<typeof createAccess> =>
  createAccess({
    repositories: createInMemoryAccessRepositories(),
    hasher: new FakeHasher(),
    secrets: createFakeSecretIssuer(),
    setupTokenStore: new FakeSetupTokenStore(),
    clock,
    logger,
  });

export function readTestConfig(env: Readonly<Record<string, string>>): Config {
  const result = readConfig({ PORT: '0', HOST: '127.0.0.1', ...env }, { files: { readText: () => '' } });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}
