import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, type Logger, Secret, systemClock } from '@breakwater/kernel';
import { type Config, createLogger } from '@breakwater/portal';
import { type Composition, compose } from '../composition.ts';
import { removeControlFile, requireFreeDataDir, writeControlFile } from '../control-file.ts';
import { takeOverServers } from '../take-over-servers.ts';
import type { Terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';

export interface ServeContext {
  readonly config: Config;
  readonly terminal: Terminal;
}

/** Runs the portal until it is told to stop. */
export async function serve({ config, terminal }: ServeContext): Promise<void> {
  const clock = systemClock;
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    clock,
    write: (line) => void process.stdout.write(line),
  });
  await requireFreeDataDir(config.dataDir);
  const composition = await compose({ config, logger, clock, demo: 'none' });
  try {
    const { origin } = await openDoors(composition, { config, logger, clock });
    await announce(composition, { terminal, origin, dataDir: config.dataDir });
    await untilStopped();
    logger.info('Stopping: streams and consoles are told, running requests may finish');
  } finally {
    removeControlFile(config.dataDir);
    await composition.close();
  }
}

async function openDoors(
  composition: Composition,
  options: { readonly config: Config; readonly logger: Logger; readonly clock: Clock },
): Promise<{ readonly origin: string }> {
  const { access, fleet, portal } = composition;
  const { config, logger } = options;
  if (config.adminPassword !== null) await access.ensureAdministrator({ username: config.adminUser, password: config.adminPassword });
  if (config.apiToken !== null) access.acceptToken({ token: config.apiToken, role: config.apiTokenRole });
  await fleet.start();
  await takeOverServers(fleet, { config, logger });
  const address = await portal.listen();
  const token = `bwt_control-${randomBytes(32).toString('base64url')}`;
  access.acceptToken({ token: new Secret(token), role: 'admin' });
  const origin = address.url.replace(/\/$/, '');
  writeControlFile(config.dataDir, { origin, token, pid: process.pid });
  logger.info('Listening', { url: address.url });
  return { origin };
}

async function announce(
  { access }: Composition,
  options: { readonly terminal: Terminal; readonly origin: string; readonly dataDir: string },
): Promise<void> {
  const setupToken = await access.setupToken();
  if (setupToken === null) return;
  options.terminal.print(
    `\nFirst start: open ${options.origin}/setup and give this one-time token:\n\n  ${setupToken.reveal()}\n\nIt also lies in ${join(options.dataDir, 'setup-token')} until the first administrator is made.\n`,
  );
}
