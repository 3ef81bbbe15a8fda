import { formatInstant, isOpsError, OpsError } from '@breakwater/kernel';
import { readAptLayout } from '../network/apt/apt-layout.ts';
import { createNetworkRoom, type NetworkOperationsOptions } from '../network/create-network-operations.ts';
import { withCachedFile } from '../network/download/download-file.ts';
import { BUNDLED_REF, cloneRepository } from '../network/git/clone-repository.ts';
import type { NetworkRoom } from '../network/network-room.ts';
import { describeFetch, type Fetch, type RepositoryTrust } from '../plan/fetch.ts';
import type { Plan } from '../plan/plan.ts';
import type { BundleDraft } from '../ports/bundle-door.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import { runChecked } from '../resources/command/run-checked.ts';
import { MAX_KEYRING_BYTES } from '../resources/packages/openpgp-key.ts';
import { toNetworkError } from '../resources/transfer/network-error.ts';
import { openAptStage } from './apt-stage.ts';
import { BUNDLE_VERSION, type BundleBlob, type BundleManifest } from './bundle-manifest.ts';
import { type CollectedPackages, collectPackages } from './collect-packages.ts';

export interface CollectBundleOptions {
  readonly plan: Plan;
  /** Of the host that is planned for: its own apt fetches packages and lists. */
  readonly target: NetworkOperationsOptions;
  /** This machine, which fetches all else. */
  readonly workbench: HostExecutor;
  readonly draft: BundleDraft;
  readonly signal: AbortSignal;
  readonly wallMs: () => number;
  readonly progress: (text: string) => void;
}

interface Wanted {
  readonly fetch: Fetch;
  readonly isOptional: boolean;
}

interface Gathering extends CollectBundleOptions {
  readonly wanted: readonly Wanted[];
  /** Of the workbench. */
  readonly room: NetworkRoom;
  readonly downloads: BundleManifest['downloads'];
  readonly checkouts: BundleManifest['checkouts'];
  readonly missing: BundleManifest['missing'];
}

const GIT_TIMEOUT_MS = 600_000;

/** Gathers what the plan would fetch. What only optional steps want and cannot get is named in the manifest; anything else ends it. */
export async function collectBundle(options: CollectBundleOptions): Promise<BundleManifest> {
  const { plan, target, wallMs, workbench } = options;
  requireWholePlan(plan);
  const room = createNetworkRoom({ ...target, host: workbench });
  const gathering: Gathering = { ...options, wanted: listFetches(plan), room, downloads: [], checkouts: [], missing: [] };
  for (const each of gathering.wanted) await collectFile(each, gathering);
  const { lists, missing, packages } = await collectByApt(gathering);
  const { osCodename, osId, osVersion, architecture } = plan.facts;
  return {
    format: 'vps-configurator-bundle',
    version: BUNDLE_VERSION,
    createdAt: formatInstant(wallMs()),
    target: { osId, osVersion, osCodename, architecture },
    asked: { profile: plan.profile, modules: plan.modules.map(({ name }) => name), planHash: plan.hash },
    packages,
    lists,
    downloads: gathering.downloads,
    checkouts: gathering.checkouts,
    missing: [...gathering.missing, ...missing],
  };
}

async function collectFile({ fetch, isOptional }: Wanted, gathering: Gathering): Promise<void> {
  if (fetch.kind !== 'download' && fetch.kind !== 'checkout') return;
  const { progress, signal } = gathering;
  progress(`Fetching ${describeFetch(fetch)}`);
  try {
    if (fetch.kind === 'download') gathering.downloads.push(await collectDownload(fetch, gathering));
    else gathering.checkouts.push(await collectCheckout(fetch, gathering));
  } catch (error) {
    signal.throwIfAborted();
    if (!isOptional || !isOpsError(error) || error.details['failureClass'] === 'security') throw error;
    gathering.missing.push({ what: describeFetch(fetch), why: error.message });
    progress(`Left out, because it is optional and cannot be had: ${describeFetch(fetch)}`);
  }
}

/** A bundle of half a plan would be found out where there is no network to mend it. */
function requireWholePlan(plan: Plan): void {
  const problems = plan.modules.flatMap(({ findings, steps }) => [
    ...findings.filter(({ severity }) => severity === 'error').map(({ text }) => text),
    ...steps.flatMap(({ id, isOptional, outcome }) => (outcome.kind === 'problem' && !isOptional ? [`${id}: ${outcome.text}`] : [])),
  ]);
  if (problems.length === 0) return;
  throw new OpsError({
    code: 'HOST_PREFLIGHT_PLAN_PROBLEM',
    message: `The plan does not work out, so nothing was gathered for it:\n${problems.map((each) => `  - ${each}`).join('\n')}`,
  });
}

function listFetches(plan: Plan): readonly Wanted[] {
  const byContent = new Map<string, Wanted>();
  for (const { isOptional, outcome } of plan.modules.flatMap(({ steps }) => steps)) {
    if (outcome.kind !== 'change') continue;
    for (const fetch of outcome.change.fetches ?? []) {
      const key = JSON.stringify(fetch);
      // Whoever needs it makes it needed.
      byContent.set(key, { fetch, isOptional: isOptional && (byContent.get(key)?.isOptional ?? true) });
    }
  }
  return [...byContent.values()];
}

async function collectDownload(
  { sha256, urls }: Pick<Extract<Fetch, { kind: 'download' }>, 'sha256' | 'urls'>,
  { draft, room }: Gathering,
): Promise<BundleManifest['downloads'][number]> {
  const outcome = await withCachedFile({ urls, sha256 }, room, ({ path }) => draft.copy(path));
  if (!outcome.ok) throw toNetworkError(outcome, 'HOST_DOWNLOAD_FAILED');
  return { urls: [...urls], wanted: sha256, ...outcome.value };
}

async function collectCheckout(
  { branch, commit, depth, url }: Extract<Fetch, { kind: 'checkout' }>,
  { draft, room, signal, workbench }: Gathering,
): Promise<BundleManifest['checkouts'][number]> {
  const dest = `${draft.folder}/clone`;
  const order = { url, dest, depth, ...(branch === null ? {} : { branch }), ...(commit === null ? {} : { commit }) };
  const cloned = await cloneRepository(order, room);
  if (!cloned.ok) throw toNetworkError(cloned, 'HOST_CHECKOUT_FAILED');
  const git = (...args: readonly string[]): Promise<unknown> =>
    runChecked(
      { argv: ['git', '-C', dest, ...args], timeoutMs: GIT_TIMEOUT_MS, weight: 'long' },
      { host: workbench, signal },
      { code: 'HOST_CHECKOUT_FAILED', message: `${url} could not be packed` },
    );
  await git('update-ref', BUNDLED_REF, 'HEAD');
  await git('bundle', 'create', '--quiet', `${draft.folder}/clone.bundle`, BUNDLED_REF);
  await git('bundle', 'verify', '--quiet', `${draft.folder}/clone.bundle`);
  const shallow = await workbench.files.read(`${dest}/.git/shallow`);
  const packed = await draft.copy(`${draft.folder}/clone.bundle`);
  await workbench.files.removeTree(dest);
  await workbench.files.remove(`${draft.folder}/clone.bundle`);
  return { url, branch, commit: cloned.value.commit, shallow: shallow === null ? '' : new TextDecoder().decode(shallow), ...packed };
}

async function collectByApt(gathering: Gathering): Promise<CollectedPackages> {
  const { draft, progress, signal, target, wanted } = gathering;
  const repositories = wanted.flatMap(({ fetch }) => (fetch.kind === 'repository' ? [fetch] : []));
  const orders = wanted.flatMap(({ fetch, isOptional }) => (fetch.kind === 'packages' ? [{ names: fetch.orders, isOptional }] : []));
  if (repositories.length === 0 && orders.length === 0) return { packages: [], lists: [], missing: [] };
  const layout = await readAptLayout(target.host, { signal });
  const stage = await openAptStage(target.host);
  try {
    const room = createNetworkRoom({ ...target, host: stage.host });
    const keyOf = (trust: RepositoryTrust): Promise<Uint8Array> => readKey(trust, gathering);
    return await collectPackages({ repositories, keyOf, orders, stage, layout, draft, progress }, room);
  } finally {
    await stage.close();
  }
}

async function readKey({ key }: RepositoryTrust, gathering: Gathering): Promise<Uint8Array> {
  if (key.kind === 'text') return new TextEncoder().encode(key.text);
  const { downloads, draft, workbench } = gathering;
  const blob: BundleBlob =
    downloads.find(({ urls, wanted }) => wanted === null && urls[0] === key.url) ??
    (await collectDownload({ urls: [key.url], sha256: null }, gathering));
  return (await workbench.files.read(draft.pathOf(blob.sha256), { maxBytes: MAX_KEYRING_BYTES })) ?? new Uint8Array();
}
