import { OpsError } from '@breakwater/kernel';
import type { ApplyContext, Step, StepContext } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';
import { ensureParents } from '../file/ensure-parents.ts';
import { fetchToStaging } from './download-step.ts';
import { clearStaging, putStaged, removeWhole } from './put-tree.ts';

export interface ArchiveStepOptions {
  readonly urls: readonly [string, ...string[]];
  /** The folder that the archive becomes. */
  readonly path: string;
  readonly sha256: string;
  /** Leading folders of each name that are left out; most archives hold one. */
  readonly strip: number;
  readonly service: string;
  readonly isOptional?: boolean;
}

/** Names the archive that a folder was unpacked from. */
const STAMP = '.vpscfg-archive';
const TIMEOUT_MS = 300_000;

/** A tar archive (plain, gzip, xz, bzip2, zstd) unpacked into a folder of its own, which is replaced whole when the archive is another one. */
export function createArchiveStep(options: ArchiveStepOptions): Step {
  const { path, service, sha256, urls } = options;
  return {
    id: `archive:${path}`,
    title: `Unpack ${path}`,
    lane: { kind: 'service', service },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      const stamp = await readStamp(path, context);
      if (stamp === sha256) return null;
      const isThere = (await context.host.files.stat(path)) !== null;
      return {
        summary: `unpack ${urls[0]} to ${path}`,
        details: [{ kind: 'download', url: urls[0], path }],
        dangers: isThere ? [`What is in ${path} is replaced.`] : [],
        fetches: [{ kind: 'download', urls, sha256 }],
      };
    },
    async apply(context) {
      await ensureParents(path, context);
      const archive = await fetchToStaging({ path: `${path}.tar`, sha256, urls }, context);
      const staging = await clearStaging(path, context);
      await unpack({ archive, staging, strip: options.strip, sha256 }, context);
      await removeWhole(archive, context);
      await putStaged({ path, staging }, context);
    },
  };
}

async function readStamp(path: string, { host }: StepContext): Promise<string | null> {
  const content = await host.files.read(`${path}/${STAMP}`);
  return content === null ? null : new TextDecoder().decode(content).trim();
}

/** GNU tar itself refuses names that lead out of the folder; owners and special bits of the archive are not taken over. */
async function unpack(
  order: { readonly archive: string; readonly staging: string; readonly strip: number; readonly sha256: string },
  context: ApplyContext,
): Promise<void> {
  const { archive, sha256, staging, strip } = order;
  const { files } = context.host;
  await files.makeDirectory(staging, { mode: 0o755, uid: 0, gid: 0 });
  const flags = ['--no-same-owner', '--no-same-permissions', `--strip-components=${strip}`];
  await runChecked({ argv: ['tar', '-x', ...flags, '-f', archive, '-C', staging], timeoutMs: TIMEOUT_MS, weight: 'long' }, context, {
    code: 'HOST_ARCHIVE_FAILED',
    message: 'The archive could not be unpacked',
  });
  const names = await files.list(staging);
  if (names === null || names.length === 0) {
    throw new OpsError({
      code: 'HOST_ARCHIVE_EMPTY',
      message: `Nothing is left of the archive when ${strip} leading folders are taken off its names.`,
      details: { hint: 'Set "strip" to the number of folders that enclose the files.' },
    });
  }
  await files.write(`${staging}/${STAMP}`, new TextEncoder().encode(`${sha256}\n`), { mode: 0o644, uid: 0, gid: 0 });
}
