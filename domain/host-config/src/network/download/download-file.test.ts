import { ManualClock, OpsError } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { DownloadedFile, DownloadRequest } from '../../ports/download-door.ts';
import type { FileAttributes } from '../../ports/host-executor.ts';
import { MemoryHost } from '../../testing/memory-host.ts';
import { createNetworkOperations } from '../create-network-operations.ts';
import type { DownloadOrder } from '../network-operations.ts';
import { DEFAULT_NETWORK_SETTINGS, type NetworkSettings } from '../network-settings.ts';

const SHA = 'a'.repeat(64);
const ORDER: DownloadOrder = { urls: ['https://one.example/f'], dest: '/opt/f', sha256: SHA };

type Answer = Error | 'file';
const status = (statusCode: number, details: Readonly<Record<string, unknown>> = {}): OpsError =>
  new OpsError({ code: 'HOST_DOWNLOAD_STATUS', message: `answered ${statusCode}`, details: { status: statusCode, ...details } });

function open(answers: Readonly<Record<string, readonly Answer[]>>, settings: Partial<NetworkSettings> = {}) {
  const clock = new ManualClock();
  const requests: DownloadRequest[] = [];
  const cache = new Map<string, DownloadedFile>();
  const installed: (readonly [from: string, to: string, attributes: FileAttributes])[] = [];
  const hashes = new Map<string, string>();
  const host = new MemoryHost({
    files: { '/opt/there': 'x' },
    scripts: [({ argv }) => (argv[0] === 'sha256sum' ? { stdout: `${hashes.get(argv[2] ?? '') ?? ''}  ${argv[2]}\n` } : undefined)],
  });
  host.files.install = async (from, to, attributes) => void installed.push([from, to, attributes]);
  const network = createNetworkOperations({
    host,
    downloads: {
      async fetch(request) {
        requests.push(request);
        const { hostname } = new URL(request.url);
        const list = answers[hostname] ?? [];
        const answer = list[Math.min(requests.filter(({ url }) => url === request.url).length, list.length) - 1];
        if (answer !== 'file') throw answer ?? new Error('unexpected');
        const file = { path: request.path, sha256: request.sha256 ?? 'b'.repeat(64), sizeBytes: 10, transferredBytes: 10 };
        cache.set(request.path, file);
        return file;
      },
      find: async (path) => {
        const file = cache.get(path);
        return file === undefined ? null : { ...file, transferredBytes: 0 };
      },
      probe: () => Promise.reject(new Error('nothing is asked here')),
    },
    cacheFolder: '/cache',
    clock,
    random: () => 0,
    settings: { ...DEFAULT_NETWORK_SETTINGS, ...settings },
  });
  const download = async (order: Partial<DownloadOrder> = {}) => {
    const running = network.downloadWithRetry({ ...ORDER, ...order });
    // In steps: an await chain that is longer than one step settles in the next.
    for (let step = 0; step < 20; step++) await clock.advance(20_000);
    return await running;
  };
  return { clock, download, hashes, installed, network, requests };
}

describe('a download', () => {
  it('is kept by its hash, brought to the host, and fetched only once', async () => {
    const { download, installed, requests } = open({ 'one.example': ['file'] });
    expect(await download({ mode: 0o755 })).toMatchObject({ ok: true, attempts: 1, value: { path: '/opt/f', fromCache: false } });
    expect(installed).toEqual([[`/cache/downloads/${SHA}`, '/opt/f', { mode: 0o755, uid: 0, gid: 0 }]]);
    expect(await download({ dest: '/opt/g' })).toMatchObject({ ok: true, attempts: 0, value: { fromCache: true, transferredBytes: 0 } });
    expect(requests).toHaveLength(1);
  });

  it('that two ask for at the same time is fetched once, for both', async () => {
    const { clock, installed, network, requests } = open({ 'one.example': ['file'] });
    const both = [network.downloadWithRetry(ORDER), network.downloadWithRetry({ ...ORDER, dest: '/opt/g' })];
    for (let step = 0; step < 20; step++) await clock.advance(20_000);
    expect(await Promise.all(both)).toMatchObject([
      { ok: true, value: { fromCache: false } },
      { ok: true, value: { fromCache: true } },
    ]);
    expect(requests).toHaveLength(1);
    expect(installed.map(([, to]) => to)).toEqual(['/opt/f', '/opt/g']);
  });

  it('that failed for one is tried again for the next who waited for it', async () => {
    const { clock, network, requests } = open({ 'one.example': [status(404), 'file'] });
    const both = [network.downloadWithRetry(ORDER), network.downloadWithRetry({ ...ORDER, dest: '/opt/g' })];
    for (let step = 0; step < 20; step++) await clock.advance(20_000);
    expect(await Promise.all(both)).toMatchObject([{ ok: false }, { ok: true }]);
    expect(requests).toHaveLength(2);
  });

  it('asks nobody for a file that the host has already', async () => {
    const { download, hashes, installed, requests } = open({});
    hashes.set('/opt/there', SHA);
    expect(await download({ dest: '/opt/there' })).toMatchObject({ ok: true, attempts: 0 });
    expect([requests.length, installed.length]).toEqual([0, 0]);
  });

  it('goes to the next place at once, and asks the last one as often as allowed', async () => {
    const { download, requests } = open({ 'one.example': [status(404)], 'two.example': [status(500), status(500), 'file'] });
    const outcome = await download({ urls: ['https://one.example/f', 'https://two.example/f'] });
    expect(outcome).toMatchObject({ ok: true, attempts: 4, waitedMs: 3_000 });
    expect(requests.map(({ url }) => new URL(url).hostname)).toEqual(['one.example', 'two.example', 'two.example', 'two.example']);
  });

  it('waits as long as the server asks', async () => {
    const { download } = open({ 'one.example': [status(429, { retryAfter: '7' }), 'file'] });
    expect(await download()).toMatchObject({ ok: true, attempts: 2, waitedMs: 7_000 });
  });

  it('begins again at once when the server cannot go on where it broke off', async () => {
    const range = new OpsError({ code: 'HOST_DOWNLOAD_RANGE', message: 'another range was sent' });
    const { download } = open({ 'one.example': [range, 'file'] });
    expect(await download()).toMatchObject({ ok: true, attempts: 2, waitedMs: 0 });
  });

  it('is not repeated where that cannot help', async () => {
    const { download, requests } = open({ 'one.example': [status(403)] });
    expect(await download()).toMatchObject({ ok: false, attempts: 1, explanation: { class: 'permanent' } });
    expect(requests).toHaveLength(1);
  });

  it('comes only from hosts that are allowed', async () => {
    const { download, requests } = open({ 'one.example': ['file'] }, { allowedHosts: ['*.example.org'] });
    expect(await download()).toMatchObject({ ok: false, attempts: 0, explanation: { class: 'security', code: 'host.not-allowed' } });
    expect(requests).toEqual([]);
  });

  it.each([
    { urls: ['ftp://one.example/f'] },
    { urls: ['https://user:secret@one.example/f'] },
    { urls: ['no url'] },
    { sha256: 'abc' },
    { dest: 'relative' },
  ] as const)('is refused for %o', async (order) => {
    const { download, requests } = open({});
    expect(await download(order as Partial<DownloadOrder>)).toMatchObject({ ok: false, attempts: 0, explanation: { class: 'permanent' } });
    expect(requests).toEqual([]);
  });

  it('offline is what lies in the cache, and nothing else', async () => {
    const { download, requests } = open({ 'one.example': ['file'] }, { isOffline: true });
    expect(await download()).toMatchObject({ ok: false, reason: 'offline', attempts: 0 });
    expect(requests).toEqual([]);
  });
});
