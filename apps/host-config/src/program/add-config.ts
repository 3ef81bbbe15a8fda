import type { Command } from 'commander';
import { confirmConfig, printSchema, showConfig, writeConfig } from '../commands/config.ts';
import { listModules, showModule } from '../commands/modules.ts';
import { listProfiles, showProfile, validateProfiles } from '../commands/profiles.ts';
import { printEventSchema } from '../commands/schema.ts';
import { openConsole, type ProgramRoom, withLoadedSettings, withSettings } from './action.ts';

/** Commands about settings; they need no host. */
export function addConfig(program: Command, room: ProgramRoom): void {
  const config = program.command('config').description('shows, checks and writes settings');
  withSettings(config.command('show'))
    .description('shows every setting as it is after all sources')
    .option('--origin', 'show where each value comes from', false)
    .addHelpText('after', '\nExample:\n  $ VPSCFG_APT__CACHE_VALID=60 vps-configurator config show --origin')
    .action((options: { readonly origin: boolean }, command: Command) =>
      withLoadedSettings(command, room, ({ console, settings }) => showConfig(console, settings, { withOrigin: options.origin })),
    );
  withSettings(config.command('validate'))
    .description('checks the settings; every problem is told with its file, line and column')
    .argument('[file]', 'the same as --config')
    .action((file: string | undefined, _options: unknown, command: Command) => {
      if (file !== undefined) command.setOptionValue('config', file);
      return withLoadedSettings(command, room, ({ console, settings }) => confirmConfig(console, settings));
    });
  withSettings(config.command('schema'))
    .description('prints the JSON Schema of the settings, for editors')
    .action((_options: unknown, command: Command) =>
      withLoadedSettings(command, room, ({ console, settings }) => printSchema(console, settings)),
    );
  config
    .command('init')
    .description('writes a file with every setting, its default and what it means; never over a file that is there')
    .argument('[file]', 'default: standard output')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      room.ending.exitCode = await writeConfig(openConsole(command, room), file ?? null);
    });

  program
    .command('schema')
    .description('tells programs what to expect')
    .command('events')
    .description('prints the JSON Schema of the lines that --json prints')
    .action((_options: unknown, command: Command) => {
      room.ending.exitCode = printEventSchema(openConsole(command, room));
    });

  const modules = program.command('modules').description('tells what can be set up');
  withSettings(modules.command('list'))
    .description('lists the modules, plugins too')
    .action((_options: unknown, command: Command) =>
      withLoadedSettings(command, room, ({ console, settings }) => listModules(console, settings.modules)),
    );
  withSettings(modules.command('show'))
    .description('shows the settings of a module')
    .argument('<module>', 'its name')
    .action((name: string, _options: unknown, command: Command) =>
      withLoadedSettings(command, room, ({ console, settings }) => showModule(console, name, settings.modules)),
    );

  const profiles = program.command('profiles').description('tells what hosts can be');
  profiles
    .command('list')
    .description('lists the profiles')
    .action((_options: unknown, command: Command) =>
      withProfiles(command, room, ({ console, parts }) => listProfiles(console, parts.profiles)),
    );
  profiles
    .command('show')
    .description('shows the modules and settings of a profile')
    .argument('<profile>', 'its name')
    .action((name: string, _options: unknown, command: Command) =>
      withProfiles(command, room, ({ console, parts }) => showProfile(console, name, parts.profiles)),
    );
  profiles
    .command('validate')
    .description('checks the settings of a profile, or of all')
    .argument('[profile]', 'its name')
    .action((name: string | undefined, _options: unknown, command: Command) =>
      withProfiles(command, room, ({ console, parts }) => validateProfiles(console, name ?? null, parts)),
    );
}

async function withProfiles(
  command: Command,
  room: ProgramRoom,
  work: (at: { console: ReturnType<typeof openConsole>; parts: Awaited<ReturnType<ProgramRoom['surroundings']['loadParts']>> }) => number,
): Promise<void> {
  room.ending.exitCode = work({ console: openConsole(command, room), parts: await room.surroundings.loadParts() });
}
