import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DownloadRequest, explainTransferError } from '@breakwater/host-config';
import { createDownloadDoor } from '@breakwater/local-host';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import type { Fault } from '../bed/host/fault.ts';
import { type FaultyServer, startFaultyServer } from '../bed/host/faulty-server.ts';
import { serveBytes } from '../bed/host/serve-files.ts';

const content = randomBytes(400_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const signal = new AbortController().signal;
const door = createDownloadDoor();

let server: FaultyServer;
let folder: BedFolder;
let path: string;

beforeEach(async () => {
  server = await startFaultyServer({ answer: serveBytes(new Map([['/file', content]])) });
  folder = createBedFolder('door');
  path = join(folder.path, 'file');
});

afterEach(async () => {
  await server.stop();
  folder.remove();
});

const fetch = (more: Partial<DownloadRequest> = {}) =>
  door.fetch(
    {
      url: `${server.url}/file`,
      path,
      sha256,
      maxBytes: 1_000_000,
      verifySsl: true,
      connectTimeoutMs: 1_000,
      inactivityTimeoutMs: 1_000,
      ...more,
    },
    { signal },
  );

const failure = async (more: Partial<DownloadRequest> = {}): Promise<{ readonly code: string; readonly class: string | undefined }> => {
  const error: unknown = await fetch(more).catch((reason: unknown) => reason);
  return { code: (error as { readonly code: string }).code, class: explainTransferError(error, { wallMs: 0 })?.class };
};

test('a finished file is found by its hash as long as it has that, and is thrown away when it has not', async () => {
  await fetch();
  const asked = server.requests.length;
  expect(await door.find?.(path, sha256)).toEqual({ path, sha256, sizeBytes: content.length, transferredBytes: 0 });
  expect(server.requests).toHaveLength(asked);
  writeFileSync(path, 'something else');
  expect(await door.find?.(path, sha256)).toBeNull();
  expect(readdirSync(folder.path)).toEqual([]);
  expect(await door.find?.(join(folder.path, 'nothing'), sha256)).toBeNull();
});

test('the cache is for its owner only, and loses first what was of no use for longest, but nothing in use', async () => {
  const cache = join(folder.path, 'cache');
  for (const name of ['old', 'used', 'new']) await fetch({ path: join(cache, name) });
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  for (const [index, name] of ['old', 'used', 'new'].entries()) utimesSync(join(cache, name), index + 1, index + 1);
  await door.trim?.(cache, { maxBytes: 3 * content.length, isInUse: () => false });
  expect(readdirSync(cache)).toHaveLength(3);
  // Found again, it is the newest.
  await door.find?.(join(cache, 'old'), sha256);
  await door.trim?.(cache, { maxBytes: 2 * content.length, isInUse: () => false });
  expect(readdirSync(cache).toSorted()).toEqual(['new', 'old']);
  await door.trim?.(cache, { maxBytes: 0, isInUse: (each) => each.endsWith('/new') });
  expect(readdirSync(cache)).toEqual(['new']);
  await door.trim?.(join(folder.path, 'not there'), { maxBytes: 0, isInUse: () => false });
});

test('a file arrives whole, and nothing stays beside it', async () => {
  expect(await fetch({ sizeBytes: content.length })).toEqual({ path, sha256, sizeBytes: content.length, transferredBytes: content.length });
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(readdirSync(folder.path)).toEqual(['file']);
});

test('the folder of the cache is made when there is none', async () => {
  const first = join(folder.path, 'cache/downloads/file');
  expect(await fetch({ path: first })).toMatchObject({ path: first, sha256 });
});

test.each<Fault>([
  { kind: 'reset', afterBytes: 150_000 },
  { kind: 'truncate', afterBytes: 150_000 },
  { kind: 'mid-stall', afterBytes: 150_000 },
])('after %o the next call goes on where this one broke off', async (fault) => {
  server.inject({ fault, times: 1 });
  expect(await failure()).toMatchObject({ class: 'transient' });
  expect(existsSync(path)).toBe(false);
  const { transferredBytes } = await fetch();
  expect(transferredBytes).toBe(content.length - 150_000);
  expect(readFileSync(path).equals(content)).toBe(true);
});

test.each<[Fault, number]>([
  [{ kind: 'no-range' }, content.length],
  [{ kind: 'changing-etag' }, content.length],
])('with %o a broken transfer begins again and is right', async (fault, expected) => {
  server.inject({ fault: { kind: 'reset', afterBytes: 150_000 }, times: 1 }, { fault });
  await failure();
  expect((await fetch()).transferredBytes).toBe(expected);
  expect(readFileSync(path).equals(content)).toBe(true);
});

test('a poisoned partial file and a part that was not asked for never become the file', async () => {
  server.inject({ fault: { kind: 'reset', afterBytes: 150_000 }, times: 1 });
  await failure();
  writeFileSync(`${path}.part`, randomBytes(150_000));
  expect(await failure()).toEqual({ code: 'HOST_DOWNLOAD_HASH', class: 'transient' });
  expect(readdirSync(folder.path)).toEqual([]);
  server.inject({ fault: { kind: 'reset', afterBytes: 150_000 }, times: 1 }, { fault: { kind: 'wrong-range' }, times: 1 });
  await failure();
  expect(await failure()).toEqual({ code: 'HOST_DOWNLOAD_RANGE', class: 'repair' });
  expect((await fetch()).sha256).toBe(sha256);
});

test.each<[Fault, string, string]>([
  [{ kind: 'stall' }, 'TRANSPORT_TIMEOUT', 'transient'],
  [{ kind: 'close' }, 'TRANSPORT_RESET', 'transient'],
  [{ kind: 'reset' }, 'TRANSPORT_RESET', 'transient'],
  [{ kind: 'garbage' }, 'TRANSPORT_PROTOCOL_ERROR', 'transient'],
  [{ kind: 'corrupt', atByte: 7 }, 'HOST_DOWNLOAD_HASH', 'transient'],
  [{ kind: 'captive-portal' }, 'HOST_DOWNLOAD_HASH', 'transient'],
  [{ kind: 'redirect-loop' }, 'HOST_DOWNLOAD_REDIRECT', 'permanent'],
  [{ kind: 'status', status: 404 }, 'HOST_DOWNLOAD_STATUS', 'permanent'],
  [{ kind: 'status', status: 429 }, 'HOST_DOWNLOAD_STATUS', 'throttled'],
])('%o is %s, and there is no file', async (fault, code, failureClass) => {
  server.inject({ fault });
  expect(await failure()).toEqual({ code, class: failureClass });
  expect(existsSync(path)).toBe(false);
  server.heal();
  expect((await fetch()).sizeBytes).toBe(content.length);
});

test('limits and the disk are told', async () => {
  expect(await failure({ maxBytes: 1_000 })).toEqual({ code: 'TRANSPORT_BODY_TOO_LARGE', class: 'permanent' });
  writeFileSync(join(folder.path, 'plain'), '');
  // A folder of the cache is made; where a file is, none can be.
  expect(await failure({ path: join(folder.path, 'plain/file') })).toEqual({ code: 'HOST_DOWNLOAD_WRITE', class: 'local' });
  expect(await failure({ url: 'ftp://example.org/x' })).toEqual({ code: 'HOST_DOWNLOAD_URL', class: 'permanent' });
});

test('a probe tells status, headers and time', async () => {
  const answer = await door.probe({ url: `${server.url}/file`, method: 'HEAD', timeoutMs: 2_000, verifySsl: true }, { signal });
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-length': '400000' } });
  expect(server.requests.at(-1)?.method).toBe('HEAD');
  expect((await door.probe({ url: `${server.url}/file`, method: 'GET', timeoutMs: 2_000, verifySsl: true }, { signal })).statusCode).toBe(
    206,
  );
});
