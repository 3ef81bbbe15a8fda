import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DownloadRequest } from '@breakwater/host-config';
import { createDownloadDoor } from '@breakwater/local-host';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answering, type FaultyServer, startFaultyServer } from '../bed/host/faulty-server.ts';

const BODY = Buffer.from(Array.from({ length: 4_000_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
const SHA256 = createHash('sha256').update(BODY).digest('hex');
const { signal } = new AbortController();

/** As a good server does: the range only of the version that is asked for. */
const serve: Answering = ({ headers: { 'if-range': version, range } }, fault) => {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(start) || version !== etag || fault?.kind === 'no-range') return { status: 200, headers: { etag }, body: BODY };
  const from = fault?.kind === 'wrong-range' ? start + 1 : start;
  const headers = { etag, 'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}` };
  return { status: 206, headers, body: BODY.subarray(from) };
};

let server: FaultyServer;
let folder = '';
let etag = '"v1"';
beforeEach(async () => {
  etag = '"v1"';
  folder = mkdtempSync(join(tmpdir(), 'download-'));
  server = await startFaultyServer({ answer: serve });
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const door = createDownloadDoor();
const path = (): string => join(folder, 'cache/file');
const order = (changes: Partial<DownloadRequest> = {}): DownloadRequest => ({
  url: `${server.url}/file`,
  path: path(),
  sha256: SHA256,
  maxBytes: 8_000_000,
  verifySsl: true,
  connectTimeoutMs: 2_000,
  inactivityTimeoutMs: 500,
  ...changes,
});

describe('a download', () => {
  test('is there whole, or not at all', async () => {
    expect(await door.fetch(order(), { signal })).toEqual({
      path: path(),
      sha256: SHA256,
      sizeBytes: BODY.length,
      transferredBytes: BODY.length,
    });
    expect(readFileSync(path()).equals(BODY)).toBe(true);
    for (const end of ['.part', '.note']) expect(existsSync(path() + end)).toBe(false);
    expect(await door.find(path(), SHA256)).toMatchObject({ sizeBytes: BODY.length, transferredBytes: 0 });
    expect(await door.find(path(), '0'.repeat(64))).toBeNull();
    expect(await door.find(join(folder, 'none'), SHA256)).toBeNull();
  });

  test('goes on where it broke off, and carries hardly more than the rest', async () => {
    server.inject({ fault: { kind: 'truncate', afterBytes: 3_000_000 }, times: 1 });
    await expect(door.fetch(order(), { signal })).rejects.toMatchObject({ code: expect.stringMatching(/^(?:TRANSPORT|HOST_DOWNLOAD)_/) });
    expect(existsSync(path())).toBe(false);
    const { transferredBytes } = await door.fetch(order(), { signal });
    expect(transferredBytes).toBeLessThan(BODY.length);
    expect(readFileSync(path()).equals(BODY)).toBe(true);
    expect(server.sentBytes()).toBeLessThanOrEqual(BODY.length * 1.5);
  });

  test.each([
    [
      'the server has another version',
      () => {
        etag = '"v2"';
      },
    ],
    ['the server knows no ranges', () => server.inject({ fault: { kind: 'no-range' }, times: 1 })],
    ['another range comes than was asked for', () => server.inject({ fault: { kind: 'wrong-range' }, times: 1 })],
  ])('begins anew when %s', async (_what, change) => {
    server.inject({ fault: { kind: 'reset', afterBytes: 2_000_000 }, times: 1 });
    await expect(door.fetch(order(), { signal })).rejects.toMatchObject({ code: expect.stringMatching(/^TRANSPORT_/) });
    change();
    await door.fetch(order(), { signal });
    expect(readFileSync(path()).equals(BODY)).toBe(true);
  });

  test.each([
    ['a wrong byte', { kind: 'corrupt', atByte: 5 }, 'HOST_DOWNLOAD_HASH'],
    ['a sign-in page', { kind: 'captive-portal' }, /HOST_DOWNLOAD_HASH|HOST_DOWNLOAD_FAILED/],
    ['a redirect to itself', { kind: 'redirect-loop' }, 'HOST_DOWNLOAD_FAILED'],
    ['bytes that are no HTTP', { kind: 'garbage' }, /^TRANSPORT_/],
    ['silence within the body', { kind: 'mid-stall', afterBytes: 1_000 }, 'TRANSPORT_TIMEOUT'],
    ['a closed connection', { kind: 'close' }, /^TRANSPORT_/],
  ] as const)('refuses %s, and leaves nothing in its place', async (_what, fault, code) => {
    server.inject({ fault });
    await expect(door.fetch(order(), { signal })).rejects.toMatchObject({ code: expect.stringMatching(code) });
    expect(existsSync(path())).toBe(false);
  });

  test('tells status and pause of a server that asks for patience', async () => {
    server.inject({ fault: { kind: 'status', status: 429, headers: { 'retry-after': '7' } } });
    await expect(door.fetch(order(), { signal })).rejects.toMatchObject({
      code: 'HOST_DOWNLOAD_FAILED',
      details: { statusCode: 429, retryAfterMs: 7_000 },
    });
  });

  test('stops at its limit, and when nobody waits any more', async () => {
    await expect(door.fetch(order({ maxBytes: 1_000 }), { signal })).rejects.toMatchObject({
      code: expect.stringMatching(/LARGE|HOST_DOWNLOAD_FAILED/),
    });
    server.inject({ fault: { kind: 'stall' } });
    const abort = new AbortController();
    const fetching = door.fetch(order(), { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(fetching).rejects.toMatchObject({ code: 'TRANSPORT_CANCELED' });
  });

  test('follows a redirect', async () => {
    server.inject({ fault: { kind: 'redirect', to: '/elsewhere' }, match: /^\/file/, times: 1 });
    await door.fetch(order(), { signal });
    expect(server.requests.map(({ path: asked }) => asked)).toEqual(['/file', '/elsewhere']);
  });
});

test('a probe tells status, headers and time, and throws for what is no answer', async () => {
  const request = { url: `${server.url}/x`, method: 'HEAD', timeoutMs: 2_000, verifySsl: true } as const;
  expect(await door.probe(request, { signal })).toMatchObject({ statusCode: 200, headers: { etag: '"v1"' }, tookMs: expect.any(Number) });
  server.inject({ fault: { kind: 'close' } });
  await expect(door.probe(request, { signal })).rejects.toMatchObject({ code: expect.stringMatching(/^TRANSPORT_/) });
});
