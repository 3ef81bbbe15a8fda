import { isOpsError, OpsError } from '@breakwater/kernel';
import type { ApplyContext, Step, StepContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import { ensureParents } from '../file/ensure-parents.ts';
import { saveForUndo } from '../file/keep-file.ts';
import { hashBytes, readSavedFile } from '../file/saved-file.ts';
import { toNetworkError } from '../transfer/network-error.ts';
import { clearStaging } from '../transfer/put-tree.ts';
import { MAX_KEYRING_BYTES, readKeyFile } from './openpgp-key.ts';

export interface KeyringStepOptions {
  readonly path: string;
  readonly source: { readonly kind: 'url'; readonly url: string } | { readonly kind: 'text'; readonly text: string };
  /** Of primary keys; the file may hold these and no others. */
  readonly fingerprints: readonly string[];
  readonly service: string;
  readonly isOptional?: boolean;
}

const ATTRIBUTES = { mode: 0o644, uid: 0, gid: 0 };

/** The keys of a repository. A key that is not pinned is never written to where apt would trust it. */
export function createKeyringStep(options: KeyringStepOptions): Step {
  const { path, source } = options;
  return {
    id: `keyring:${path}`,
    title: `Trust the keys in ${path}`,
    lane: { kind: 'service', service: options.service },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      if (await isPinned(options, context)) return null;
      const pins = options.fingerprints.join(', ');
      const url = source.kind === 'url' ? source.url : 'the configuration';
      return {
        summary: `take ${pins} from ${url} into ${path}`,
        details: [{ kind: 'download', url, path }],
        dangers: [],
        ...(source.kind === 'url' ? { fetches: [{ kind: 'download', urls: [source.url], sha256: null }] } : {}),
      };
    },
    async apply(context) {
      await ensureParents(path, context);
      const { binary, fingerprints } = await readKeyFile(await fetchKey(options, context));
      const foreign = fingerprints.filter((each) => !toPins(options).includes(each));
      if (foreign.length > 0) throw wrongKey(options, foreign);
      const before = await readSavedFile(path, context);
      const after: SavedFile = { kind: 'file', ...ATTRIBUTES, mtimeMs: 0, target: null, sha256: await hashBytes(binary) };
      const done = await saveForUndo({ path, before, after }, context);
      await context.host.files.write(path, binary, ATTRIBUTES);
      await done();
    },
  };
}

const toPins = ({ fingerprints }: KeyringStepOptions): readonly string[] =>
  fingerprints.map((each) => each.replaceAll(/[\s:]/g, '').toUpperCase());

/** A file that does not hold up is replaced, whoever has put it there. */
async function isPinned(options: KeyringStepOptions, { host }: StepContext): Promise<boolean> {
  const content = await host.files.read(options.path, { maxBytes: MAX_KEYRING_BYTES });
  if (content === null) return false;
  const facts = await host.files.stat(options.path);
  if (facts?.mode !== ATTRIBUTES.mode || facts.uid !== 0 || facts.gid !== 0) return false;
  try {
    const { fingerprints } = await readKeyFile(content);
    return fingerprints.every((each) => toPins(options).includes(each));
  } catch (error) {
    // Damaged: the same as not there.
    if (isOpsError(error) && error.code === 'HOST_KEY_INVALID') return false;
    throw error;
  }
}

async function fetchKey({ path, source }: KeyringStepOptions, context: ApplyContext): Promise<Uint8Array> {
  if (source.kind === 'text') return new TextEncoder().encode(source.text);
  const staging = await clearStaging(path, context);
  // The fingerprint stands in for the hash: publishers add signatures to their keys, and the file changes.
  const outcome = await context.network.downloadWithRetry({ urls: [source.url], dest: staging, sha256: null });
  if (!outcome.ok) throw toNetworkError(outcome, 'HOST_DOWNLOAD_FAILED');
  try {
    return (await context.host.files.read(staging, { maxBytes: MAX_KEYRING_BYTES })) ?? new Uint8Array();
  } finally {
    await context.host.files.remove(staging);
  }
}

function wrongKey({ path, source }: KeyringStepOptions, foreign: readonly string[]): OpsError {
  const from = source.kind === 'url' ? source.url : 'The configuration';
  return new OpsError({
    code: 'HOST_KEY_MISMATCH',
    message: `${from} has a key that is not pinned: ${foreign.join(', ')}. Nothing was trusted.`,
    details: {
      failureClass: 'security',
      path,
      hint: 'Compare the fingerprint with that of the publisher by another way before pinning it.',
    },
  });
}
