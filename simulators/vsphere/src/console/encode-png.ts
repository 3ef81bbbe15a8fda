import { crc32, deflateSync } from 'node:zlib';
import type { Framebuffer } from './framebuffer.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export interface PictureSize {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** A truecolour PNG of the picture; scaled to the size asked for, keeping the shape when one side is missing. */
export function encodePng(picture: Framebuffer, size: PictureSize = {}): Buffer {
  const { width, height } = targetSize(picture, size);
  const rows = width === picture.width && height === picture.height ? copyRows(picture) : scaleRows(picture, { width, height });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 3 })), chunk('IEND', Buffer.alloc(0))]);
}

function targetSize(picture: Framebuffer, size: PictureSize): { width: number; height: number } {
  const { width, height } = size;
  if (width !== undefined && height !== undefined) return { width, height };
  if (width !== undefined) return { width, height: Math.max(1, Math.round((picture.height * width) / picture.width)) };
  if (height !== undefined) return { width: Math.max(1, Math.round((picture.width * height) / picture.height)), height };
  return { width: picture.width, height: picture.height };
}

function copyRows(picture: Framebuffer): Buffer {
  const { width, height, pixels } = picture;
  const rows = Buffer.alloc((width * 3 + 1) * height);
  let at = 0;
  for (let y = 0; y < height; y++) {
    at++;
    for (let x = 0; x < width; x++) {
      const pixel = pixels[y * width + x] ?? 0;
      rows[at++] = pixel >>> 16;
      rows[at++] = pixel >>> 8;
      rows[at++] = pixel;
    }
  }
  return rows;
}

/** Averages the source pixels under each target pixel, so that small text stays visible as grey. */
function scaleRows(picture: Framebuffer, size: { readonly width: number; readonly height: number }): Buffer {
  const rows = Buffer.alloc((size.width * 3 + 1) * size.height);
  const columns = spread({ target: size.width, source: picture.width });
  const lines = spread({ target: size.height, source: picture.height });
  const { pixels } = picture;
  let at = 0;
  for (const [top, bottom] of lines) {
    at++;
    for (const [left, right] of columns) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = top; y < bottom; y++) {
        const end = y * picture.width + right;
        for (let index = y * picture.width + left; index < end; index++) {
          const pixel = pixels[index] as number;
          red += pixel >>> 16;
          green += (pixel >>> 8) & 0xff;
          blue += pixel & 0xff;
        }
      }
      const count = (bottom - top) * (right - left);
      rows[at++] = red / count;
      rows[at++] = green / count;
      rows[at++] = blue / count;
    }
  }
  return rows;
}

/** For each target pixel the source pixels that it covers: first and one past the last, at least one. */
function spread(sides: { readonly target: number; readonly source: number }): (readonly [number, number])[] {
  const { target, source } = sides;
  return Array.from({ length: target }, (_, index) => {
    const first = Math.floor((index * source) / target);
    return [first, Math.max(first + 1, Math.floor(((index + 1) * source) / target))] as const;
  });
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
