import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Logger, Secret, systemClock } from '@breakwater/kernel';
import { type Config, createLogger } from '@breakwater/portal';
import { type Composition, compose } from '../composition.ts';
import { claimDataDir, removeControlFile, writeControlFile } from '../control-file.ts';
import { listen } from '../listen.ts';
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
  const lock = await claimDataDir(config.dataDir);
  try {
    await run(await compose({ config, logger, clock, demo: 'none' }), { config, logger, terminal });
  } finally {
    lock.release();
  }
}

async function run(composition: Composition, options: OpenDoorsOptions & { readonly terminal: Terminal }): Promise<void> {
  const { config, logger, terminal } = options;
  try {
    const { origin } = await openDoors(composition, options);
    await announce(composition, { terminal, origin, dataDir: config.dataDir });
    await untilStopped();
    logger.info('Stopping: streams and consoles are told, running requests may finish');
  } finally {
    removeControlFile(config.dataDir);
    await composition.close();
  }
}

interface OpenDoorsOptions {
  readonly config: Config;
  readonly logger: Logger;
}

async function openDoors(composition: Composition, options: OpenDoorsOptions): Promise<{ readonly origin: string }> {
  const { access, fleet, hostSetups, portal } = composition;
  const { config, logger } = options;
  if (config.adminPassword !== null) await access.ensureAdministrator({ username: config.adminUser, password: config.adminPassword });
  if (config.apiToken !== null) access.acceptToken({ token: config.apiToken, role: config.apiTokenRole });
  await fleet.start();
  await hostSetups.start();
  await takeOverServers(fleet, { config, logger });
  const address = await listen(portal);
  const token = `bwt_control-${randomBytes(32).toString('base64url')}`;
  access.acceptToken({ token: new Secret(token), role: 'admin' });
  const origin = address.url.replace(/\/$/, '');
  writeControlFile(config.dataDir, { origin: toControlOrigin(origin, config), token, pid: process.pid });
  logger.info('Listening', { url: address.url });
  return { origin };
}

/** `localhost` may lead to the other family of addresses, where anybody on this computer could listen and be given the token. */
function toControlOrigin(origin: string, { host }: Config): string {
  if (host === '0.0.0.0') return origin.replace('//localhost', '//127.0.0.1');
  return host === '::' ? origin.replace('//localhost', '//[::1]') : origin;
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
