import { OpsError } from '@breakwater/kernel';
import type { ApplyContext, Step } from '../../plan/step.ts';
import { createCommandStep } from '../command/command-step.ts';
import { runChecked } from '../command/run-checked.ts';
import { createFileBlockStep } from '../file/file-block-step.ts';

export interface SwapfileOptions {
  readonly path: string;
  readonly sizeMib: number;
  /** Swapped on at once; else with the next boot. */
  readonly isLive: boolean;
}

const WRITE_TIMEOUT_MS = 600_000;
const BYTES_PER_MIB = 1_048_576;

/** A swap file: made, named in fstab, in use. */
export function createSwapfileSteps(options: SwapfileOptions): readonly Step[] {
  const { isLive, path } = options;
  const fstab = createFileBlockStep({ path: '/etc/fstab', name: 'swap', lines: [`${path} none swap sw 0 0`] });
  const swapOn = createCommandStep({
    id: 'swap:on',
    title: `Swap to ${path}`,
    argv: ['swapon', '--', path],
    unless: ['grep', '-qs', `^${path} `, '/proc/swaps'],
    undo: { argv: ['swapoff', '--', path], title: `Stop swapping to ${path}`, onlyIf: ['grep', '-qs', `^${path} `, '/proc/swaps'] },
  });
  return [createSwapfileStep(options), fstab, ...(isLive ? [swapOn] : [])];
}

function createSwapfileStep({ path, sizeMib }: SwapfileOptions): Step {
  return {
    id: `swapfile:${path}`,
    title: `Make a swap file of ${sizeMib} MiB`,
    lane: { kind: 'local' },
    async plan({ host }) {
      const facts = await host.files.stat(path);
      if (facts === null) {
        return { summary: `make ${path} with ${sizeMib} MiB`, details: [{ kind: 'file', path, action: 'create', diff: '' }], dangers: [] };
      }
      if (facts.kind === 'file' && facts.sizeBytes === sizeMib * BYTES_PER_MIB && facts.mode === 0o600) return null;
      throw new OpsError({
        code: 'HOST_SWAP_EXISTS',
        message: `${path} is there with another size or mode; a swap file in use is not replaced.`,
        details: { path, hint: `Run "swapoff ${path}", remove it, and apply again.` },
      });
    },
    async apply(context) {
      const done = await context.record({ kind: 'tree.created', path });
      await write({ path, sizeMib }, context);
      await done();
    },
  };
}

/** Written and not only reserved: a file with holes cannot be swapped to. Nobody else may read what is swapped out. */
async function write({ path, sizeMib }: { readonly path: string; readonly sizeMib: number }, context: ApplyContext): Promise<void> {
  const failure = { code: 'HOST_SWAP_FAILED', message: 'The swap file could not be made' };
  const partial = `${path}.vpscfg-new`;
  const done = await context.record({ kind: 'tree.created', path: partial });
  await context.host.files.write(partial, new Uint8Array(), { mode: 0o600, uid: 0, gid: 0 });
  const copy = ['dd', 'if=/dev/zero', `of=${partial}`, 'bs=1M', `count=${sizeMib}`, 'conv=notrunc,fsync', 'status=none'] as const;
  await runChecked({ argv: copy, timeoutMs: WRITE_TIMEOUT_MS, weight: 'long' }, context, failure);
  await runChecked({ argv: ['mkswap', '--', partial], timeoutMs: WRITE_TIMEOUT_MS }, context, failure);
  await context.host.files.rename(partial, path);
  await done();
}
