import { OpsError } from '@breakwater/kernel';
import type { Change, ChangeDetail, Step, StepContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import type { FileAttributes } from '../../ports/host-executor.ts';
import { runChecked } from '../command/run-checked.ts';
import { createDiff } from './create-diff.ts';
import { ensureParents } from './ensure-parents.ts';
import { describeMode, saveForUndo } from './keep-file.ts';
import { hashBytes, MAX_KEPT_BYTES, readSavedFile } from './saved-file.ts';

export interface FileStepOptions {
  readonly path: string;
  /** The whole content, or what it becomes of what is there (null: nothing). Answering null leaves everything as it is. */
  readonly content: string | ((current: string | null) => string | null);
  /** Default 0o644, root. */
  readonly attributes?: Partial<FileAttributes>;
  /** Run on a candidate beside the file before it replaces it; `{}` stands for the candidate's path. A non-zero exit leaves the old file. */
  readonly validate?: readonly [string, ...string[]];
  /** The diff is left out of plans, reports and events. */
  readonly isSecret?: boolean;
  readonly title?: string;
  readonly isOptional?: boolean;
  readonly dangers?: readonly string[];
}

/** A file with exactly this content, mode and owner. */
export function createFileStep(options: FileStepOptions): Step {
  const { path } = options;
  return {
    id: `file:${path}`,
    title: options.title ?? `Write ${path}`,
    lane: { kind: 'local' },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      const wanted = await compare(options, context);
      return wanted === null ? null : toChange(options, wanted);
    },
    async apply(context) {
      const wanted = await compare(options, context);
      if (wanted === null) return;
      const { attributes, before, bytes } = wanted;
      await ensureParents(path, context);
      if (options.validate !== undefined) await validateCandidate(options.validate, { path, bytes, attributes }, context);
      const after: SavedFile = { kind: 'file', ...attributes, mtimeMs: 0, target: null, sha256: await hashBytes(bytes) };
      const done = await saveForUndo({ path, before, after }, context);
      if (before !== null && before.kind === 'link') await context.host.files.remove(path);
      await context.host.files.write(path, bytes, attributes);
      await done();
    },
  };
}

interface Wanted {
  readonly before: SavedFile | null;
  readonly beforeText: string | null;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly attributes: FileAttributes;
}

async function compare(options: FileStepOptions, context: StepContext): Promise<Wanted | null> {
  const { path } = options;
  const before = await readSavedFile(path, context);
  if (before?.kind === 'directory') {
    throw new OpsError({
      code: 'HOST_FILE_KIND',
      message: `${path} is a directory; it is not replaced by a file.`,
      details: { path, hint: 'Move the directory away.' },
    });
  }
  const current = before?.kind === 'file' ? await context.host.files.read(path, { maxBytes: MAX_KEPT_BYTES }) : null;
  const beforeText = current === null ? null : new TextDecoder().decode(current);
  const text = typeof options.content === 'string' ? options.content : options.content(beforeText);
  if (text === null) return null;
  const bytes = new TextEncoder().encode(text);
  const attributes = { mode: 0o644, uid: 0, gid: 0, ...options.attributes };
  const isSame =
    before?.kind === 'file' &&
    before.sha256 === (await hashBytes(bytes)) &&
    before.mode === attributes.mode &&
    before.uid === attributes.uid &&
    before.gid === attributes.gid;
  return isSame ? null : { before, beforeText, text, bytes, attributes };
}

function toChange({ dangers = [], isSecret, path }: FileStepOptions, wanted: Wanted): Change {
  const { attributes, before, beforeText, text } = wanted;
  const details: ChangeDetail[] = [];
  const was = before === null ? null : describeMode(before);
  if (beforeText !== text) {
    const diff = isSecret === true ? '(not shown: it holds a secret)' : createDiff(path, beforeText ?? '', text);
    details.push({ kind: 'file', path, action: before === null ? 'create' : 'change', diff });
  }
  const becomes = describeMode(attributes);
  if (was !== null && was !== becomes) details.push({ kind: 'attributes', path, before: was, after: becomes });
  return { summary: before === null ? `create ${path}` : `change ${path}`, details, dangers };
}

/** Beside the file, because programs look at names and folders too. */
async function validateCandidate(
  argv: readonly [string, ...string[]],
  candidate: { readonly path: string; readonly bytes: Uint8Array; readonly attributes: FileAttributes },
  context: StepContext,
): Promise<void> {
  const { files } = context.host;
  const path = `${candidate.path}.vpscfg-candidate`;
  await files.write(path, candidate.bytes, candidate.attributes);
  try {
    const [program, ...rest] = argv;
    await runChecked({ argv: [program, ...rest.map((part) => part.replaceAll('{}', path))], timeoutMs: 30_000 }, context, {
      code: 'HOST_FILE_REJECTED',
      message: `${program} does not accept the new ${candidate.path}; the old one stays`,
    });
  } finally {
    await files.remove(path);
  }
}
