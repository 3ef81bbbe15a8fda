import type { Change, Step, StepContext } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';
import { readUnitState, systemctl } from './service-step.ts';

export interface ReloadStepOptions {
  readonly unit: string;
  readonly verb: 'reload' | 'restart';
  /** Files or folders (one level) that the unit reads. */
  readonly reads: readonly string[];
  /** Steps of the same module that write them. */
  readonly follows: readonly string[];
  readonly hasSystemd: boolean;
  /** Must end with 0 before the unit is touched. */
  readonly check?: readonly [string, ...string[]];
  readonly dangers?: readonly string[];
}

const TIMEOUT_MS = 30_000;

/**
 * Lets a running unit read files that are newer than its last change of state. What is compared are times of the host, so a run that was cut down
 * between the file and the reload is made good by the next one.
 */
export function createReloadStep(options: ReloadStepOptions): Step {
  const { check, dangers = [], unit, verb } = options;
  const change: Change = { summary: `${verb} ${unit}`, details: [{ kind: 'command', argv: ['systemctl', verb, unit] }], dangers };
  return {
    id: `${verb}:${unit}`,
    title: verb === 'reload' ? `Let ${unit} read its files again` : `Restart ${unit}`,
    lane: { kind: 'local' },
    ...(options.hasSystemd ? { follows: { steps: options.follows, change } } : {}),
    plan: async (context) => ((await isBehind(options, context)) ? change : null),
    async apply(context) {
      if (check !== undefined) {
        await runChecked({ argv: check, timeoutMs: TIMEOUT_MS }, context, {
          code: 'HOST_SERVICE_REJECTED',
          message: `The configuration of ${unit} is not accepted; it goes on with the old one`,
        });
      }
      const done = await context.record({ kind: 'service.reloaded', unit, verb });
      await systemctl([verb, unit], context);
      await done();
    },
  };
}

async function isBehind({ hasSystemd, reads, unit }: ReloadStepOptions, context: StepContext): Promise<boolean> {
  if (!hasSystemd) return false;
  const { active } = await readUnitState(unit, { hasSystemd }, context);
  if (active !== 'active') return false;
  const argv = ['systemctl', 'show', unit, '--property=StateChangeTimestamp', '--value', '--timestamp=unix'] as const;
  const { stdout } = await context.host.run({ argv, timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal: context.signal });
  const sinceS = Number(/^@(\d+)/.exec(stdout.trim())?.[1] ?? Number.NaN);
  if (Number.isNaN(sinceS)) return false;
  // Whole seconds are all that systemd prints.
  return Math.floor((await readNewest(reads, context)) / 1_000) > sinceS;
}

async function readNewest(paths: readonly string[], { host }: StepContext): Promise<number> {
  let newestMs = 0;
  for (const path of paths) {
    const names = (await host.files.list(path)) ?? [];
    for (const each of [path, ...names.map((name) => `${path}/${name}`)]) {
      newestMs = Math.max(newestMs, (await host.files.stat(each))?.mtimeMs ?? 0);
    }
  }
  return newestMs;
}
