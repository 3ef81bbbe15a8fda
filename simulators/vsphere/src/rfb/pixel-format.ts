import type { Framebuffer, Rectangle } from '../console/framebuffer.ts';

/** How a viewer wants its pixels (RFC 6143, 7.4). */
export interface PixelFormat {
  readonly bitsPerPixel: 8 | 16 | 32;
  readonly depth: number;
  readonly bigEndian: boolean;
  readonly redMax: number;
  readonly greenMax: number;
  readonly blueMax: number;
  readonly redShift: number;
  readonly greenShift: number;
  readonly blueShift: number;
}

export const NATIVE_FORMAT: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  bigEndian: false,
  redMax: 255,
  greenMax: 255,
  blueMax: 255,
  redShift: 16,
  greenShift: 8,
  blueShift: 0,
};

export function writePixelFormat(format: PixelFormat): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.set([format.bitsPerPixel, format.depth, format.bigEndian ? 1 : 0, 1]);
  bytes.writeUInt16BE(format.redMax, 4);
  bytes.writeUInt16BE(format.greenMax, 6);
  bytes.writeUInt16BE(format.blueMax, 8);
  bytes.set([format.redShift, format.greenShift, format.blueShift], 10);
  return bytes;
}

/** Undefined for formats that are not offered: colour maps and odd sizes. */
export function readPixelFormat(bytes: Buffer): PixelFormat | undefined {
  const bitsPerPixel = bytes.readUInt8(0);
  const format = {
    depth: bytes.readUInt8(1),
    bigEndian: bytes.readUInt8(2) !== 0,
    redMax: bytes.readUInt16BE(4),
    greenMax: bytes.readUInt16BE(6),
    blueMax: bytes.readUInt16BE(8),
    redShift: bytes.readUInt8(10),
    greenShift: bytes.readUInt8(11),
    blueShift: bytes.readUInt8(12),
  };
  if (bytes.readUInt8(3) === 0 || (bitsPerPixel !== 8 && bitsPerPixel !== 16 && bitsPerPixel !== 32)) return undefined;
  if (Math.max(format.redShift, format.greenShift, format.blueShift) >= bitsPerPixel) return undefined;
  return { bitsPerPixel, ...format };
}

/** Pixels of an area in the viewer's format, row by row. */
export function encodePixels(picture: Framebuffer, options: { readonly area: Rectangle; readonly format: PixelFormat }): Buffer {
  const { area, format } = options;
  const bytesPerPixel = format.bitsPerPixel / 8;
  const bytes = Buffer.alloc(area.width * area.height * bytesPerPixel);
  let at = 0;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      at = writePixel(bytes, { at, value: convert(picture.pixels[y * picture.width + x] ?? 0, format), format });
    }
  }
  return bytes;
}

export function convert(pixel: number, format: PixelFormat): number {
  const red = Math.floor((((pixel >>> 16) & 0xff) * format.redMax + 127) / 255);
  const green = Math.floor((((pixel >>> 8) & 0xff) * format.greenMax + 127) / 255);
  const blue = Math.floor(((pixel & 0xff) * format.blueMax + 127) / 255);
  return ((red << format.redShift) | (green << format.greenShift) | (blue << format.blueShift)) >>> 0;
}

/** Answers the position after the pixel. */
export function writePixel(bytes: Buffer, use: { readonly at: number; readonly value: number; readonly format: PixelFormat }): number {
  const { at, value, format } = use;
  if (format.bitsPerPixel === 32) return format.bigEndian ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at);
  if (format.bitsPerPixel === 16)
    return format.bigEndian ? bytes.writeUInt16BE(value & 0xffff, at) : bytes.writeUInt16LE(value & 0xffff, at);
  return bytes.writeUInt8(value & 0xff, at);
}
