import { OpsError } from '@breakwater/kernel';
import { type Command, InvalidArgumentError } from 'commander';
import { diagnose } from '../commands/doctor.ts';
import { showFacts } from '../commands/facts.ts';
import { showHealth, watchHealth } from '../commands/health.ts';
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
  withSettings(program.command('health'))
    .description('asks the services that hosts are set up from how they are; exit code 75 when one is not well')
    .option('--service <name...>', 'these instead of health_checks.services')
    .option('--probe', 'ask also where a circuit breaker is open', false)
    .option('--watch [seconds]', 'ask again and again', toSeconds)
    .addHelpText('after', '\nExample:\n  $ vps-configurator health --service github --watch 10')
    .action((options: HealthFlags, command: Command) =>
      withSession(command, room, async ({ console, parts, session, signal }) => {
        if (!session.settings.resolved.config.performance.health_checks.enabled) {
          throw new OpsError({
            code: 'HOST_USAGE_HEALTH_OFF',
            message: 'Health checks are switched off: performance.health_checks.enabled.',
          });
        }
        const health = {
          console,
          network: session.network,
          services: options.service ?? [],
          asks: options.probe ? 'always' : 'admitted',
        } as const;
        if (options.watch === undefined) return await showHealth(health);
        const seconds = options.watch === true ? WATCH_S : options.watch;
        return await watchHealth(health, { everyMs: seconds * 1_000, clock: parts.clock, signal });
      }),
    );
}

const WATCH_S = 10;

interface HealthFlags {
  readonly service?: readonly string[];
  readonly probe: boolean;
  readonly watch?: number | true;
}

function toSeconds(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number of seconds, 1 or more.');
}
