import type { ConfigLayer } from '@breakwater/host-config';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ApplyFlags, applyToHost } from '../commands/apply.ts';
import { type RollbackFlags, rollBackRun } from '../commands/rollback.ts';
import { openView, type ProgramRoom, withRuns, withSelection, withSession, withSettings } from './action.ts';

export interface ApplyOptions extends Pick<ApplyFlags, 'yes' | 'plan' | 'keepGoing' | 'resume'> {
  readonly maxParallel?: number;
  readonly allowRemovals: boolean;
  readonly autoRollback?: boolean;
  readonly bundle?: string;
}

/** Commands that change a host. */
export function addAct(program: Command, room: ProgramRoom): void {
  withApplyOptions(program.command('apply').alias('install'))
    .description('makes the host as it shall be: shows the plan, asks, does it, and keeps what is needed to go back')
    .option('--offline', 'use no network: only what is there already and what lies in the cache', false)
    .option('--bundle <file>', 'with --offline: take everything from this file, which "bundle create" has made')
    .option('--bundle-sha256 <hash>', 'only if the bundle as a whole has this SHA-256', toSha256)
    .addHelpText(
      'after',
      '\nCtrl-C ends a run in order; "apply --resume" goes on with it.\n\nExample:\n  $ vps-configurator apply --profile server --yes --json',
    )
    .action((options: ApplyOptions, command: Command) => runApply(options, command, room));
  withSettings(program.command('rollback'))
    .description('takes a run back, newest change first; refuses what somebody else has changed since')
    .argument('[run]', 'as "history" lists it; default: the last one')
    .option('--module <name...>', 'only what these modules have done')
    .option('--dry-run', 'show what would be taken back', false)
    .option('-y, --yes', 'do not ask', false)
    .option('--force', 'put back also what somebody else has changed since', false)
    .addHelpText('after', '\nExample:\n  $ vps-configurator rollback --module firewall --dry-run')
    .action((run: string | undefined, options: Omit<RollbackFlags, 'run' | 'module'>, command: Command) =>
      withSession(command, room, ({ console, flags, parts, session }) =>
        withRuns({ parts, stateDir: session.stateDir, command: 'rollback' }, (runs) =>
          rollBackRun(
            { ...options, run: run ?? null, module: flags.module },
            {
              console,
              session,
              runs,
              clock: parts.clock,
              view: openView(command, { console, parts, surroundings: room.surroundings }),
              ask: room.surroundings.ask,
            },
          ),
        ),
      ),
    );
}

/** What `apply` and `bundle apply` have in common. */
export function withApplyOptions(command: Command): Command {
  return withSelection(command)
    .option('-y, --yes', 'do not ask', false)
    .option('--plan <file>', 'only if the plan is still the one in this file')
    .option('--keep-going', 'go on even when a mandatory module has failed', false)
    .option('--resume', 'go on with the last run, which was interrupted or has failed', false)
    .option('--max-parallel <number>', 'modules side by side', toWorkers)
    .option('--allow-removals', 'let an installation remove packages that are in its way', false)
    .addOption(new Option('--auto-rollback', 'take back what a failed module has done (the default)'))
    .addOption(new Option('--no-auto-rollback', 'leave a failed module as it is'));
}

export function runApply(options: ApplyOptions, command: Command, room: ProgramRoom): Promise<void> {
  return withSession(command, { ...room, extra: toLayers(options) }, ({ console, flags, parts, session }) =>
    withRuns({ parts, stateDir: session.stateDir, command: 'apply' }, (runs) =>
      applyToHost(
        { ...flags, ...options },
        {
          console,
          session,
          runs,
          clock: parts.clock,
          view: openView(command, { console, parts, surroundings: room.surroundings }),
          startedBy: room.surroundings.userName,
          ask: room.surroundings.ask,
        },
      ),
    ),
  );
}

export function toSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
}

function toLayers({ allowRemovals, autoRollback, maxParallel }: ApplyOptions): readonly ConfigLayer[] {
  return [
    ...(maxParallel === undefined ? [] : [{ origin: '--max-parallel', values: { performance: { max_workers: maxParallel } } }]),
    ...(allowRemovals ? [{ origin: '--allow-removals', values: { apt: { allow_removals: true } } }] : []),
    ...(autoRollback === undefined
      ? []
      : [{ origin: '--auto-rollback', values: { installation: { auto_rollback_on_error: autoRollback } } }]),
  ];
}

function toWorkers(text: string): number {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= 16) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 16.');
}
