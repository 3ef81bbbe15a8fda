import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNetworkOperations } from '@breakwater/host-config';
import { createDownloadDoor, createLocalExecutor, type DownloadDoorOptions } from '@breakwater/local-host';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { type Authority, createAuthority } from '../bed/host/certificates.ts';
import { startFaultyServer } from '../bed/host/faulty-server.ts';
import { serveBytes } from '../bed/host/serve-files.ts';

const content = randomBytes(20_000);
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: BedFolder;
let authority: Authority;
let other: Authority;

beforeAll(() => {
  folder = createBedFolder('https');
  const make = (name: string): Authority => {
    mkdirSync(join(folder.path, name));
    return createAuthority(join(folder.path, name));
  };
  authority = make('ours');
  other = make('other');
});

afterAll(() => folder.remove());

/** Downloads from a server with that certificate, over the whole network layer. */
async function download(order: { readonly from: Authority; readonly name: string; readonly days: number } & DownloadDoorOptions) {
  const { days, from, name, trust } = order;
  const server = await startFaultyServer({ answer: serveBytes(new Map([['/file', content]])), tls: from.issue(name, days) });
  const place = createBedFolder('https-host');
  try {
    const network = createNetworkOperations({
      host: createLocalExecutor(),
      downloads: createDownloadDoor(trust === undefined ? {} : { trust }),
      cacheFolder: join(place.path, 'cache'),
    });
    const dest = join(place.path, 'dest');
    const outcome = await network.downloadWithRetry({ urls: [`${server.url}/file`], dest, sha256 });
    const breaker = (await network.getCircuitBreakerStatus())['external_downloads'];
    const arrived = existsSync(dest) ? readFileSync(dest) : null;
    return { outcome, arrived, left: readdirSync(place.path), failures: breaker?.failure_count, requests: server.requests.length };
  } finally {
    await server.stop();
    place.remove();
  }
}

const trusting = (): DownloadDoorOptions => ({ trust: { kind: 'ca', pem: authority.cert } });

test('a server whose authority is trusted by its file is downloaded from', async () => {
  const { arrived, outcome } = await download({ from: authority, name: 'IP:127.0.0.1', days: 1, ...trusting() });
  expect(outcome).toMatchObject({ ok: true, attempts: 1 });
  expect(arrived?.equals(content)).toBe(true);
});

test.each([
  ['of an authority that nobody here knows', () => ({ from: authority, name: 'IP:127.0.0.1', days: 1 })],
  ['of another authority than the trusted one', () => ({ from: other, name: 'IP:127.0.0.1', days: 1, ...trusting() })],
  ['for another name', () => ({ from: authority, name: 'DNS:other.example', days: 1, ...trusting() })],
  ['that has expired', () => ({ from: authority, name: 'IP:127.0.0.1', days: -1, ...trusting() })],
] as const)('a certificate %s is a matter of trust: one attempt, no request, nothing written, nobody blamed', async (_, toOrder) => {
  const { left, failures, outcome, requests } = await download(toOrder());
  expect(outcome).toMatchObject({ ok: false, reason: 'failed', attempts: 1, explanation: { class: 'security' } });
  expect({ requests, left, failures: failures ?? 0 }).toEqual({ requests: 0, left: [], failures: 0 });
});
