import type { PowerState, PowerVerb } from '@breakwater/contract';
import type { MachineFacts } from './machine.ts';

export type PowerRefusal = 'inaccessible' | 'template' | 'already' | 'not-running' | 'no-tools' | 'busy';

const TARGETS: Readonly<Record<PowerVerb, PowerState | null>> = {
  power_on: 'poweredOn',
  power_off: 'poweredOff',
  shut_down_guest: 'poweredOff',
  suspend: 'suspended',
  standby_guest: 'suspended',
  reset: null,
  reboot_guest: null,
};

const NEEDS_TOOLS: ReadonlySet<PowerVerb> = new Set(['shut_down_guest', 'reboot_guest', 'standby_guest']);

/** Why an act makes no sense now; null when it does. A state that is not known is left to the server to judge. */
export function refusePower(facts: MachineFacts, verb: PowerVerb): PowerRefusal | null {
  if (!facts.isAccessible) return 'inaccessible';
  if (facts.isTemplate) return 'template';
  if (facts.powerState === 'unknown') return null;
  if (facts.powerState === TARGETS[verb]) return 'already';
  // A suspended machine can be switched off for good; everything else but switching on needs a running one.
  const isFinalOff = verb === 'power_off' && facts.powerState === 'suspended';
  if (verb !== 'power_on' && !isFinalOff && facts.powerState !== 'poweredOn') return 'not-running';
  if (NEEDS_TOOLS.has(verb) && (facts.tools === 'not_running' || facts.tools === 'not_installed')) return 'no-tools';
  return null;
}

/** True when the machine is in the state that the act was to bring about; null when no state proves it. */
export function hasReachedTarget(facts: MachineFacts, verb: PowerVerb): boolean | null {
  const target = TARGETS[verb];
  return target === null ? null : facts.powerState === target;
}

export const REFUSAL_TEXTS: Readonly<Record<PowerRefusal, string>> = {
  inaccessible: 'The server cannot reach the files of this machine.',
  template: 'A template cannot be switched on or off.',
  already: 'The machine is already in that state.',
  'not-running': 'The machine is not running.',
  'no-tools': 'The guest cannot be asked: VMware Tools is not running in it.',
  busy: 'Another power operation on this machine is still running.',
};
