import { OpsError } from '@breakwater/kernel';
import type { ApplyContext, Change, Step, StepContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import { createDiff } from '../file/create-diff.ts';
import { saveForUndo } from '../file/keep-file.ts';
import { hashBytes, readSavedFile } from '../file/saved-file.ts';
import { isAuthorizedKey, parseAuthorizedKey } from './parse-authorized-key.ts';
import { type Account, findAccount } from './read-accounts.ts';

export interface AuthorizedKeysStepOptions {
  readonly user: string;
  /** Lines of authorized_keys(5), options allowed. */
  readonly keys: readonly string[];
  /** Other keys are taken away; default: they stay. */
  readonly isExclusive?: boolean;
}

/** Keys with which a user may sign in. */
export function createAuthorizedKeysStep(options: AuthorizedKeysStepOptions): Step {
  const { isExclusive = false, user } = options;
  const keys = options.keys.map((line) => line.trim());
  for (const line of keys) parseAuthorizedKey(line);
  return {
    id: `authorized-keys:${user}`,
    title: `Let ${user} sign in with ${keys.length} keys`,
    lane: { kind: 'local' },
    async plan(context) {
      const account = await findAccount(user, context);
      const path = account === null ? `~${user}/.ssh/authorized_keys` : toPath(account);
      const before = account === null ? null : await readText(path, context);
      const after = mergeKeys(before, { keys, isExclusive });
      if (before !== after) return toChange({ path, before, after, isExclusive });
      return account === null ? null : await compareAttributes(account, context);
    },
    async apply(context) {
      const account = await findAccount(user, context);
      if (account === null) throw missingUser(user);
      await makeFolder(account, context);
      const path = toPath(account);
      const before = await readSavedFile(path, context);
      const bytes = new TextEncoder().encode(mergeKeys(await readText(path, context), { keys, isExclusive }) ?? '');
      const attributes = { mode: 0o600, uid: account.uid, gid: account.gid };
      const after: SavedFile = { kind: 'file', ...attributes, mtimeMs: 0, target: null, sha256: await hashBytes(bytes) };
      const done = await saveForUndo({ path, before, after }, context);
      await context.host.files.write(path, bytes, attributes);
      await done();
    },
  };
}

const toFolder = ({ home }: Account): string => `${home}/.ssh`;
const toPath = (account: Account): string => `${toFolder(account)}/authorized_keys`;

async function readText(path: string, { host }: StepContext): Promise<string | null> {
  const content = await host.files.read(path);
  return content === null ? null : new TextDecoder().decode(content);
}

/** A key is the same key whatever its comment; with other options it is replaced. */
function mergeKeys(current: string | null, wanted: { readonly keys: readonly string[]; readonly isExclusive: boolean }): string | null {
  const { isExclusive, keys } = wanted;
  const bodies = new Set(keys.map((line) => parseAuthorizedKey(line).body));
  const lines = (current ?? '').split('\n').filter((line) => line !== '');
  const others = isExclusive ? [] : lines.filter((line) => !bodies.has(bodyOf(line)));
  const isSame = keys.every((line) => lines.includes(line)) && others.length + keys.length === lines.length;
  if (isSame) return current;
  const merged = [...others, ...keys];
  return merged.length === 0 && current === null ? null : merged.map((line) => `${line}\n`).join('');
}

/** What is no key is a comment or damage, and stays. */
const bodyOf = (line: string): string => (isAuthorizedKey(line) ? parseAuthorizedKey(line.trim()).body : line);

function toChange(change: {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly isExclusive: boolean;
}): Change {
  const { after, before, isExclusive, path } = change;
  const diff = createDiff(path, before ?? '', after ?? '');
  return {
    summary: before === null ? `create ${path}` : `change ${path}`,
    details: [{ kind: 'file', path, action: before === null ? 'create' : 'change', diff }],
    dangers: isExclusive && before !== null ? [`Keys that are not listed can no longer sign in (${path}).`] : [],
  };
}

/** sshd (StrictModes) ignores keys in files that others could write. */
async function compareAttributes(account: Account, context: StepContext): Promise<Change | null> {
  const path = toPath(account);
  const facts = await context.host.files.stat(path);
  if (facts === null || (facts.mode === 0o600 && facts.uid === account.uid)) return null;
  const show = (mode: number, uid: number): string => `${mode.toString(8).padStart(4, '0')} ${uid}`;
  const detail = { kind: 'attributes', path, before: show(facts.mode, facts.uid), after: show(0o600, account.uid) } as const;
  return { summary: `change ${path}`, details: [detail], dangers: [] };
}

/** The home belongs to the user, who could lead root elsewhere by a link. */
async function makeFolder(account: Account, context: ApplyContext): Promise<void> {
  const path = toFolder(account);
  const facts = await context.host.files.stat(path);
  if (facts?.kind === 'directory' && (facts.uid === account.uid || facts.uid === 0)) return;
  if (facts !== null) {
    throw new OpsError({
      code: 'HOST_FILE_KIND',
      message: `${path} is not a folder of ${account.name}; no keys are written there.`,
      details: { path, hint: 'Look at who has put it there.' },
    });
  }
  const { gid, uid } = account;
  const after: SavedFile = { kind: 'directory', mode: 0o700, uid, gid, mtimeMs: 0, sha256: null, target: null };
  const done = await context.record({ kind: 'file', path, before: null, after });
  await context.host.files.makeDirectory(path, after);
  await done();
}

function missingUser(user: string): OpsError {
  return new OpsError({
    code: 'HOST_ACCOUNT_MISSING',
    message: `There is no user ${user} to give keys to.`,
    details: { name: user, hint: 'Make the user first.' },
  });
}
