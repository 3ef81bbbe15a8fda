import type { PowerState, PowerVerb } from '@breakwater/contract';
import type { MachineFacts } from './machine.ts';

export type PowerRefusal = 'inaccessible' | 'template' | 'already' | 'not-running' | 'no-tools' | 'busy';

/** States that an act leads to; none: the state is the same before and after. */
const TARGETS: Readonly<Record<PowerVerb, readonly PowerState[]>> = {
  power_on: ['poweredOn'],
  power_off: ['poweredOff'],
  shut_down_guest: ['poweredOff'],
  suspend: ['suspended'],
  // What a guest's standby does is a setting of the machine.
  standby_guest: ['suspended', 'poweredOff'],
  reset: [],
  reboot_guest: [],
};

const NEEDS_TOOLS: ReadonlySet<PowerVerb> = new Set(['shut_down_guest', 'reboot_guest', 'standby_guest']);

/** Why an act makes no sense now; null when it does. A state that is not known is left to the server to judge. */
export function refusePower(facts: MachineFacts, verb: PowerVerb): PowerRefusal | null {
  if (!facts.isAccessible) return 'inaccessible';
  if (facts.isTemplate) return 'template';
  if (facts.powerState === 'unknown') return null;
  if (TARGETS[verb].includes(facts.powerState)) return 'already';
  // A suspended machine can be switched off for good; everything else but switching on needs a running one.
  const isFinalOff = verb === 'power_off' && facts.powerState === 'suspended';
  if (verb !== 'power_on' && !isFinalOff && facts.powerState !== 'poweredOn') return 'not-running';
  if (NEEDS_TOOLS.has(verb) && (facts.tools === 'not_running' || facts.tools === 'not_installed')) return 'no-tools';
  return null;
}

/** True when the machine is in the state that the act was to bring about. Never true of acts that no state proves. */
export function reachesTarget(state: PowerState, verb: PowerVerb): boolean {
  return TARGETS[verb].includes(state);
}

/** Whether the machine's state can tell that the act has happened. */
export function isProvable(verb: PowerVerb): boolean {
  return TARGETS[verb].length > 0;
}

export const REFUSAL_TEXTS: Readonly<Record<PowerRefusal, string>> = {
  inaccessible: 'The server cannot reach the files of this machine.',
  template: 'A template cannot be switched on or off.',
  already: 'The machine is already in that state.',
  'not-running': 'The machine is not running.',
  'no-tools': 'The guest cannot be asked: VMware Tools is not running in it.',
  busy: 'Another power operation on this machine is still running.',
};
