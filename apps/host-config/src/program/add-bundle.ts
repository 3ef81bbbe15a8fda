import type { Command } from 'commander';
import { createBundle } from '../commands/bundle-create.ts';
import { showBundle } from '../commands/bundle-show.ts';
import { openConsole, type ProgramRoom, withSelection, withSession } from './action.ts';
import { type ApplyOptions, runApply, toSha256, withApplyOptions } from './add-act.ts';

/** Everything that a run would fetch, carried in one file to where there is no network. */
export function addBundle(program: Command, room: ProgramRoom): void {
  const bundle = program.command('bundle').description('carries all that a host needs to where there is no network');
  withSelection(bundle.command('create'))
    .description('gathers what apply would fetch: packages, lists, downloads, checkouts; changes nothing on the host, and needs root there')
    .requiredOption('-o, --out <file>', 'the bundle; it must not be there yet')
    .addHelpText(
      'after',
      '\nIt fits hosts of the same release and architecture that have the same packages, or more.\n\nExample:\n  $ vps-configurator bundle create --profile server --config host.yaml -o server.bundle',
    )
    .action((options: { readonly out: string }, command: Command) =>
      withSession(command, room, ({ console, flags, parts, session, signal }) =>
        createBundle(options.out, { console, flags, parts, session, signal }),
      ),
    );
  bundle
    .command('show')
    .description('lists what is in a bundle')
    .argument('<file>', 'as "bundle create" has written it')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { bundles } = await room.surroundings.loadParts();
      room.ending.exitCode = await showBundle(openConsole(command, room), file, bundles);
    });
  withApplyOptions(bundle.command('apply'))
    .description(
      'the same as "apply --offline --bundle": verifies all of the bundle, then makes the host as it shall be, without a network',
    )
    .argument('<file>', 'as "bundle create" has written it')
    .option('--bundle-sha256 <hash>', 'only if the bundle as a whole has this SHA-256', toSha256)
    .addHelpText('after', '\nExample:\n  $ vps-configurator bundle apply server.bundle --profile server --config host.yaml')
    .action((file: string, options: ApplyOptions, command: Command) => {
      command.setOptionValue('bundle', file);
      return runApply({ ...options, bundle: file }, command, room);
    });
}
