import type { Framebuffer, Rectangle } from '../console/framebuffer.ts';
import { convert, encodePixels, type PixelFormat, writePixel } from './pixel-format.ts';

const RAW = 1;
const BACKGROUND = 2;
const FOREGROUND = 4;
const ANY_SUBRECTS = 8;
const SIDE = 16;

/** Hextile (RFC 6143, 7.7.4): tiles of one colour cost a few bytes, tiles of two colours little more; the rest goes raw. */
export function encodeHextile(picture: Framebuffer, options: { readonly area: Rectangle; readonly format: PixelFormat }): Buffer {
  const { area, format } = options;
  const parts: Buffer[] = [];
  for (let y = area.y; y < area.y + area.height; y += SIDE) {
    for (let x = area.x; x < area.x + area.width; x += SIDE) {
      const tile = { x, y, width: Math.min(SIDE, area.x + area.width - x), height: Math.min(SIDE, area.y + area.height - y) };
      parts.push(encodeTile(picture, { tile, format }));
    }
  }
  return Buffer.concat(parts);
}

function encodeTile(picture: Framebuffer, use: { readonly tile: Rectangle; readonly format: PixelFormat }): Buffer {
  const { tile, format } = use;
  const background = picture.pixels[tile.y * picture.width + tile.x] ?? 0;
  const runs = collectRuns(picture, { tile, background });
  const bytesPerPixel = format.bitsPerPixel / 8;
  const rawSize = 1 + tile.width * tile.height * bytesPerPixel;
  if (runs === undefined || 2 + 2 * bytesPerPixel + runs.list.length * 2 >= rawSize) {
    return Buffer.concat([Buffer.from([RAW]), encodePixels(picture, { area: tile, format })]);
  }
  if (runs.list.length === 0) {
    const bytes = Buffer.alloc(1 + bytesPerPixel);
    bytes[0] = BACKGROUND;
    writePixel(bytes, { at: 1, value: convert(background, format), format });
    return bytes;
  }
  const bytes = Buffer.alloc(2 + 2 * bytesPerPixel + runs.list.length * 2);
  bytes[0] = BACKGROUND | FOREGROUND | ANY_SUBRECTS;
  let at = writePixel(bytes, { at: 1, value: convert(background, format), format });
  at = writePixel(bytes, { at, value: convert(runs.foreground, format), format });
  at = bytes.writeUInt8(runs.list.length, at);
  for (const { x, y, width } of runs.list) {
    at = bytes.writeUInt8((x << 4) | y, at);
    at = bytes.writeUInt8((width - 1) << 4, at);
  }
  return bytes;
}

interface Runs {
  readonly foreground: number;
  readonly list: readonly { readonly x: number; readonly y: number; readonly width: number }[];
}

/** Horizontal runs of the second colour of a tile; undefined when it has more than two, or more runs than one byte counts. */
function collectRuns(picture: Framebuffer, use: { readonly tile: Rectangle; readonly background: number }): Runs | undefined {
  const { tile, background } = use;
  let foreground: number | undefined;
  const list: { x: number; y: number; width: number }[] = [];
  for (let y = 0; y < tile.height; y++) {
    let start: number | undefined;
    for (let x = 0; x <= tile.width; x++) {
      const pixel = x < tile.width ? (picture.pixels[(tile.y + y) * picture.width + tile.x + x] ?? 0) : background;
      if (pixel !== background) {
        foreground ??= pixel;
        if (pixel !== foreground) return undefined;
        start ??= x;
      } else if (start !== undefined) {
        list.push({ x: start, y, width: x - start });
        start = undefined;
      }
    }
  }
  return list.length > 255 ? undefined : { foreground: foreground ?? background, list };
}
