import type { Step, StepContext } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';

export interface ServiceStepOptions {
  readonly unit: string;
  readonly isEnabled: boolean;
  /** Asked and changed only where systemd runs: in a container or a chroot units are enabled for the next start. */
  readonly isActive: boolean;
  readonly hasSystemd: boolean;
  readonly isOptional?: boolean;
  readonly dangers?: readonly string[];
}

const TIMEOUT_MS = 60_000;

export interface UnitState {
  /** systemd's word: `enabled`, `disabled`, `static`, `masked`; null when there is no such unit. */
  readonly enabled: string | null;
  readonly active: string | null;
  /** No systemctl: this tree is started by something else, if at all, and has no units to enable. */
  readonly isWithoutSystemd: boolean;
}

/** A systemd unit that is enabled and running, or neither. */
export function createServiceStep(options: ServiceStepOptions): Step {
  const { dangers = [], hasSystemd, isActive, isEnabled, unit } = options;
  return {
    id: `service:${unit}`,
    title: `${isEnabled ? 'Enable' : 'Disable'} ${unit}`,
    lane: { kind: 'local' },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      const state = await readUnitState(unit, { hasSystemd }, context);
      if (isAsWanted(state, options)) return null;
      const after = `${isEnabled ? 'enabled' : 'disabled'}${hasSystemd ? `, ${isActive ? 'active' : 'inactive'}` : ''}`;
      const before = `${state.enabled ?? 'not there'}${state.active === null ? '' : `, ${state.active}`}`;
      return { summary: `${unit}: ${before} → ${after}`, details: [{ kind: 'service', unit, before, after }], dangers };
    },
    async apply(context) {
      const { active, enabled } = await readUnitState(unit, { hasSystemd }, context);
      const done = await context.record({ kind: 'service', unit, enabledBefore: enabled, activeBefore: active });
      if (isEnabled && enabled?.startsWith('masked') === true) await systemctl(['unmask', unit], context);
      if (!isNeutral(enabled)) await systemctl([isEnabled ? 'enable' : 'disable', unit], context);
      if (hasSystemd) await systemctl([isActive ? 'start' : 'stop', unit], context);
      await done();
    },
  };
}

export async function readUnitState(
  unit: string,
  options: { readonly hasSystemd: boolean },
  { host, signal }: StepContext,
): Promise<UnitState> {
  let isWithoutSystemd = false;
  const ask = async (verb: string): Promise<string | null> => {
    const { end, stdout } = await host.run({ argv: ['systemctl', verb, unit], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
    if (end.kind === 'not-started') isWithoutSystemd = true;
    const word = stdout.trim().split('\n')[0] ?? '';
    return word === '' || word === 'not-found' ? null : word;
  };
  const enabled = await ask('is-enabled');
  return { enabled, active: options.hasSystemd ? await ask('is-active') : null, isWithoutSystemd };
}

export async function systemctl(args: readonly string[], context: StepContext): Promise<void> {
  await runChecked({ argv: ['systemctl', ...args], timeoutMs: TIMEOUT_MS }, context, {
    code: 'HOST_SERVICE_FAILED',
    message: `systemctl ${args.join(' ')} failed`,
    hint: `"journalctl -u ${args.at(-1)}" tells more.`,
  });
}

/** Units that others pull in cannot be enabled or disabled, and `systemctl enable` says so with exit code 0. */
const isNeutral = (enabled: string | null): boolean =>
  enabled !== null && ['static', 'alias', 'indirect', 'generated', 'transient'].includes(enabled);

function isAsWanted({ active, enabled, isWithoutSystemd }: UnitState, { hasSystemd, isActive, isEnabled }: ServiceStepOptions): boolean {
  if (isWithoutSystemd && !hasSystemd) return true;
  if (!isNeutral(enabled)) {
    const isOn = enabled === 'enabled' || enabled === 'enabled-runtime';
    if (isOn !== isEnabled) return false;
  }
  return !hasSystemd || (active === 'active') === isActive;
}
