import { OpsError } from '@breakwater/kernel';
import type { Lane, Step, StepContext } from '../../plan/step.ts';
import { runChecked, toExitCode } from './run-checked.ts';

export interface CommandStepOptions {
  /** Unique within the module. */
  readonly id: string;
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  /** Already so when this path is there, or when that command ends with 0. One of them is required: a command alone cannot be repeated. */
  readonly creates?: string;
  readonly unless?: readonly [string, ...string[]];
  /** How it is taken back; without it, it stays. */
  readonly undo?: {
    readonly argv: readonly [string, ...string[]];
    readonly title: string;
    readonly onlyIf?: readonly [string, ...string[]];
  };
  readonly timeoutMs?: number;
  readonly lane?: Lane;
  readonly isOptional?: boolean;
  readonly dangers?: readonly string[];
}

const DEFAULT_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 30_000;

/** A command, where no other resource fits. */
export function createCommandStep(options: CommandStepOptions): Step {
  const { argv, creates, dangers = [], unless } = options;
  if (creates === undefined && unless === undefined) {
    throw new OpsError({ code: 'HOST_COMMAND_UNGUARDED', message: `The command "${options.id}" needs "creates" or "unless".` });
  }
  return {
    id: options.id,
    title: options.title,
    lane: options.lane ?? { kind: 'local' },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    plan: async (context) =>
      (await isAlreadySo(options, context)) ? null : { summary: options.title, details: [{ kind: 'command', argv }], dangers },
    async apply(context) {
      const { undo } = options;
      const done = undo === undefined ? null : await context.record({ kind: 'command', ...undo });
      await runChecked({ argv, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS }, context, {
        code: 'HOST_COMMAND_FAILED',
        message: `"${argv.join(' ')}" failed`,
      });
      await done?.();
    },
  };
}

async function isAlreadySo({ creates, unless }: CommandStepOptions, { host, signal }: StepContext): Promise<boolean> {
  if (creates !== undefined && (await host.files.stat(creates)) !== null) return true;
  if (unless === undefined) return false;
  return toExitCode(await host.run({ argv: unless, timeoutMs: CHECK_TIMEOUT_MS }, { signal })) === 0;
}
