import type { FailureTool } from '@breakwater/host-config';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { explainOutput } from '../commands/explain.ts';
import { openConsole, type ProgramRoom } from './action.ts';

const TOOLS: readonly FailureTool[] = ['apt', 'git', 'http', 'ssh'];

export function addExplain(program: Command, room: ProgramRoom): void {
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
      const input = { tool: options.tool, exitCode: options.exit, file: file ?? null, stdin: room.surroundings.input };
      await explainOutput(openConsole(command, room), input);
    });
}

function toExitStatus(text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 255) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 255.');
}
