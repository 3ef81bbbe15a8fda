import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chooseEncoding, matchesEtag, PreparedBody } from './prepared-body.ts';

const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ index, name: `machine-${index}` })));
const body = () => new PreparedBody(Buffer.from(text), { etag: '"v1"', mediaType: 'application/json' });

describe('PreparedBody', () => {
  it.each([
    ['zstd', zstdDecompressSync],
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('gives the same bytes back through %s', async (encoding, decompress) => {
    const encoded = body().encode(encoding);
    expect(encoded.encoding).toBe(encoding);
    const bytes = await encoded.bytes;
    expect(decompress(bytes).toString()).toBe(text);
    expect(bytes.length).toBeLessThan(text.length / 4);
  });

  it('compresses once however many ask at the same time', async () => {
    const prepared = body();
    const [first, second] = await Promise.all([prepared.encode('br').bytes, prepared.encode('br').bytes]);
    expect(first).toBe(second);
  });

  it('leaves small bodies as they are', () => {
    const small = new PreparedBody(Buffer.from('{}'), { etag: '"v1"', mediaType: 'application/json' });
    expect(small.encode('gzip').encoding).toBeNull();
  });
});

describe('chooseEncoding', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['GZIP;q=1.0', 'gzip'],
    ['zstd;q=0, br;q=0.000, gzip;q=0.1', 'gzip'],
    ['gzip,'.repeat(1_000), null],
  ])('answers %j with %s', (header, encoding) => {
    expect(chooseEncoding(header)).toBe(encoding);
  });
});

describe('matchesEtag', () => {
  it('compares weakly and among several', () => {
    expect(matchesEtag('"v1"', '"v1"')).toBe(true);
    expect(matchesEtag('"v1"', 'W/"v1"')).toBe(true);
    expect(matchesEtag('"v0", W/"v1"', '"v1"')).toBe(true);
    expect(matchesEtag('*', '"v1"')).toBe(true);
    expect(matchesEtag('"v0"', '"v1"')).toBe(false);
    expect(matchesEtag(undefined, '"v1"')).toBe(false);
    expect(matchesEtag('"v1",'.repeat(10_000), '"v1"')).toBe(false);
  });
});
