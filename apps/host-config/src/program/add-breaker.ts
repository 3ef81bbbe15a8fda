import { createServiceBreakers, toNetworkSettings } from '@breakwater/host-config';
import { OpsError, parseDurationMs } from '@breakwater/kernel';
import { type Command, InvalidArgumentError } from 'commander';
import { type BreakerRoom, resetBreakers, showBreakers, tripBreaker } from '../commands/circuit-breaker.ts';
import { toTarget } from '../open-session.ts';
import { type ProgramRoom, toSessionFlags, withLoadedSettings, withSettings } from './action.ts';

const MAX_TRIP_MS = 30 * 86_400_000;

/** Commands about the circuit breakers of services; they need no host, only what is kept of it. */
export function addBreaker(program: Command, room: ProgramRoom): void {
  const group = program.command('circuit-breaker').description('shows and changes the circuit breakers of services');
  addStatus(group.command('status'), room);
  addReset(group.command('reset'), room);
  withSettings(group.command('trip'))
    .description('opens a breaker for a time, for example while a mirror is being worked on')
    .argument('<service>', 'as "circuit-breaker status" lists it')
    .requiredOption('--for <duration>', 'how long: 90s, 10m, 2h', toTripMs)
    .addHelpText('after', '\nExample:\n  $ vps-configurator circuit-breaker trip github --for 10m')
    .action((service: string, options: { readonly for: number }, command: Command) =>
      withBreakers(command, room, (breakers) => tripBreaker(service, { forMs: options.for }, breakers)),
    );
  // As earlier programs of this kind spelled them.
  addStatus(program.command('status', { hidden: true }).command('circuit-breakers'), room);
  addReset(program.command('reset', { hidden: true }).command('circuit-breaker'), room);
}

function addStatus(command: Command, room: ProgramRoom): void {
  withSettings(command)
    .description('shows the state of each service')
    .argument('[service]', 'only this one')
    .action((service: string | undefined, _options: unknown, self: Command) =>
      withBreakers(self, room, (breakers) => showBreakers(service ?? null, breakers)),
    );
}

function addReset(command: Command, room: ProgramRoom): void {
  withSettings(command)
    .description('closes a breaker, so that the next call goes through')
    .argument('[service]', 'as "circuit-breaker status" lists it')
    .option('--all', 'every one', false)
    .action((service: string | undefined, options: { readonly all: boolean }, self: Command) => {
      if ((service === undefined) !== options.all) {
        throw new OpsError({ code: 'HOST_USAGE_SERVICE', message: 'Name one service, or say --all.' });
      }
      return withBreakers(self, room, (breakers) => resetBreakers(service ?? null, breakers));
    });
}

async function withBreakers(command: Command, room: ProgramRoom, work: (breakers: BreakerRoom) => number): Promise<void> {
  const flags = toSessionFlags(command.optsWithGlobals());
  const stateDir = flags.stateDir ?? room.surroundings.defaultStateDir;
  await withLoadedSettings(command, room, ({ console, parts, settings }) => {
    const state = parts.openBreakers({ stateDir, warn: (line) => console.warn(line) });
    try {
      const scope = parts.toHostId(toTarget(flags, room.surroundings));
      const network = toNetworkSettings(settings.resolved.config, { isOffline: false });
      return work({ console, breakers: createServiceBreakers({ settings: network, scope, state }), who: room.surroundings.userName });
    } finally {
      state.close();
    }
  });
}

function toTripMs(text: string): number {
  try {
    const ms = parseDurationMs(text);
    if (ms > 0 && ms <= MAX_TRIP_MS) return ms;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  throw new InvalidArgumentError('It must be more than nothing and no more than 30 days.');
}
