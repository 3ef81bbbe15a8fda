import { describe, expect, it } from 'vitest';
import { Framebuffer } from '../console/framebuffer.ts';
import { encodeHextile } from './encode-hextile.ts';
import { encodePixels, NATIVE_FORMAT, type PixelFormat, readPixelFormat, writePixelFormat } from './pixel-format.ts';

const FORMAT_565: PixelFormat = {
  bitsPerPixel: 16,
  depth: 16,
  bigEndian: true,
  redMax: 31,
  greenMax: 63,
  blueMax: 31,
  redShift: 11,
  greenShift: 5,
  blueShift: 0,
};

/** A decoder written from RFC 6143, 7.7.4, for 32-bit little-endian pixels. */
function decodeHextile(bytes: Buffer, size: { readonly width: number; readonly height: number }): Uint32Array {
  const pixels = new Uint32Array(size.width * size.height);
  let at = 0;
  let background = 0;
  let foreground = 0;
  const next = (): number => {
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  for (let top = 0; top < size.height; top += 16) {
    for (let left = 0; left < size.width; left += 16) {
      const width = Math.min(16, size.width - left);
      const height = Math.min(16, size.height - top);
      const put = (x: number, y: number, color: number) => {
        pixels[(top + y) * size.width + left + x] = color;
      };
      const mask = bytes.readUInt8(at++);
      if ((mask & 1) !== 0) {
        for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) put(x, y, next());
        continue;
      }
      if ((mask & 2) !== 0) background = next();
      if ((mask & 4) !== 0) foreground = next();
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) put(x, y, background);
      const count = (mask & 8) === 0 ? 0 : bytes.readUInt8(at++);
      for (let index = 0; index < count; index++) {
        const place = bytes.readUInt8(at++);
        const extent = bytes.readUInt8(at++);
        for (let y = 0; y <= (extent & 15); y++) for (let x = 0; x <= extent >> 4; x++) put((place >> 4) + x, (place & 15) + y, foreground);
      }
    }
  }
  return pixels;
}

describe('hextile', () => {
  it('gives back the picture, in tiles of one, two and many colours, and smaller than raw', () => {
    const picture = new Framebuffer(70, 40);
    picture.drawText('Hextile', { x: 3, y: 2, color: 0xc8ccd0, background: 0x000000 });
    picture.fill({ x: 16, y: 20, width: 40, height: 16 }, 0x2b5b8a);
    for (let x = 48; x < 64; x++) for (let y = 32; y < 40; y++) picture.setPixel(x, y, { color: x * 65_793 + y });
    const area = { x: 0, y: 0, width: 70, height: 40 };
    const bytes = encodeHextile(picture, { area, format: NATIVE_FORMAT });
    expect(decodeHextile(bytes, area)).toEqual(picture.pixels);
    expect(bytes.length).toBeLessThan(encodePixels(picture, { area, format: NATIVE_FORMAT }).length / 3);
  });
});

describe('pixel formats', () => {
  it('come back as they were written', () => {
    for (const format of [NATIVE_FORMAT, FORMAT_565]) expect(readPixelFormat(writePixelFormat(format))).toEqual(format);
  });

  it('are refused without true colour, or when a colour would not fit', () => {
    const bytes = writePixelFormat(NATIVE_FORMAT);
    bytes[3] = 0;
    expect(readPixelFormat(bytes)).toBeUndefined();
    expect(readPixelFormat(writePixelFormat({ ...FORMAT_565, redShift: 16 }))).toBeUndefined();
  });

  it('give 16 bits in the order of bytes asked for', () => {
    const picture = new Framebuffer(1, 1);
    picture.setPixel(0, 0, { color: 0xff0000 });
    expect(encodePixels(picture, { area: { x: 0, y: 0, width: 1, height: 1 }, format: FORMAT_565 }).toString('hex')).toBe('f800');
    expect(
      encodePixels(picture, { area: { x: 0, y: 0, width: 1, height: 1 }, format: { ...FORMAT_565, bigEndian: false } }).toString('hex'),
    ).toBe('00f8');
  });
});
