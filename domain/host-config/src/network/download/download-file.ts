import { findBundledDownload } from '../../bundle/find-in-bundle.ts';
import { explainTransferError } from '../../classify/explain-transfer-error.ts';
import type { Explanation } from '../../classify/failure.ts';
import type { DownloadedFile } from '../../ports/download-door.ts';
import { hashBytes } from '../../resources/file/saved-file.ts';
import { findService, isHostAllowed } from '../find-service.ts';
import { runGuarded } from '../guarded-run.ts';
import { explainForbiddenHost, explainRefusal } from '../known-explanations.ts';
import type { AttemptEnd, DownloadOrder, DownloadResult, Outcome } from '../network-operations.ts';
import type { NetworkRoom } from '../network-room.ts';
import { inTurn, isInUse } from './file-turns.ts';

/** A page that never ends must not fill the disk. */
const MAX_BYTES = 16 * 1_024 ** 3;
const HASH_TIMEOUT_MS = 300_000;
const DEFAULT_MODE = 0o644;

/** Brings a file to the host: from the bundle, from the cache, or from the first of its places that has it. */
export async function downloadFile(order: DownloadOrder, room: NetworkRoom): Promise<Outcome<DownloadResult>> {
  const refusal = findRefusal(order, room);
  if (refusal !== null) return fail(refusal);
  const there = await findOnHost(order, room);
  if (there !== null) return { ok: true, value: there, attempts: 0, waitedMs: 0 };
  return await withCachedFile(order, room, (file) => bringToHost(order, file, room));
}

/** The file as it lies on the side of the configurator; it stays until `use` is done with it. */
export async function withCachedFile<T>(
  order: Pick<DownloadOrder, 'sha256' | 'timeoutMs' | 'urls' | 'verifySsl'>,
  room: NetworkRoom,
  use: (file: CachedFile) => Promise<T>,
): Promise<Outcome<T>> {
  const { downloads, settings } = room;
  const path = await toCachePath(order, room);
  try {
    return await inTurn(downloads, path, async () => {
      const outcome = await findOrFetch(order, room);
      return outcome.ok ? { ...outcome, value: await use(outcome.value) } : outcome;
    });
  } finally {
    const folder = path.slice(0, path.lastIndexOf('/'));
    await downloads.trim?.(folder, { maxBytes: settings.cache.maxBytes, isInUse: (each) => isInUse(downloads, each) });
  }
}

export interface CachedFile extends DownloadedFile {
  readonly fromCache: boolean;
}

type FileOrder = Parameters<typeof withCachedFile>[0];

/** Asks one place after the other, the last one as often as allowed. */
async function findOrFetch(order: FileOrder, room: NetworkRoom): Promise<Outcome<CachedFile>> {
  const found = findInBundle(order, room) ?? (await findInCache(order, room));
  if (found !== null) return { ok: true, value: { ...found, fromCache: true }, attempts: 0, waitedMs: 0 };
  let attempts = 0;
  let waitedMs = 0;
  for (const [index, url] of order.urls.entries()) {
    const outcome = await fetchFrom(url, { order, room, isLast: index === order.urls.length - 1 });
    attempts += outcome.attempts;
    waitedMs += outcome.waitedMs;
    if (outcome.ok) return { ok: true, value: { ...outcome.value, fromCache: false }, attempts, waitedMs };
    const isHopeless = outcome.explanation.class === 'local' || index === order.urls.length - 1;
    if (isHopeless) return { ...outcome, attempts, waitedMs };
  }
  return fail(explainRefusal('http.url', 'There is no URL to download from.', 'Add one.'));
}

async function fetchFrom(
  url: string,
  options: { readonly order: FileOrder; readonly room: NetworkRoom; readonly isLast: boolean },
): Promise<Outcome<DownloadedFile>> {
  const { isLast, order, room } = options;
  const service = findService(toHost(url) ?? '', { services: room.settings.services, purpose: 'other' });
  const path = await toCachePath(order, room);
  const { connectMs, downloadMs, inactivityMs } = room.settings.timeouts;
  return await runGuarded<DownloadedFile>(
    {
      services: [service],
      title: 'Download',
      doing: `Downloading ${url}`,
      timeoutMs: order.timeoutMs ?? downloadMs,
      lane: { kind: 'service', service },
      // Another place is the better second attempt.
      ...(isLast ? {} : { retry: { attempts: 1 } }),
      // The door has thrown away what could not be gone on with.
      repair: () => Promise.resolve(true),
      async attempt({ signal }): Promise<AttemptEnd<DownloadedFile>> {
        const limits = { maxBytes: MAX_BYTES, connectTimeoutMs: connectMs, inactivityTimeoutMs: inactivityMs };
        const request = { url, path, sha256: order.sha256?.toLowerCase() ?? null, verifySsl: order.verifySsl ?? true, ...limits };
        try {
          return { ok: true, value: await room.downloads.fetch(request, { signal }) };
        } catch (error) {
          signal.throwIfAborted();
          const explanation = explainTransferError(error, { wallMs: room.clock.wall() });
          // What is no failure of a transfer is one of the configurator.
          if (explanation === null) throw error;
          return { ok: false, explanation };
        }
      },
    },
    room,
  );
}

/** Nothing is fetched for a file that is there already. */
async function findOnHost({ dest, sha256 }: DownloadOrder, { host, signal }: NetworkRoom): Promise<DownloadResult | null> {
  const facts = sha256 === null ? null : await host.files.stat(dest);
  if (facts?.kind !== 'file') return null;
  const { stdout } = await host.run({ argv: ['sha256sum', '--', dest], timeoutMs: HASH_TIMEOUT_MS }, { signal });
  // A backslash in front says that the name was escaped.
  const found = /^\\?([0-9a-f]{64})/.exec(stdout)?.[1];
  if (found === undefined || found !== sha256?.toLowerCase()) return null;
  return { path: dest, sha256: found, sizeBytes: facts.sizeBytes, transferredBytes: 0, fromCache: true };
}

function findInBundle(order: FileOrder, { bundle }: NetworkRoom): DownloadedFile | null {
  const found = bundle === null ? null : findBundledDownload(order, bundle.manifest);
  if (found === null || bundle === null) return null;
  const { sha256, sizeBytes } = found;
  return { path: bundle.pathOf(sha256), sha256, sizeBytes, transferredBytes: 0 };
}

async function findInCache(order: FileOrder, room: NetworkRoom): Promise<DownloadedFile | null> {
  if (order.sha256 === null) return null;
  return (await room.downloads.find?.(await toCachePath(order, room), order.sha256.toLowerCase())) ?? null;
}

async function bringToHost(order: DownloadOrder, file: CachedFile, { host }: NetworkRoom): Promise<DownloadResult> {
  await host.files.install(file.path, order.dest, { mode: order.mode ?? DEFAULT_MODE, uid: 0, gid: 0 });
  const { fromCache, sha256, sizeBytes, transferredBytes } = file;
  return { path: order.dest, sha256, sizeBytes, transferredBytes, fromCache };
}

/** By its hash, so that the same file is fetched once for all hosts; a file without one by where it comes from. */
async function toCachePath({ sha256, urls }: FileOrder, { cacheFolder }: NetworkRoom): Promise<string> {
  const name = sha256?.toLowerCase() ?? `unverified-${await hashBytes(new TextEncoder().encode(urls[0]))}`;
  return `${cacheFolder}/downloads/${name}`;
}

function findRefusal({ dest, sha256, urls }: DownloadOrder, { settings }: NetworkRoom): Explanation | null {
  const usage = (cause: string): Explanation => explainRefusal('http.url', cause, 'Correct the configuration.');
  if (!dest.startsWith('/')) return usage('The destination must be an absolute path.');
  if (sha256 !== null && !/^[0-9a-f]{64}$/i.test(sha256)) return usage('The checksum is no SHA-256: 64 hexadecimal digits.');
  for (const url of urls) {
    const host = toHost(url);
    if (host === null) return usage(`"${url}" is no URL of http or https.`);
    if (!isHostAllowed(host, settings.allowedHosts)) return explainForbiddenHost(host);
  }
  return null;
}

function toHost(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { hostname, password, protocol, username } = new URL(url);
  const isPlain = (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
  return isPlain && hostname !== '' ? hostname.toLowerCase() : null;
}

function fail(explanation: Explanation): Outcome<never> {
  return { ok: false, reason: 'failed', explanation, service: '', attempts: 0, waitedMs: 0, retryAfterMs: null };
}
