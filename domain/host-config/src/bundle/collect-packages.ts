import { OpsError } from '@breakwater/kernel';
import { askApt, fetchByApt, toFetchOptions } from '../network/apt/apt-command.ts';
import type { AptLayout } from '../network/apt/apt-layout.ts';
import { simulateInstall } from '../network/apt/simulate-install.ts';
import { readArchiveHosts, toServiceNames } from '../network/apt/source-hosts.ts';
import { updateLists } from '../network/apt/update-lists.ts';
import { explainRun } from '../network/explain-run.ts';
import { runGuarded } from '../network/guarded-run.ts';
import type { NetworkRoom } from '../network/network-room.ts';
import type { RepositoryFetch, RepositoryTrust } from '../plan/fetch.ts';
import type { BundleDraft } from '../ports/bundle-door.ts';
import { hashBytes } from '../resources/file/saved-file.ts';
import { readKeyFile } from '../resources/packages/openpgp-key.ts';
import { toNetworkError } from '../resources/transfer/network-error.ts';
import type { AptStage } from './apt-stage.ts';
import type { BundleManifest } from './bundle-manifest.ts';

const FILE = { mode: 0o644, uid: 0, gid: 0 };
const MAX_SOURCE_BYTES = 1_048_576;
/** Brought over in memory: nothing in Debian comes near. */
const MAX_PACKAGE_BYTES = 1_024 ** 3;
const MAX_LIST_BYTES = 512 * 1_024 ** 2;
/** apt writes them anew for the place where the package lies. */
const PLACE_FIELDS = /^(?:Filename|Size|MD5sum|SHA1|SHA256|SHA512):/i;

export interface PackageOrder {
  readonly repositories: readonly RepositoryFetch[];
  readonly keyOf: (trust: RepositoryTrust) => Promise<Uint8Array>;
  readonly orders: readonly { readonly names: readonly string[]; readonly isOptional: boolean }[];
  readonly stage: AptStage;
  /** Of the host itself. */
  readonly layout: AptLayout;
  readonly draft: BundleDraft;
  readonly progress: (text: string) => void;
}

export type CollectedPackages = Pick<BundleManifest, 'packages' | 'lists' | 'missing'>;

/** Fetches packages and lists by the host's own apt, in the stage, so that signatures and hashes are checked by who knows them best. */
export async function collectPackages(order: PackageOrder, room: NetworkRoom): Promise<CollectedPackages> {
  await copySources(order);
  for (const each of order.repositories) await addRepository(each, order);
  const update = await updateLists({ force: true }, room);
  if (!update.ok) throw toNetworkError(update, 'HOST_APT_UPDATE_FAILED');
  const { missing, names } = await chooseNames(order, room);
  const packages = names.length === 0 ? [] : await fetchPackages(names, order, room);
  return { packages, missing, lists: await readLists(order) };
}

async function copySources({ layout, stage }: PackageOrder): Promise<void> {
  const { files } = stage.host;
  const copy = async (from: string, to: string): Promise<void> => {
    const bytes = await files.read(from, { maxBytes: MAX_SOURCE_BYTES });
    if (bytes !== null) await files.write(`${stage.path}/${to}`, bytes, FILE);
  };
  await copy(layout.sourceList, 'sources.list');
  for (const name of (await files.list(layout.sourceParts)) ?? []) {
    if (/\.(?:list|sources)$/.test(name)) await copy(`${layout.sourceParts}/${name}`, `parts/${name}`);
  }
  for (const name of (await files.list(layout.preferenceParts)) ?? [])
    await copy(`${layout.preferenceParts}/${name}`, `preferences/${name}`);
}

/** With its key in the stage: nothing of the host trusts it before the run does. */
async function addRepository(repository: RepositoryFetch, { keyOf, stage }: PackageOrder): Promise<void> {
  const { gathered, name, pin, trust } = repository;
  const { files } = stage.host;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (pin !== null) await files.write(`${stage.path}/preferences/${name}`, encode(pin), FILE);
  const keyring = `${stage.path}/keys/${name}.gpg`;
  const source = trust === null ? gathered.source : gathered.source.replaceAll(trust.keyring, keyring);
  await files.write(`${stage.path}/parts/${name}.sources`, encode(source), FILE);
  if (trust !== null) await files.write(keyring, await readTrusted(await keyOf(trust), { name, trust }), FILE);
}

async function readTrusted(
  file: Uint8Array,
  { name, trust }: { readonly name: string; readonly trust: RepositoryTrust },
): Promise<Uint8Array> {
  const { fingerprints } = trust;
  const key = await readKeyFile(file);
  const pins = fingerprints.map((each) => each.replaceAll(/[\s:]/g, '').toUpperCase());
  const foreign = key.fingerprints.filter((each) => !pins.includes(each));
  if (foreign.length > 0) {
    throw new OpsError({
      code: 'HOST_KEY_MISMATCH',
      message: `The repository ${name} has a key that is not pinned: ${foreign.join(', ')}. Nothing was trusted.`,
      details: { failureClass: 'security', hint: 'Compare the fingerprint with that of the publisher by another way before pinning it.' },
    });
  }
  return key.binary;
}

/** All at once, as long as that goes; then one after the other, to name what does not. */
async function chooseNames(
  { orders }: PackageOrder,
  room: NetworkRoom,
): Promise<{ readonly names: readonly string[]; readonly missing: BundleManifest['missing'] }> {
  const all = [...new Set(orders.flatMap(({ names }) => names))];
  if (all.length === 0 || (await simulateInstall(['install', ...all], room)).ok) return { names: all, missing: [] };
  const names: string[] = [];
  const missing: BundleManifest['missing'] = [];
  for (const { isOptional, names: wanted } of orders) {
    const simulated = await simulateInstall(['install', ...names, ...wanted], room);
    if (simulated.ok) names.push(...wanted.filter((each) => !names.includes(each)));
    else if (isOptional) missing.push({ what: `packages ${wanted.join(', ')}`, why: simulated.explanation.cause });
    else {
      const { cause, class: failureClass, hint } = simulated.explanation;
      throw new OpsError({ code: 'HOST_PACKAGES_FAILED', message: `${wanted.join(', ')}: ${cause}`, details: { hint, failureClass } });
    }
  }
  return { names, missing };
}

async function fetchPackages(
  names: readonly string[],
  { draft, progress, stage }: PackageOrder,
  room: NetworkRoom,
): Promise<BundleManifest['packages']> {
  const args = ['install', ...(room.settings.apt.allowRemovals ? [] : ['--no-remove']), ...names];
  const { text } = await askApt(['apt-get', '-qq', '-y', '--print-uris', ...args], room);
  const files = [...text.matchAll(/^'[^'\n]+' (\S+\.deb) (\d+)/gm)].map((match) => ({ name: match[1] ?? '', sizeBytes: Number(match[2]) }));
  const totalMib = Math.ceil(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1_024 ** 2);
  progress(`Fetching ${files.length} packages, ${totalMib} MiB`);
  const fetched = await runGuarded<true>(
    {
      services: toServiceNames(await readArchiveHosts(args, room)),
      title: 'APT download',
      doing: `Fetching ${files.length} packages`,
      timeoutMs: room.settings.timeouts.aptInstallMs,
      lane: { kind: 'apt' },
      async attempt({ timeoutMs }) {
        const explanation = explainRun(
          'apt',
          await fetchByApt(['-y', '--download-only', ...toFetchOptions(room), ...args], timeoutMs, room),
        );
        return explanation.class === 'ok' ? { ok: true, value: true } : { ok: false, explanation };
      },
    },
    room,
  );
  if (!fetched.ok) throw toNetworkError(fetched, 'HOST_PACKAGES_FAILED');
  const packages: BundleManifest['packages'] = [];
  for (const [index, file] of files.entries()) {
    const entry = await readPackage(file.name, { stage, room, draft });
    packages.push(entry);
    progress(`${index + 1} of ${files.length}: ${entry.name} ${entry.version}`);
  }
  return packages;
}

async function readPackage(
  fileName: string,
  { draft, room, stage }: { readonly stage: AptStage; readonly room: NetworkRoom; readonly draft: BundleDraft },
): Promise<BundleManifest['packages'][number]> {
  const [name = '', quoted = '', architecture = ''] = fileName.replace(/\.deb$/, '').split('_');
  const version = decodeURIComponent(quoted);
  const { text } = await askApt(
    ['apt-cache', 'show', '--no-all-versions', architecture === 'all' ? `${name}=${version}` : `${name}:${architecture}=${version}`],
    room,
  );
  const stanza = text.split('\n\n')[0] ?? '';
  const wanted = /^SHA256: ([0-9a-f]{64})$/m.exec(stanza)?.[1];
  const content = await stage.host.files.read(`${stage.path}/archives/${fileName}`, { maxBytes: MAX_PACKAGE_BYTES });
  // apt has looked at what it fetched; what lies there now is looked at again, against the signed index.
  if (content === null || wanted === undefined || (await hashBytes(content)) !== wanted) {
    throw new OpsError({
      code: 'HOST_PACKAGES_FAILED',
      message: `${fileName} is not what the signed index says.`,
      details: { failureClass: 'security', hint: 'Try again; if it stays so, the mirror is not to be trusted.' },
    });
  }
  return { name, version, architecture, control: withoutPlace(stanza), ...(await draft.add(content)) };
}

/** Fields go on over the lines that begin with a space. */
function withoutPlace(stanza: string): string {
  return stanza
    .split(/\n(?! )/)
    .filter((field) => field.trim() !== '' && !PLACE_FIELDS.test(field))
    .join('\n');
}

async function readLists({ draft, repositories, stage }: PackageOrder): Promise<BundleManifest['lists']> {
  const { files } = stage.host;
  const lists: BundleManifest['lists'] = [];
  const names = (await files.list(`${stage.path}/lists`)) ?? [];
  for (const { gathered, listPrefix } of repositories) {
    for (const name of names.filter((each) => each.startsWith(gathered.listPrefix))) {
      const content = await files.read(`${stage.path}/lists/${name}`, { maxBytes: MAX_LIST_BYTES });
      if (content !== null) {
        lists.push({
          repository: listPrefix,
          name: `${listPrefix}${name.slice(gathered.listPrefix.length)}`,
          ...(await draft.add(content)),
        });
      }
    }
  }
  return lists;
}
