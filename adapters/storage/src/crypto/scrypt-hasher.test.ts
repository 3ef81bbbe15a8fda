import { Secret } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createScryptHasher } from './scrypt-hasher.ts';

const CHEAP = { logN: 4, blockSize: 8, parallelization: 1 };
const hasher = createScryptHasher({ cost: CHEAP, maxParallel: 2 });
const PASSWORD = new Secret('correct horse');

describe('the password hasher', () => {
  it('accepts the right password only', async () => {
    const encoded = await hasher.hash(PASSWORD);
    expect(encoded).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$/);
    expect(await hasher.verify(PASSWORD, encoded)).toBe(true);
    expect(await hasher.verify(new Secret('correct hors'), encoded)).toBe(false);
    expect(await hasher.verify(PASSWORD, null)).toBe(false);
  });

  it('salts: equal passwords have different hashes', async () => {
    expect(await hasher.hash(PASSWORD)).not.toBe(await hasher.hash(PASSWORD));
  });

  it('takes the same letters in another Unicode form', async () => {
    const encoded = await hasher.hash(new Secret('caf\u00e9 au lait'));
    expect(await hasher.verify(new Secret('cafe\u0301 au lait'), encoded)).toBe(true);
  });

  it('agrees with the test vector of RFC 7914, section 12', async () => {
    const salt = Buffer.from('SodiumChloride').toString('base64').replaceAll('=', '');
    const derived = Buffer.from(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
      'hex',
    );
    const encoded = `$scrypt$ln=14,r=8,p=1$${salt}$${derived.toString('base64').replaceAll('=', '')}`;
    expect(await hasher.verify(new Secret('pleaseletmein'), encoded)).toBe(true);
  });

  it('asks for a new hash when its parameters are stronger than the stored ones', async () => {
    const weak = await hasher.hash(PASSWORD);
    expect(hasher.isOutdated(weak)).toBe(false);
    expect(createScryptHasher({ cost: { ...CHEAP, logN: 5 } }).isOutdated(weak)).toBe(true);
    expect(createScryptHasher({ cost: { ...CHEAP, logN: 3 } }).isOutdated(weak)).toBe(false);
    expect(hasher.isOutdated('nonsense')).toBe(true);
  });

  it('works with its default cost, the one for people', async () => {
    const strong = createScryptHasher();
    const encoded = await strong.hash(PASSWORD);
    expect(encoded).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect(await strong.verify(PASSWORD, encoded)).toBe(true);
  });

  it.each([
    '',
    'plain text',
    '$scrypt$ln=31,r=8,p=1$c29kaXVtc29kaXVt$c29kaXVtc29kaXVtc29kaXVt',
    '$scrypt$ln=15,r=99,p=1$c29kaXVtc29kaXVt$c29kaXVtc29kaXVtc29kaXVt',
    '$scrypt$ln=0,r=8,p=1$c29kaXVtc29kaXVt$c29kaXVtc29kaXVtc29kaXVt',
  ])('refuses a hash that was tampered with: %s', async (encoded) => {
    expect(await hasher.verify(PASSWORD, encoded)).toBe(false);
  });

  it('lets a crowd wait only up to a limit, and serves those who wait', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => hasher.hash(PASSWORD)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(60 - 2 - 32);
    expect(refused[0]?.reason).toMatchObject({ code: 'ACCESS_TOO_MANY_ATTEMPTS', details: { retryAfterMs: 1_000 } });
    expect(await hasher.verify(PASSWORD, await hasher.hash(PASSWORD))).toBe(true);
  });
});
