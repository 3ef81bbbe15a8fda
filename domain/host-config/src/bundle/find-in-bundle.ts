import type { CloneOrder, DownloadOrder } from '../network/network-operations.ts';
import { describeFetch, type Fetch } from '../plan/fetch.ts';
import type { HostFacts } from '../plan/host-facts.ts';
import type { Plan } from '../plan/plan.ts';
import { type BundleManifest, createBundleError } from './bundle-manifest.ts';

export function findBundledDownload(
  { sha256, urls }: Pick<DownloadOrder, 'sha256' | 'urls'>,
  { downloads }: BundleManifest,
): BundleManifest['downloads'][number] | null {
  const wanted = sha256?.toLowerCase() ?? null;
  // What is pinned is the same file from wherever it came; what is not is only itself.
  const found = downloads.find((each) => (wanted === null ? each.urls.some((url) => urls.includes(url)) : each.sha256 === wanted));
  return found ?? null;
}

export function findBundledCheckout(
  { branch, commit, url }: Pick<CloneOrder, 'branch' | 'commit' | 'url'>,
  { checkouts }: BundleManifest,
): BundleManifest['checkouts'][number] | null {
  const found = checkouts.find(
    (each) => each.url === url && (commit === undefined ? each.branch === (branch ?? null) : each.commit === commit.toLowerCase()),
  );
  return found ?? null;
}

/** What steps that would change something need and the bundle has not: named, and apart by whether the run may go on without it. */
export function findMissingFetches(
  plan: Plan,
  manifest: BundleManifest,
): { readonly required: readonly string[]; readonly optional: readonly string[] } {
  const missing = { required: new Set<string>(), optional: new Set<string>() };
  for (const { id, isOptional, outcome } of plan.modules.flatMap(({ steps }) => steps)) {
    const target = isOptional ? missing.optional : missing.required;
    if (outcome.kind === 'problem' && outcome.code === 'HOST_APT_SIMULATION_FAILED') target.add(`${id}: ${outcome.text}`);
    if (outcome.kind !== 'change') continue;
    for (const fetch of outcome.change.fetches ?? []) for (const each of findMissingParts(fetch, manifest)) target.add(`${id}: ${each}`);
  }
  return { required: [...missing.required], optional: [...missing.optional] };
}

function findMissingParts(fetch: Fetch, manifest: BundleManifest): readonly string[] {
  switch (fetch.kind) {
    case 'packages':
      return fetch.orders.filter((order) => !hasPackage(order, manifest)).map((order) => `package ${order}`);
    case 'download':
      return findBundledDownload(fetch, manifest) === null ? [describeFetch(fetch)] : [];
    case 'checkout': {
      const { branch, commit, url } = fetch;
      const order = { url, ...(branch === null ? {} : { branch }), ...(commit === null ? {} : { commit }) };
      return findBundledCheckout(order, manifest) === null ? [describeFetch(fetch)] : [];
    }
    case 'repository':
      return manifest.lists.some(({ repository }) => repository === fetch.listPrefix) ? [] : [describeFetch(fetch)];
  }
}

function hasPackage(order: string, { packages }: BundleManifest): boolean {
  const [name, version] = order.split('=');
  return packages.some((each) => each.name === name && (version === undefined || each.version === version));
}

/** Packages of another release or architecture would be refused by dpkg one by one, in the middle of the run. */
export function requireSameTarget({ target }: BundleManifest, facts: HostFacts): void {
  const wanted = [facts.osId, facts.osVersion, facts.architecture];
  const found = [target.osId, target.osVersion, target.architecture];
  if (wanted.join(' ') === found.join(' ')) return;
  throw createBundleError(
    'HOST_PREFLIGHT_BUNDLE_OTHER_HOST',
    `The bundle is for ${found.join(' ')}, and this host is ${wanted.join(' ')}; make one on a host like this`,
  );
}
