import { OpsError } from '@breakwater/kernel';
import type { Step } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';
import { readInstalledPackages } from './installed-packages.ts';

const TIMEOUT_MS = 30_000;

/** A package that upgrades leave alone. */
export function createHoldStep(name: string): Step {
  return {
    id: `hold:${name}`,
    title: `Hold ${name}`,
    lane: { kind: 'apt' },
    async plan(context) {
      const found = (await readInstalledPackages([name], context)).get(name);
      if (found?.isHeld === true) return null;
      return { summary: `hold ${name}`, details: [{ kind: 'command', argv: ['apt-mark', 'hold', name] }], dangers: [] };
    },
    async apply(context) {
      const found = (await readInstalledPackages([name], context)).get(name);
      if (found?.isComplete !== true) {
        throw new OpsError({
          code: 'HOST_PACKAGES_MISSING',
          message: `${name} is not installed and cannot be held.`,
          details: { hint: 'Add it to the packages that are installed.' },
        });
      }
      const done = await context.record({ kind: 'packages.held', name, before: 'install' });
      await runChecked({ argv: ['apt-mark', 'hold', name], timeoutMs: TIMEOUT_MS }, context, {
        code: 'HOST_PACKAGES_FAILED',
        message: `${name} could not be held`,
      });
      await done();
    },
  };
}
