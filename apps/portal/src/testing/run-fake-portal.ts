import { createSetupBed } from '@breakwater/host-config/testing';
import { createSeededRandom, Secret, systemClock } from '@breakwater/kernel';
import { createLogger } from '../logger.ts';
import { createPortal } from '../portal.ts';
import { createChangingFleet } from './changing-fleet.ts';
import { createTestAccess, readTestConfig } from './test-portal.ts';

/**
 * A portal on a fake fleet, for working on the page: `node --conditions=@breakwater/source
 * apps/portal/src/testing/run-fake-portal.ts [port] [web root]`. Signs in as admin / breakwater.
 */
const [port = '5001', webRoot = new URL('../../../web/dist', import.meta.url).pathname] = process.argv.slice(2);
const clock = systemClock;
const logger = createLogger({ level: 'info', format: 'pretty', clock, write: (line) => void process.stdout.write(line) });
const access = createTestAccess(clock, logger);
await access.ensureAdministrator({ username: 'admin', password: new Secret('breakwater') });
access.acceptToken({ token: new Secret('a-token-for-trying-things'), role: 'admin' });
const fleet = createChangingFleet({ clock, random: createSeededRandom(7) });
const config = readTestConfig({ PORT: port, HOST: '127.0.0.1' });
const { setups: hostSetups } = createSetupBed({ clock, machines: fleet, journal: fleet.journal });
const portal = createPortal({ fleet, access, hostSetups, config, logger, clock, webRoot, version: '0.0.0-fake', demo: true });
const { url } = await portal.listen();
logger.info(`The page is at ${url}; sign in as admin / breakwater, or use the bearer token a-token-for-trying-things`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void portal.close());
