import type { Command } from 'commander';
import { diagnose } from '../commands/doctor.ts';
import { showFacts } from '../commands/facts.ts';
import { type PlanFlags, showPlan } from '../commands/plan.ts';
import { verifyHost } from '../commands/verify.ts';
import { type ProgramRoom, withSelection, withSession, withSettings } from './action.ts';

/** Commands that look at a host and write nothing on it. */
export function addLook(program: Command, room: ProgramRoom): void {
  withSelection(program.command('plan'))
    .description('shows what apply would change: files, packages, services; writes nothing')
    .option('--out <file>', 'keep the plan for "apply --plan"')
    .option('--offline', 'use no network', false)
    .addHelpText(
      'after',
      '\nExit code 2 when there is something to change.\n\nExample:\n  $ vps-configurator plan --profile docker-host --set modules.system_base.hostname=web1',
    )
    .action((options: Pick<PlanFlags, 'out'>, command: Command) =>
      withSession(command, room, ({ console, flags, session }) => showPlan(console, session, { ...flags, ...options })),
    );
  withSelection(program.command('verify'))
    .description('checks that the host is as it shall be; exit code 1 when it is not')
    .addHelpText('after', '\nExample:\n  $ vps-configurator verify --profile server --json')
    .action((_options: unknown, command: Command) =>
      withSession(command, room, ({ console, flags, session }) => verifyHost(console, session, flags)),
    );
  withSettings(program.command('facts'))
    .description('shows what is read of a host before planning')
    .action((_options: unknown, command: Command) =>
      withSession(command, room, async ({ console, session }) => showFacts(console, session.facts)),
    );
  withSettings(program.command('doctor'))
    .description('looks for what keeps runs from going well: rights, disk, clock, names, locks, packages, sources')
    .action((_options: unknown, command: Command) =>
      withSession(command, room, ({ console, session, signal }) =>
        diagnose({ ...session, console, config: session.settings.resolved.config, stateIsKept: session.breakers.kept === 'file', signal }),
      ),
    );
}
