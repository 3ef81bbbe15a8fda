import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createSharpScreenEncoder } from './sharp-screen-encoder.ts';

const { signal } = new AbortController();

interface PngParts {
  readonly width: number;
  readonly height: number;
  /** 2: RGB, 6: RGB with alpha, 0: grey. */
  readonly colourType?: number;
  readonly pixel?: (x: number, y: number) => readonly number[];
  /** Instead of pixels. */
  readonly data?: Buffer;
}

function createChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Written by hand, byte by byte, so that what is fed in does not come from the library under test. */
function createPng({ width, height, colourType = 2, pixel = () => [90, 120, 150], data }: PngParts): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, colourType, 0, 0, 0], 8);
  const rows =
    data ??
    Buffer.concat(
      Array.from({ length: height }, (_, y) => Buffer.from([0, ...Array.from({ length: width }, (__, x) => pixel(x, y)).flat()])),
    );
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    createChunk('IHDR', head),
    createChunk('IDAT', deflateSync(rows)),
    createChunk('IEND', Buffer.alloc(0)),
  ]);
}

const noise = (x: number, y: number): readonly number[] => [(x * 7 + y * 13) % 256, (x * x + y) % 256, (x + y * y) % 256];

async function readBack(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3),
  ];
  return { width: info.width, height: info.height, format: (await sharp(bytes).metadata()).format, at };
}

const isDark = (pixel: readonly number[]): boolean => pixel.every((value) => value < 24);
const faultOf = (png: Uint8Array): Promise<unknown> =>
  createSharpScreenEncoder()
    .encode(png, { signal })
    .then(
      () => 'no fault',
      (error: unknown) => ({ code: (error as { code: string }).code, fault: (error as { details: { fault: string } }).details?.fault }),
    );

describe('a screen', () => {
  it('becomes a WebP of 320 x 200 with its colours and a sample of 32 x 20', async () => {
    const png = createPng({ width: 640, height: 400, pixel: (x) => (x < 320 ? [200, 30, 30] : [30, 30, 200]) });
    const screen = await createSharpScreenEncoder().encode(png, { signal });
    expect(screen.mediaType).toBe('image/webp');
    const picture = await readBack(screen.bytes);
    expect(picture).toMatchObject({ width: 320, height: 200, format: 'webp' });
    const [left, right] = [picture.at(40, 100), picture.at(280, 100)];
    expect((left[0] ?? 0) > 150 && (left[2] ?? 0) < 80).toBe(true);
    expect((right[2] ?? 0) > 150 && (right[0] ?? 0) < 80).toBe(true);
    expect(screen.sample).toHaveLength(32 * 20);
    expect([screen.sample[0], screen.sample[31]]).toEqual([81, 49]);
  });

  it('of another shape gets black bars instead of being bent', async () => {
    const tall = await readBack((await createSharpScreenEncoder().encode(createPng({ width: 400, height: 400 }), { signal })).bytes);
    expect(isDark(tall.at(5, 100)) && isDark(tall.at(315, 100)) && !isDark(tall.at(160, 100))).toBe(true);
    const wide = await readBack((await createSharpScreenEncoder().encode(createPng({ width: 800, height: 200 }), { signal })).bytes);
    expect(isDark(wide.at(160, 5)) && isDark(wide.at(160, 195)) && !isDark(wide.at(160, 100))).toBe(true);
  });

  it('can be a JPEG of 200 x 150, as spec 02 has it', async () => {
    const encoder = createSharpScreenEncoder({ format: 'jpeg', width: 200, height: 150, quality: 50 });
    const screen = await encoder.encode(createPng({ width: 800, height: 600, pixel: noise }), { signal });
    expect(screen.mediaType).toBe('image/jpeg');
    expect(await readBack(screen.bytes)).toMatchObject({ width: 200, height: 150, format: 'jpeg' });
    expect(screen.sample).toHaveLength(32 * 20);
  });

  it('that is all black is a picture too', async () => {
    const screen = await createSharpScreenEncoder().encode(createPng({ width: 640, height: 400, pixel: () => [0, 0, 0] }), { signal });
    expect(screen.bytes.length).toBeGreaterThan(100);
    expect(screen.sample.every((value) => value === 0)).toBe(true);
  });

  it('with transparency lies on black', async () => {
    const png = createPng({ width: 320, height: 200, colourType: 6, pixel: () => [255, 255, 255, 0] });
    expect((await createSharpScreenEncoder().encode(png, { signal })).sample.every((value) => value === 0)).toBe(true);
  });

  it('in grey is understood', async () => {
    const png = createPng({ width: 320, height: 200, colourType: 0, pixel: () => [120] });
    expect((await createSharpScreenEncoder().encode(png, { signal })).sample.every((value) => value === 120)).toBe(true);
  });

  it('that is smaller than the result, even a single pixel, is understood', async () => {
    const screen = await createSharpScreenEncoder().encode(createPng({ width: 1, height: 1 }), { signal });
    expect(await readBack(screen.bytes)).toMatchObject({ width: 320, height: 200 });
  });

  it('that has not changed encodes to the same bytes', async () => {
    const png = createPng({ width: 640, height: 400, pixel: noise });
    const encoder = createSharpScreenEncoder();
    const [first, second] = await Promise.all([encoder.encode(png, { signal }), encoder.encode(png, { signal })]);
    expect(Buffer.from(first.bytes).equals(Buffer.from(second.bytes))).toBe(true);
  });

  it('shows a typed line in its sample, and a cursor hardly', async () => {
    const encoder = createSharpScreenEncoder();
    const draw = (width: number) => (x: number, y: number) =>
      y >= 96 && y < 112 && x >= 64 && x < 64 + width ? [200, 200, 200] : [0, 0, 0];
    const [empty, cursor, line] = await Promise.all(
      [0, 8, 300].map(
        async (width) => (await encoder.encode(createPng({ width: 1_024, height: 640, pixel: draw(width) }), { signal })).sample,
      ),
    );
    const difference = (a: Uint8Array = new Uint8Array(), b: Uint8Array = new Uint8Array()): number =>
      a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
    expect(difference(empty, cursor)).toBeLessThan(0.05);
    expect(difference(empty, line)).toBeGreaterThan(0.5);
  });
});

describe('what a hostile host sends', () => {
  const good = createPng({ width: 640, height: 400, pixel: noise });

  it.each([
    ['nothing', Buffer.alloc(0), 'not-png'],
    ['an error page', Buffer.from('<!DOCTYPE html><html><body>503 Service Unavailable</body></html>'.repeat(20)), 'not-png'],
    ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.alloc(100)]), 'not-png'],
    [
      'an SVG that names a file',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
      'not-png',
    ],
    ['the signature alone', good.subarray(0, 8), 'not-png'],
    ['a header without pixels', good.subarray(0, 33), 'damaged'],
    ['half a picture', good.subarray(0, Math.floor(good.length / 2)), 'damaged'],
    ['a picture without its last kilobyte', good.subarray(0, good.length - 1_024), 'damaged'],
    ['an error page behind a PNG header', Buffer.concat([good.subarray(0, 33), Buffer.from('<html>'.repeat(200))]), 'damaged'],
    ['no width', createPng({ width: 0, height: 400, data: Buffer.alloc(400) }), 'empty'],
    ['no height', createPng({ width: 640, height: 0, data: Buffer.alloc(0) }), 'empty'],
    ['a size of billions', createPng({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, data: Buffer.alloc(10) }), 'too-large'],
    ['one side too many', createPng({ width: 8_193, height: 1, data: Buffer.alloc(8_193 * 3 + 1) }), 'too-large'],
    [
      'pixels that do not inflate',
      Buffer.concat([good.subarray(0, 33), createChunk('IDAT', Buffer.alloc(500, 1)), createChunk('IEND', Buffer.alloc(0))]),
      'damaged',
    ],
    ['fewer pixels than promised', createPng({ width: 4_000, height: 4_000, data: Buffer.alloc(1_000) }), 'damaged'],
    ['more bytes than any screen', Buffer.concat([good, Buffer.alloc(33 * 1_048_576)]), 'too-large'],
  ])('is refused: %s', async (_case, png, fault) => {
    expect(await faultOf(png)).toEqual({ code: 'FLEET_SCREEN_INVALID', fault });
  });

  it('as a bomb within the limits costs bounded memory and time', { timeout: 20_000 }, async () => {
    // 8192 x 8192 black pixels: 201 MB decoded, 195 kB sent.
    const bomb = createPng({ width: 8_192, height: 8_192, data: Buffer.alloc(8_192 * (8_192 * 3 + 1)) });
    expect(bomb.length).toBeLessThan(300_000);
    const encoder = createSharpScreenEncoder();
    await encoder.encode(good, { signal });
    const before = process.resourceUsage().maxRSS;
    await encoder.encode(bomb, { signal });
    // Kilobytes. Decoded row by row, it must never be held as a whole.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });

  it('as a text chunk that inflates to gigabytes is not inflated', async () => {
    const text = Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), deflateSync(Buffer.alloc(300_000_000))]);
    const bomb = Buffer.concat([good.subarray(0, 33), createChunk('zTXt', text), good.subarray(33)]);
    const before = process.resourceUsage().maxRSS;
    const encoder = createSharpScreenEncoder();
    const [withText, without] = [await encoder.encode(bomb, { signal }), await encoder.encode(good, { signal })];
    expect(Buffer.from(withText.bytes).equals(Buffer.from(without.bytes))).toBe(true);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });

  it('does not hold up the next picture', async () => {
    const encoder = createSharpScreenEncoder();
    const outcomes = await Promise.allSettled(
      [good.subarray(0, 2_000), good, good.subarray(0, 3_000), good].map((png) => encoder.encode(png, { signal })),
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('the smaller form', () => {
  const text = createPng({ width: 640, height: 400, pixel: (x, y) => ((x * 7 + (y >> 3) * 13) % 11 < 4 ? [200, 60, 60] : [10, 10, 40]) });

  it('is an AVIF of the same size and colours, made from the pixels and not from the lossy picture', async () => {
    const encoder = createSharpScreenEncoder({ width: 200, height: 150 });
    const png = createPng({ width: 640, height: 480, pixel: (x) => (x < 320 ? [200, 30, 30] : [30, 30, 200]) });
    const { pixels } = await encoder.encode(png, { signal });
    const { bytes, mediaType } = await encoder.condense(pixels ?? new Uint8Array(), { signal });
    expect(mediaType).toBe('image/avif');
    const picture = await readBack(bytes);
    expect(picture).toMatchObject({ width: 200, height: 150, format: 'heif' });
    const [left, right] = [picture.at(25, 75), picture.at(175, 75)];
    expect((left[0] ?? 0) > 150 && (left[2] ?? 0) < 80).toBe(true);
    expect((right[2] ?? 0) > 150 && (right[0] ?? 0) < 80).toBe(true);
  });

  it('needs a fraction of the memory of the pixels until it is made', async () => {
    const { pixels } = await createSharpScreenEncoder().encode(text, { signal });
    expect(pixels?.length).toBeGreaterThan(0);
    expect(pixels?.length).toBeLessThan((320 * 200 * 3) / 2);
  });

  it('is offered beside the documented JPEG too, and not at all when switched off', async () => {
    const jpeg = createSharpScreenEncoder({ format: 'jpeg', width: 200, height: 150 });
    const { pixels } = await jpeg.encode(text, { signal });
    expect(await readBack((await jpeg.condense(pixels ?? new Uint8Array(), { signal })).bytes)).toMatchObject({ width: 200, height: 150 });
    expect((await createSharpScreenEncoder({ avif: 'off' }).encode(text, { signal })).pixels).toBeNull();
  });

  it('is refused for what are not the pixels of a picture', async () => {
    await expect(createSharpScreenEncoder().condense(new Uint8Array([1, 2, 3]), { signal })).rejects.toMatchObject({
      code: 'ZSTD_error_prefix_unknown',
    });
  });

  it('is not made for somebody who has left', async () => {
    await expect(createSharpScreenEncoder().condense(new Uint8Array(), { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow(
      'left',
    );
  });
});

describe('canceling', () => {
  it('takes a waiting picture out of the line and leaves the others', async () => {
    const encoder = createSharpScreenEncoder();
    const png = createPng({ width: 640, height: 400, pixel: noise });
    const controller = new AbortController();
    const running = encoder.encode(png, { signal });
    const canceled = encoder.encode(png, { signal: controller.signal });
    const last = encoder.encode(png, { signal });
    controller.abort(new Error('nobody looks'));
    await expect(canceled).rejects.toThrow('nobody looks');
    await expect(Promise.all([running, last])).resolves.toHaveLength(2);
    await expect(encoder.encode(png, { signal: controller.signal })).rejects.toThrow('nobody looks');
  });
});
