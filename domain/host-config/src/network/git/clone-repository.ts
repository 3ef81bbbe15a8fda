import { createId } from '@breakwater/kernel';
import type { BundleManifest } from '../../bundle/bundle-manifest.ts';
import { findBundledCheckout } from '../../bundle/find-in-bundle.ts';
import type { Explanation } from '../../classify/failure.ts';
import type { CommandResult } from '../../ports/host-executor.ts';
import { explainRun } from '../explain-run.ts';
import { findService, isHostAllowed } from '../find-service.ts';
import { type AttemptContext, runGuarded } from '../guarded-run.ts';
import { explainForbiddenHost, explainRefusal } from '../known-explanations.ts';
import type { AttemptEnd, CloneOrder, CloneResult, Outcome } from '../network-operations.ts';
import type { NetworkRoom } from '../network-room.ts';

/** git itself waits for ever: fewer bytes per second than this for that long is a stall. */
const LOW_SPEED = ['-c', 'http.lowSpeedLimit=1000', '-c', 'http.lowSpeedTime=30'] as const;
/** What `bundle create` packs. */
export const BUNDLED_REF = 'refs/heads/vpscfg';
const QUICK_TIMEOUT_MS = 30_000;
const ENV = { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '/bin/true', GCM_INTERACTIVE: 'never' };

/** Clones beside the destination, looks whether there is a commit, and only then puts it in place. */
export async function cloneRepository(order: CloneOrder, room: NetworkRoom): Promise<Outcome<CloneResult>> {
  const refusal = findRefusal(order, room);
  const host = toHost(order.url);
  const service = host === null ? null : findService(host, { services: room.settings.services, purpose: 'other' });
  if (refusal !== null) return fail(refusal, service);
  const occupied = await findOccupation(order.dest, room);
  if (occupied !== null) return fail(occupied, service);
  const bundled = room.bundle === null ? null : findBundledCheckout(order, room.bundle.manifest);
  return await runGuarded<CloneResult>(
    {
      services: service === null || bundled !== null ? [] : [service],
      title: 'Git clone',
      doing: `Cloning ${order.url}`,
      timeoutMs: room.settings.timeouts.gitCloneMs,
      lane: service === null ? { kind: 'local' } : { kind: 'service', service },
      attempt: (context) => cloneOnce(order, { ...context, bundled }, room),
    },
    room,
  );
}

interface CloneContext extends AttemptContext {
  /** Where it comes from when there is a bundle that has it. */
  readonly bundled: BundleManifest['checkouts'][number] | null;
}

async function cloneOnce(order: CloneOrder, context: CloneContext, room: NetworkRoom): Promise<AttemptEnd<CloneResult>> {
  const { files } = room.host;
  await removeLeftovers(order.dest, room);
  const folder = `${toLeftoverPrefix(order.dest)}${createId()}`;
  const { bundled } = context;
  const endsAtMs = room.clock.now() + context.timeoutMs;
  const commit = bundled?.commit ?? order.commit;
  try {
    if (bundled !== null) await bringBundle(bundled, folder, room);
    for (const argv of toCommands({ ...order, ...(commit === undefined ? {} : { commit }) }, { folder, isBundled: bundled !== null })) {
      const result = await runGit(argv, Math.max(1, endsAtMs - room.clock.now()), room);
      const explanation = explainRun('git', result, argv.join(' '));
      if (explanation.class !== 'ok') return { ok: false, explanation };
    }
    const head = await readHead(folder, room);
    if (head === null) return { ok: false, explanation: explainEmpty(order.url) };
    if (commit !== undefined && head !== commit.toLowerCase()) return { ok: false, explanation: explainOtherCommit(commit, head) };
    await files.removeDirectory(order.dest);
    await files.rename(folder, order.dest);
    return { ok: true, value: { path: order.dest, commit: head } };
  } finally {
    if (bundled !== null) await files.remove(toBundlePath(folder));
    if ((await files.stat(folder)) !== null) await files.removeTree(folder);
  }
}

/** The file of git, and what it does not hold of the history. */
async function bringBundle(
  { sha256, shallow }: BundleManifest['checkouts'][number],
  folder: string,
  { bundle, host }: NetworkRoom,
): Promise<void> {
  if (bundle === null) return;
  const owner = { uid: 0, gid: 0 };
  await host.files.install(bundle.pathOf(sha256), toBundlePath(folder), { ...owner, mode: 0o600 });
  if (shallow === '') return;
  // There before git looks: it would miss the parents of these commits otherwise.
  for (const path of [folder, `${folder}/.git`]) await host.files.makeDirectory(path, { ...owner, mode: 0o755 });
  await host.files.write(`${folder}/.git/shallow`, new TextEncoder().encode(shallow), { ...owner, mode: 0o644 });
}

const toBundlePath = (folder: string): string => `${folder}.bundle`;

function toCommands(
  order: CloneOrder,
  { folder, isBundled }: { readonly folder: string; readonly isBundled: boolean },
): readonly (readonly [string, ...string[]])[] {
  const { branch, commit, depth = 1, url } = order;
  const shallow = depth > 0 ? ['--depth', String(depth)] : [];
  if (commit === undefined) {
    return [
      ['git', ...LOW_SPEED, 'clone', '--quiet', ...shallow, ...(branch === undefined ? [] : ['--branch', branch]), '--', url, folder],
    ];
  }
  const inside = ['git', '-C', folder] as const;
  return [
    ['git', 'init', '--quiet', '--', folder],
    [...inside, 'remote', 'add', 'origin', url],
    isBundled
      ? [...inside, 'fetch', '--quiet', toBundlePath(folder), BUNDLED_REF]
      : [...inside, ...LOW_SPEED, 'fetch', '--quiet', ...shallow, 'origin', commit],
    [...inside, 'checkout', '--quiet', ...(branch === undefined ? ['--detach'] : ['-B', branch]), 'FETCH_HEAD'],
  ];
}

function runGit(argv: readonly [string, ...string[]], timeoutMs: number, room: NetworkRoom): Promise<CommandResult> {
  return room.host.run({ argv, env: ENV, timeoutMs, onTimeout: 'terminate', graceMs: 1_000, weight: 'long' }, { signal: room.signal });
}

async function readHead(folder: string, { host, signal }: NetworkRoom): Promise<string | null> {
  const argv = ['git', '-C', folder, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'] as const;
  const { end, stdout } = await host.run({ argv: [...argv], env: ENV, timeoutMs: QUICK_TIMEOUT_MS, weight: 'glance' }, { signal });
  const commit = stdout.trim();
  return end.kind === 'exited' && end.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
}

/** Of runs that were killed. Two runs do not work on a host at a time. */
async function removeLeftovers(dest: string, { host }: NetworkRoom): Promise<void> {
  const prefix = toLeftoverPrefix(dest);
  const parent = prefix.slice(0, prefix.lastIndexOf('/')) || '/';
  const names = (await host.files.list(parent)) ?? [];
  for (const name of names) {
    const path = `${parent === '/' ? '' : parent}/${name}`;
    if (path.startsWith(prefix)) await host.files.removeTree(path);
  }
}

function toLeftoverPrefix(dest: string): string {
  const slash = dest.lastIndexOf('/');
  return `${dest.slice(0, slash)}/.${dest.slice(slash + 1)}.clone-`;
}

async function findOccupation(dest: string, { host }: NetworkRoom): Promise<Explanation | null> {
  const facts = await host.files.stat(dest);
  if (facts === null) return null;
  if (facts.kind === 'directory' && ((await host.files.list(dest)) ?? []).length === 0) return null;
  return {
    class: 'local',
    code: 'git.target',
    cause: `${dest} already exists and is not an empty directory.`,
    hint: 'Move it away, or choose another destination.',
    failedHosts: [],
    evidence: [],
  };
}

function findRefusal(order: CloneOrder, { settings }: NetworkRoom): Explanation | null {
  const { branch, commit, dest, url } = order;
  const usage = (cause: string): Explanation => explainRefusal('git.usage', cause, 'Correct the configuration.');
  // A transport like `ext::` runs commands; a secret in a URL is seen by everybody who can list processes.
  if (!/^(?:https?|ssh|git|file):\/\/[^\s]+$/.test(url))
    return usage('Only URLs that begin with https, http, ssh, git or file are cloned.');
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/.test(url)) return usage('A URL must not hold a password; use a credential helper of git.');
  if (!/^\/.*[^/]$/.test(dest)) return usage('The destination must be an absolute path.');
  if (branch !== undefined && !/^[A-Za-z0-9_][\w./+-]*$/.test(branch)) return usage(`"${branch}" is no name of a branch.`);
  if (commit !== undefined && !/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/i.test(commit)) return usage(`"${commit}" is no whole commit hash.`);
  const host = toHost(url);
  return host !== null && !isHostAllowed(host, settings.allowedHosts) ? explainForbiddenHost(host) : null;
}

/** Null: no host is asked. */
function toHost(url: string): string | null {
  if (url.startsWith('file:')) return null;
  return /^[a-z]+:\/\/(?:[^/@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/:]+)/.exec(url)?.[1]?.toLowerCase() ?? null;
}

function explainEmpty(url: string): Explanation {
  return {
    class: 'transient',
    code: 'git.portal',
    cause:
      'git cloned nothing and did not complain: a sign-in page of the network answers in place of the server, or the repository is empty.',
    hint: `Sign in to the network (open any http:// page), then try again; check with "git ls-remote ${url}" that the repository has commits.`,
    failedHosts: [],
    evidence: [],
  };
}

function explainOtherCommit(wanted: string, found: string): Explanation {
  return {
    class: 'security',
    code: 'git.commit',
    cause: `The server gave commit ${found} where ${wanted} was asked for.`,
    hint: 'Do not use what was fetched; check the URL.',
    failedHosts: [],
    evidence: [],
  };
}

function fail(explanation: Explanation, service: string | null): Outcome<never> {
  return { ok: false, reason: 'failed', explanation, service: service ?? '', attempts: 0, waitedMs: 0, retryAfterMs: null };
}
