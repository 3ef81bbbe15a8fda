import type { Machine, PowerVerb } from '@breakwater/contract';

export interface VerbChoice {
  readonly verb: PowerVerb;
  readonly isPossible: boolean;
}

const GUEST_VERBS: readonly PowerVerb[] = ['shut_down_guest', 'reboot_guest', 'standby_guest'];

/** What may be asked of a machine in this state. An unknown state allows everything: the server decides. */
export function toVerbChoices(machine: Pick<Machine, 'power_state' | 'tools' | 'is_template'>): readonly VerbChoice[] {
  const hasTools = machine.tools === 'running' || machine.tools === 'unknown';
  const running: readonly VerbChoice[] = [
    ...GUEST_VERBS.map((verb) => ({ verb, isPossible: hasTools })),
    { verb: 'suspend', isPossible: true },
    { verb: 'reset', isPossible: true },
    { verb: 'power_off', isPossible: true },
  ];
  switch (machine.power_state) {
    case 'poweredOn':
      return running;
    case 'poweredOff':
      return [{ verb: 'power_on', isPossible: !machine.is_template }];
    case 'suspended':
      return [
        { verb: 'power_on', isPossible: true },
        { verb: 'power_off', isPossible: true },
      ];
    case 'unknown':
      return [{ verb: 'power_on', isPossible: true }, ...running];
  }
}

/** Everything but switching on ends or interrupts something. */
export const needsConfirmation = (verb: PowerVerb): boolean => verb !== 'power_on';

/** Operations name the verb in their kind, as `machine.power_off` or bare; null for kinds of other areas. */
export function toVerb(kind: string): PowerVerb | null {
  const name = kind.split('.').at(-1);
  return [...GUEST_VERBS, 'suspend', 'reset', 'power_off', 'power_on'].find((verb): verb is PowerVerb => verb === name) ?? null;
}
