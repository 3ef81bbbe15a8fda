import { type Command, InvalidArgumentError, Option } from 'commander';
import { showHistory } from '../commands/history.ts';
import { REPORT_FORMATS, type ReportFormat, showReport } from '../commands/report.ts';
import { toTarget } from '../open-session.ts';
import { type GlobalFlags, openConsole, type ProgramRoom, toSessionFlags, withRuns } from './action.ts';

/** Commands that tell of what was done; they need no host. */
export function addPast(program: Command, room: ProgramRoom): void {
  program
    .command('history')
    .description('lists the runs on this host, newest first')
    .option('--limit <number>', 'how many', toLimit, 20)
    .action((options: { readonly limit: number }, command: Command) => withPast(command, room, (past) => showHistory(options.limit, past)));
  program
    .command('report')
    .description('shows what a run did: steps, attempts, pauses, what failed and why')
    .argument('[run]', 'as "history" lists it; default: the last one')
    .addOption(new Option('--format <name>', 'how').choices(REPORT_FORMATS).default('text'))
    .addHelpText('after', '\nExample:\n  $ vps-configurator report --format junit > host.xml')
    .action((run: string | undefined, options: { readonly format: ReportFormat }, command: Command) =>
      withPast(command, room, (past) =>
        showReport(run ?? null, { ...past, format: options.format, write: (text) => void room.surroundings.output.write(text) }),
      ),
    );
}

async function withPast(
  command: Command,
  room: ProgramRoom,
  work: (past: Parameters<typeof showHistory>[1]) => Promise<number>,
): Promise<void> {
  const flags = toSessionFlags(command.optsWithGlobals<GlobalFlags>());
  const parts = await room.surroundings.loadParts();
  const stateDir = flags.stateDir ?? room.surroundings.defaultStateDir;
  const hostId = parts.toHostId(toTarget(flags, room.surroundings));
  room.ending.exitCode = await withRuns({ parts, stateDir, command: 'history' }, (runs) =>
    work({ console: openConsole(command, room), runs, hostId }),
  );
}

function toLimit(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
}
