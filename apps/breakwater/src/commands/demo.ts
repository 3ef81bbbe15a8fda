import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, Secret, systemClock } from '@breakwater/kernel';
import { createLogger } from '@breakwater/portal';
import { createFleetPersonality, DEFAULT_USERS, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { type Composition, compose } from '../composition.ts';
import { loadConfigOf } from '../config.ts';
import { listen } from '../listen.ts';
import { type OutageStage, runOutages } from '../outages.ts';
import type { Terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';

export interface DemoInput {
  readonly port: number;
  readonly host: string;
  readonly machines: number;
  readonly seed: number;
  /** Null: no scripted outages. */
  readonly outageEveryMinutes: number | null;
  readonly logLevel: string;
}

interface SimulatedServer {
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly simulator: VsphereSimulator;
}

/** The presets' machines are 1, 0.75, 0.5 and 2 parts for the four servers. */
const PARTS = 4.25;

const DEMO_USER = 'demo';

/** The portal in front of three simulated hosts and a vCenter, all in this process; nothing is left behind. */
export async function runDemo(terminal: Terminal, input: DemoInput): Promise<void> {
  const clock = systemClock;
  const stopped = untilStopped();
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-demo-'));
  const servers: SimulatedServer[] = [];
  let composition: Composition | null = null;
  const outages = new AbortController();
  let outagesEnded: Promise<void> = Promise.resolve();
  try {
    servers.push(...(await startServers(input, clock)));
    composition = await startPortal({ input, dataDir, servers, clock, terminal });
    if (input.outageEveryMinutes !== null) {
      const stages = servers.map(({ name, simulator }): OutageStage => ({ name, control: simulator.control }));
      outagesEnded = runOutages(stages, {
        clock,
        everyMs: input.outageEveryMinutes * 60_000,
        signal: outages.signal,
        announce: (line) => terminal.print(line),
      });
    }
    await stopped;
    terminal.print('\nStopping …');
  } finally {
    outages.abort();
    await outagesEnded;
    await composition?.close();
    await Promise.all(servers.map(({ simulator }) => simulator.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function startServers({ machines, seed }: DemoInput, clock: Clock): Promise<SimulatedServer[]> {
  const presets = createFleetPersonality({ seed, machinesPerHost: Math.max(1, Math.round(machines / PARTS)) });
  return await Promise.all(
    presets.map(async (preset) => {
      const [user = '', password = ''] = Object.entries(preset.users ?? DEFAULT_USERS)[0] ?? [];
      return { name: preset.name, user, password, simulator: await startVsphereSimulator({ ...preset, clock }) };
    }),
  );
}

async function startPortal(options: {
  readonly input: DemoInput;
  readonly dataDir: string;
  readonly servers: readonly SimulatedServer[];
  readonly clock: Clock;
  readonly terminal: Terminal;
}): Promise<Composition> {
  const { clock, dataDir, input, servers, terminal } = options;
  const config = loadConfigOf({
    PORT: String(input.port),
    HOST: input.host,
    LOG_LEVEL: input.logLevel,
    LOG_FORMAT: 'pretty',
    BREAKWATER_DATA_DIR: dataDir,
    BREAKWATER_SERVERS_FILE: join(dataDir, 'servers.json'),
  });
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    clock,
    write: (line) => void process.stderr.write(line),
  });
  const composition = await compose({ config, logger, clock, demo: 'simulated-fleet' });
  const { access, fleet, hostSetups, portal } = composition;
  await access.ensureAdministrator({ username: DEMO_USER, password: new Secret(randomBytes(24).toString('base64url')) });
  await fleet.start();
  await hostSetups.start();
  for (const { name, user, password, simulator } of servers) {
    await fleet.addServer({
      name,
      host: '127.0.0.1',
      port: simulator.port,
      user,
      password,
      verify_ssl: false,
      pinned_sha256: simulator.certificateSha256,
      enabled: true,
    });
  }
  const { url } = await listen(portal);
  const link = await access.createLink(DEMO_USER);
  terminal.print(`\nBreakwater is running on a simulated fleet: ${servers.map(({ name }) => name).join(', ')}.\n`);
  terminal.print(`  Open this link; it signs you in once:  ${url}link/${link.reveal()}\n`);
  if (input.outageEveryMinutes !== null) {
    terminal.print(
      `  A server has trouble every ${input.outageEveryMinutes} minutes, so that you can see what that looks like (--no-outages switches it off).`,
    );
  }
  terminal.print('  Ctrl+C stops everything and leaves nothing behind.\n');
  return composition;
}
