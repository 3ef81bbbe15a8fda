import type { FailureTool } from '@breakwater/host-config';
import { Command, InvalidArgumentError, Option } from 'commander';
import { explainOutput } from './commands/explain.ts';
import { type Console, createConsole } from './console.ts';
import type { Surroundings } from './surroundings.ts';

const TOOLS: readonly FailureTool[] = ['apt', 'git', 'http', 'ssh'];

interface GlobalFlags {
  readonly json: boolean;
  readonly color: boolean;
}

/** The commands and their options; what they do lies in `commands/`. */
export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('vps-configurator')
    .description('Sets up Debian hosts: shows what would change, changes it, proves it, and takes it back. Bad networks are expected.')
    .option('--json', 'print one JSON object per line, each with a "kind"', false)
    .option('--no-color', 'print without colours, as with NO_COLOR')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void surroundings.output.write(text),
      writeErr: (text) => void surroundings.messages.write(text),
    })
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError();
  addExplain(program, surroundings);
  return program;
}

function addExplain(program: Command, surroundings: Surroundings): void {
  program
    .command('explain')
    .description('says why apt, git, curl or ssh failed, from what it printed, and what to do next')
    .argument('[file]', 'everything the tool printed; default: standard input')
    .addOption(new Option('--tool <name>', 'the tool that printed it; http: curl or wget').choices(TOOLS).makeOptionMandatory())
    .requiredOption('--exit <code>', 'the exit code of the tool', toExitStatus)
    .addHelpText(
      'after',
      `
Examples:
  $ apt-get update 2>&1 | tee out.txt; vps-configurator explain --tool apt --exit 100 out.txt
  $ git clone https://github.com/x/y 2>&1 | vps-configurator explain --tool git --exit 128 --json`,
    )
    .action(async (file: string | undefined, options: { readonly tool: FailureTool; readonly exit: number }, command: Command) => {
      const input = { tool: options.tool, exitCode: options.exit, file: file ?? null, stdin: surroundings.input };
      await explainOutput(openConsole(command, surroundings), input);
    });
}

function openConsole(command: Command, surroundings: Surroundings): Console {
  const { color, json } = command.optsWithGlobals<GlobalFlags>();
  return createConsole(surroundings, { isJson: json, hasColors: color && surroundings.hasColors });
}

function toExitStatus(text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 255) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 255.');
}
