import { OpsError } from '@breakwater/kernel';
import { describeConfig } from '@breakwater/portal/config';
import { Command, InvalidArgumentError, Option } from 'commander';
import { printConfig } from './commands/config-print.ts';
import { addServer, listServers, type ServerCommandContext, testServer, trustServer } from './commands/server.ts';
import type { SimulateVsphereInput } from './commands/simulate-vsphere.ts';
import { loadConfig, readDemoPort } from './config.ts';
import { readControlFile } from './control-file.ts';
import { createPortalClient } from './portal-client.ts';
import type { Terminal } from './terminal.ts';

const DEMO_PORT = 5_001;

const PERSONALITIES: readonly SimulateVsphereInput['personality'][] = ['esxi-6.7', 'esxi-7.0', 'esxi-8.0', 'vcenter-8.0'];

/**
 * The commands and their options. What they do lies in `commands/`, one file each; the large ones are loaded when they are asked for,
 * because a portal need not wait for a simulator it will not use.
 */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('breakwater')
    .description('One calm place from which a few people see and operate a whole fleet, without ever overloading it.')
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError();
  addDemo(program, terminal);
  addServe(program, terminal);
  addServerCommands(program, terminal);
  addSimulate(program, terminal);
  addConfig(program, terminal);
  addHost(program);
  return program;
}

function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('runs the portal on a simulated fleet; its data lie in a temporary folder that is gone afterwards')
    .option('--port <number>', `port of the portal; 0 takes any free one; default: PORT, or ${DEMO_PORT}`, toPort)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--machines <number>', 'machines of the whole fleet', toCount({ min: 4, max: 20_000 }), 96)
    .option('--seed <number>', 'the same seed gives the same fleet', toCount({ min: 0, max: 4_294_967_295 }), 7)
    .option('--no-outages', 'leave out the scripted outage of one host every few minutes')
    .option('--outage-every <minutes>', 'time between two scripted outages', toCount({ min: 1, max: 1_440 }), 4)
    .addOption(new Option('--log-level <level>', 'what the portal reports').choices(['debug', 'info', 'warn', 'error']).default('error'))
    .action(async (options: DemoFlags) => {
      const { runDemo } = await import('./commands/demo.ts');
      const port = options.port ?? toDemoPort(readDemoPort());
      await runDemo(terminal, { ...options, port, outageEveryMinutes: options.outages ? options.outageEvery : null });
    });
}

/** An option that is wrong is told by its name, and so is a variable. */
function toDemoPort(text: string): number {
  if (text.trim() === '') return DEMO_PORT;
  try {
    return toPort(text.trim());
  } catch (error) {
    throw new OpsError({ code: 'CLI_CONFIG_INVALID', message: `PORT is "${text.slice(0, 60)}"; it must be a port number.`, cause: error });
  }
}

interface DemoFlags {
  readonly port?: number;
  readonly host: string;
  readonly machines: number;
  readonly seed: number;
  readonly outages: boolean;
  readonly outageEvery: number;
  readonly logLevel: string;
}

function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('runs the portal')
    .option('--port <number>', 'instead of PORT', toPort)
    .option('--host <address>', 'instead of HOST')
    .option('--data-dir <folder>', 'instead of BREAKWATER_DATA_DIR')
    .addHelpText('after', () => `\nAll other settings come from the environment:\n\n${describeConfig({ format: 'text' })}`)
    .action(async (options: { readonly port?: number; readonly host?: string; readonly dataDir?: string }) => {
      const changes = {
        ...(options.port === undefined ? {} : { PORT: String(options.port), FLASK_PORT: '' }),
        ...(options.host === undefined ? {} : { HOST: options.host }),
        ...(options.dataDir === undefined ? {} : { BREAKWATER_DATA_DIR: options.dataDir }),
      };
      // Read first: a wrong setting is told before the portal is even loaded.
      const config = loadConfig(changes);
      const { serve } = await import('./commands/serve.ts');
      await serve({ config, terminal });
    });
}

function addServerCommands(program: Command, terminal: Terminal): void {
  const server = program
    .command('server')
    .description('manages the servers of the portal that runs on the data folder (BREAKWATER_DATA_DIR)');
  const open = (): ServerCommandContext => {
    const { dataDir } = loadConfig();
    return { terminal, client: createPortalClient(readControlFile(dataDir)) };
  };
  server
    .command('list')
    .description('lists the servers with their state')
    .action(async () => listServers(open()));
  server
    .command('add')
    .description(
      'shows the certificate, tests the credentials, then adds the server; the password is asked for or read from standard input',
    )
    .argument('<address>', 'host name or IP address')
    .requiredOption('--user <name>', 'user to sign in with')
    .option('--name <text>', 'name shown in the portal; default: the address')
    .option('--port <number>', 'HTTPS port', toPort, 443)
    .addOption(new Option('--fingerprint <sha256>', 'trust exactly this certificate, without asking').conflicts('verifySsl'))
    .option('--verify-ssl', 'the certificate must chain to a known authority instead of being pinned', false)
    .action(async (address: string, options: AddFlags) =>
      addServer(open(), { ...options, address, name: options.name, fingerprint: options.fingerprint }),
    );
  server
    .command('test')
    .description('tries name, port, certificate, version, sign-in and inventory, and reports each step')
    .argument('<id>', 'id of the server, as "server list" shows it')
    .action(async (id: string) => testServer(open(), id));
  server
    .command('trust')
    .description('shows a new certificate of a server and pins it after confirmation')
    .argument('<id>', 'id of the server, as "server list" shows it')
    .option('--fingerprint <sha256>', 'trust exactly this certificate, without asking')
    .action(async (id: string, options: { readonly fingerprint?: string }) =>
      trustServer(open(), id, { fingerprint: options.fingerprint }),
    );
}

interface AddFlags {
  readonly user: string;
  readonly name?: string;
  readonly port: number;
  readonly fingerprint?: string;
  readonly verifySsl: boolean;
}

function addSimulate(program: Command, terminal: Terminal): void {
  program
    .command('simulate')
    .description('serves a simulated foreign system')
    .command('vsphere')
    .description('serves one ESXi host or vCenter: SOAP, screens, consoles, and a control door for faults')
    .addOption(new Option('--personality <name>', 'what to be').choices(PERSONALITIES).default('esxi-8.0'))
    .option('--machines <number>', 'how many machines', toCount({ min: 0, max: 20_000 }), 24)
    .option('--seed <number>', 'the same seed gives the same machines', toCount({ min: 0, max: 4_294_967_295 }), 7)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'HTTPS port; 0 takes any free one', toPort, 8_443)
    .option('--control-port <number>', 'plain HTTP port of the control door, on loopback; 0 takes any free one', toPort, 0)
    .action(async (options: SimulateVsphereInput) => {
      const { simulateVsphere } = await import('./commands/simulate-vsphere.ts');
      await simulateVsphere(terminal, options);
    });
}

function addConfig(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .description('shows the settings')
    .command('print')
    .description('prints every setting with its value; secrets stay hidden')
    .option('--table', 'print what every setting means and its default instead', false)
    .option('--markdown', 'print that table as Markdown', false)
    .action((options: { readonly table: boolean; readonly markdown: boolean }) => {
      printConfig(terminal, { format: options.markdown ? 'markdown' : options.table ? 'text' : 'values' });
    });
}

/** `vps-configurator` under another name; it has its own options, help and exit codes. */
function addHost(program: Command): void {
  program
    .enablePositionalOptions()
    .command('host')
    .description('sets up Debian hosts; the same as vps-configurator')
    .argument('[arguments...]')
    .passThroughOptions()
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: readonly string[]) => {
      const { openSurroundings, runProgram } = await import('@breakwater/host-config-cli');
      process.exitCode = await runProgram(args, openSurroundings());
    });
}

function toPort(text: string): number {
  return toCount({ min: 0, max: 65_535 })(text);
}

function toCount(range: { readonly min: number; readonly max: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${range.min} to ${range.max}.`);
  };
}
