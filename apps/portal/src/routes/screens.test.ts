import type { CondensedScreen } from '@breakwater/fleet';
import { toMoid, toServerId } from '@breakwater/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestPortal, type TestPortal } from '../testing/test-portal.ts';

const hash = 'abcdef0123456789';
const byHash = `/api/v1/screens/${hash}`;
const ofMachine = '/api/v1/servers/a/vms/1/thumbnail';
const browser = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const small: CondensedScreen = { bytes: new Uint8Array([9, 9]), mediaType: 'image/avif' };

let test: TestPortal;

beforeEach(() => {
  test = createTestPortal();
  test.fleet.seed({ id: 'a' }, { machineCount: 1 });
  test.fleet.changeScreen(
    { serverId: toServerId('a'), moid: toMoid('1') },
    { bytes: new Uint8Array([1, 2, 3]), mediaType: 'image/webp', hash, ageMs: 0, isStale: false },
  );
});

afterEach(() => test.portal.close());

async function get(url: string, headers: Readonly<Record<string, string>>) {
  const {
    statusCode,
    headers: answered,
    rawPayload,
  } = await test.portal.app.inject({ url, headers: { ...test.as('viewer'), ...headers } });
  const { etag, vary } = answered;
  return { status: statusCode, type: answered['content-type'], etag, vary, bytes: [...rawPayload] };
}

const webp = { status: 200, type: 'image/webp', etag: `"${hash}"`, vary: 'accept', bytes: [1, 2, 3] };
const avif = { status: 200, type: 'image/avif', etag: `"${hash}-avif"`, vary: 'accept', bytes: [9, 9] };

describe.each([
  ['by its hash', byHash],
  ['of a machine', ofMachine],
])('a picture %s', (_case, url) => {
  it('is sent as AVIF to a client that names it, and as it is to every other', async () => {
    test.fleet.condensed.set(hash, small);
    expect(await get(url, { accept: browser })).toEqual(avif);
    for (const accept of ['image/webp,*/*', '*/*', 'image/avif;q=0, image/*']) expect(await get(url, { accept })).toEqual(webp);
    expect(await get(url, {})).toEqual(webp);
  });

  it('is waited for while its AVIF is being made', async () => {
    test.fleet.condensed.set(hash, Promise.resolve(small));
    expect(await get(url, { accept: browser })).toEqual(avif);
  });

  it('is sent as it is where there is no AVIF, or it takes too long', async () => {
    expect(await get(url, { accept: browser })).toEqual(webp);
    test.fleet.condensed.set(hash, Promise.resolve(null));
    expect(await get(url, { accept: browser })).toEqual(webp);
  });

  it('is not sent, and no AVIF is made, for a client that holds it in a form that it takes', async () => {
    test.fleet.condensed.set(hash, small);
    for (const etag of [avif.etag, webp.etag]) {
      expect(await get(url, { accept: browser, 'if-none-match': etag })).toMatchObject({ status: 304, etag, vary: 'accept', bytes: [] });
    }
    expect(await get(url, { accept: 'image/webp', 'if-none-match': webp.etag })).toMatchObject({ status: 304 });
    expect(await get(url, { accept: 'image/webp', 'if-none-match': avif.etag })).toEqual(webp);
    expect(test.fleet.condensedAsked).toBe(0);
  });
});
