import { Command, Option } from 'commander';
import { LOG_LEVELS } from './event-text.ts';
import { addAct } from './program/add-act.ts';
import { addBreaker } from './program/add-breaker.ts';
import { addBundle } from './program/add-bundle.ts';
import { addConfig } from './program/add-config.ts';
import { addExplain } from './program/add-explain.ts';
import { addLook } from './program/add-look.ts';
import { addPast } from './program/add-past.ts';
import { addWizard } from './program/add-wizard.ts';
import type { Surroundings } from './surroundings.ts';

/** How a command ends: its exit code goes here, because commander knows none. */
export interface Ending {
  exitCode: number;
}

/** The commands and their options; what they do lies in `commands/`. */
export function createProgram(surroundings: Surroundings, ending: Ending): Command {
  const program = new Command('vps-configurator')
    .description('Sets up Debian hosts: shows what would change, changes it, proves it, and takes it back. Bad networks are expected.')
    .version(surroundings.version, '-V, --version', 'print the version')
    .option('--json', 'print one JSON object per line, each with a "kind"', false)
    .addOption(
      new Option('--ui <kind>', 'auto draws on a terminal, plain prints lines, json is --json')
        .choices(['auto', 'plain', 'json'])
        .default('auto'),
    )
    .addOption(new Option('--log-level <level>', 'how much a run tells').choices(LOG_LEVELS).default('info'))
    .option('--no-color', 'print without colours, as with NO_COLOR')
    .option(
      '--state-dir <folder>',
      'where runs and circuit breakers are kept; default: /var/lib/vps-configurator, or below $XDG_STATE_HOME',
    )
    .option('--host <user@host>', 'act on that host over SSH instead of this machine')
    .option('--identity <file>', 'private key for --host; default: the SSH agent')
    .option('--known-hosts <file>', 'keys of hosts that are believed; default: ~/.ssh/known_hosts')
    .option('--root <folder>', 'act inside this tree instead of this machine')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void surroundings.output.write(text),
      writeErr: (text) => void surroundings.messages.write(text),
    })
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);
  for (const add of [addLook, addAct, addBundle, addPast, addBreaker, addConfig, addWizard, addExplain])
    add(program, { surroundings, ending });
  program
    .command('version')
    .description('prints the version')
    .action(() => void surroundings.output.write(`${surroundings.version}\n`));
  return program;
}

const EXAMPLES = `
Examples:
  $ vps-configurator plan --profile server
  $ vps-configurator apply --profile server --yes
  $ vps-configurator rollback

Exit codes:
  0 done   1 failed   2 plan: there are changes   3 done, except for optional parts   4 wrong settings or usage
  5 not ready (see doctor)   6 the host is being worked on   75 a service is down: try again later   130 interrupted`;
