import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type Access, createAccess } from '@breakwater/access';
import { createFleet, type Fleet } from '@breakwater/fleet';
import type { HostSetups } from '@breakwater/host-config';
import { createSharpScreenEncoder } from '@breakwater/images';
import { type Clock, type Logger, OpsError } from '@breakwater/kernel';
import { type Config, createPortal, type Portal } from '@breakwater/portal';
import { createScryptHasher, createSecretIssuer, openStorage } from '@breakwater/storage';
import { createVsphereLinks } from '@breakwater/vsphere-fleet';
import { type OpenedHostSetups, openHostSetups } from './open-host-setups.ts';
import { openSharedState } from './open-shared-state.ts';

export interface Composition {
  readonly fleet: Fleet;
  readonly access: Access;
  readonly hostSetups: HostSetups;
  readonly portal: Portal;
  /** Ends everything in the order in which nothing is lost: doors, fleet, what is shared, storage. */
  close(): Promise<void>;
}

export interface CompositionOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly demo: 'simulated-fleet' | 'none';
}

export const WEB_ROOT = fileURLToPath(new URL('../../web/dist', import.meta.url));

export async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return manifest.version;
}

const DAY_MS = 86_400_000;

/** The format of spec 02. */
const DOCUMENTED_JPEG = { format: 'jpeg', width: 200, height: 150, quality: 50 } as const;

async function readAuthorities(path: string | null): Promise<{ readonly authoritiesPem?: string }> {
  if (path === null) return {};
  try {
    return { authoritiesPem: [...rootCertificates, await readFile(path, 'utf8')].join('\n') };
  } catch (cause) {
    throw new OpsError({
      code: 'CLI_CA_FILE_UNREADABLE',
      message: `BREAKWATER_CA_FILE: ${path} cannot be read; check its path, owner and mode.`,
      cause,
    });
  }
}

/** Wires the product by hand. Nothing is started yet but the storage. */
export async function compose(options: CompositionOptions): Promise<Composition> {
  const { clock, config, logger } = options;
  const authorities = await readAuthorities(config.caFile);
  const storage = await openStorage({
    dataDir: config.dataDir,
    logger: logger.with({ component: 'storage' }),
    clock,
    journal: { maxAgeMs: config.journalDays * DAY_MS, maxOperations: config.journalSize },
  });
  const access = createAccess({
    repositories: storage.access,
    hasher: createScryptHasher(),
    secrets: createSecretIssuer(),
    setupTokenStore: storage.setupTokenStore,
    clock,
    logger: logger.with({ component: 'access' }),
  });
  const shared = await openSharedState(config.valkeyUrl, { clock, logger: logger.with({ component: 'shared-state' }) });
  const fleet = createFleet({
    servers: storage.servers,
    inventory: storage.inventory,
    operations: storage.operations,
    deadLetters: storage.deadLetters,
    controls: storage.controls,
    histories: storage.histories,
    links: createVsphereLinks({
      clock,
      logger: logger.with({ component: 'vsphere' }),
      shared: shared?.breakers,
      options: {
        ...authorities,
        poolSize: config.esxiPoolSize,
        connectionTtlMs: config.esxiConnectionTtlMs,
        screenTimeoutMs: config.esxiScreenshotTimeoutMs,
        confirmIntervalMs: config.backgroundRefreshIntervalMs,
        limiter: config.esxiLimiter,
        limits: {
          maxConcurrent: config.esxiMaxConcurrent,
          minIntervalMs: config.esxiMinIntervalMs,
          requestTimeoutMs: config.esxiRequestTimeoutMs,
          failureThreshold: config.cbFailureThreshold,
          recoveryMs: config.cbRecoveryTimeoutMs,
          successThreshold: config.cbSuccessThreshold,
        },
      },
    }),
    encoder: createSharpScreenEncoder({
      ...(config.thumbnailFormat === 'jpeg' ? DOCUMENTED_JPEG : {}),
      avif: config.thumbnailAvif ? 'on' : 'off',
    }),
    clock,
    logger: logger.with({ component: 'fleet' }),
    options: {
      vmListTtlMs: config.vmListCacheTtlMs,
      thumbnailTtlMs: config.thumbnailCacheTtlMs,
      backgroundRefreshIntervalMs: config.backgroundRefreshIntervalMs,
    },
  });
  const hosts: OpenedHostSetups = await openHostSetups({
    fleet,
    storage,
    clock,
    logger: logger.with({ component: 'host-setups' }),
    stateDir: join(config.dataDir, 'host'),
    atOnce: config.hostSetupsAtOnce,
    plugins: config.hostPlugins,
    machines: options.demo === 'simulated-fleet' ? 'simulated' : 'real',
  });
  const portal = createPortal({
    fleet,
    access,
    hostSetups: hosts.setups,
    config,
    logger: logger.with({ component: 'portal' }),
    clock,
    webRoot: WEB_ROOT,
    version: await readVersion(),
    demo: options.demo === 'simulated-fleet',
    databaseBytes: () => storage.sizeBytes(),
    sharedState: shared === null ? undefined : () => shared.breakers.figures(),
  });
  return {
    fleet,
    access,
    hostSetups: hosts.setups,
    portal,
    async close() {
      try {
        await portal.close();
      } finally {
        try {
          // Before the fleet, into whose journal they write how they ended.
          await hosts.close();
          await fleet.stop();
        } finally {
          try {
            await shared?.close();
          } finally {
            await storage.close();
          }
        }
      }
    },
  };
}
