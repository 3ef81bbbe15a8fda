import { crc32, deflateSync } from 'node:zlib';
import { createSeededRandom } from '@breakwater/kernel';

export interface ScreenPicture {
  readonly name: string;
  readonly png: Buffer;
}

export const SCREEN_WIDTH = 1_024;
export const SCREEN_HEIGHT = 768;

const CELL_WIDTH = 8;
const CELL_HEIGHT = 16;
const COLUMNS = SCREEN_WIDTH / CELL_WIDTH;
const LINES = SCREEN_HEIGHT / CELL_HEIGHT;

type Colour = readonly [red: number, green: number, blue: number];

const BLACK: Colour = [0, 0, 0];
const GREY: Colour = [170, 170, 170];

/** RGB pixels with the few strokes that a console, an installer or a desktop is made of. */
class Canvas {
  readonly pixels = Buffer.alloc(SCREEN_WIDTH * SCREEN_HEIGHT * 3);
  readonly #glyphs: readonly (readonly number[])[];

  constructor(glyphs: readonly (readonly number[])[]) {
    this.#glyphs = glyphs;
  }

  fill(area: { x: number; y: number; width: number; height: number }, colour: Colour | ((x: number, y: number) => Colour)): this {
    for (let y = area.y; y < area.y + area.height; y++) {
      for (let x = area.x; x < area.x + area.width; x++) {
        const value = typeof colour === 'function' ? colour(x, y) : colour;
        this.pixels.set(value, (y * SCREEN_WIDTH + x) * 3);
      }
    }
    return this;
  }

  /** Words of random letters; `share` of the cells of a line are written. */
  write(place: { column: number; line: number; length: number }, options: { random: () => number; colour: Colour }): this {
    let wordLeft = 0;
    for (let column = place.column; column < Math.min(COLUMNS, place.column + place.length); column++) {
      if (wordLeft-- <= 0) {
        wordLeft = 2 + Math.floor(options.random() * 8);
        continue;
      }
      const glyph = this.#glyphs[Math.floor(options.random() * this.#glyphs.length)] ?? [];
      for (const pixel of glyph) {
        const x = column * CELL_WIDTH + (pixel % CELL_WIDTH);
        const y = place.line * CELL_HEIGHT + Math.floor(pixel / CELL_WIDTH);
        this.pixels.set(options.colour, (y * SCREEN_WIDTH + x) * 3);
      }
    }
    return this;
  }
}

/** Letter-like signs: two or three strokes of one pixel in a cell, as in a text console's font. */
function createGlyphs(random: () => number): readonly (readonly number[])[] {
  const pick = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  return Array.from({ length: 62 }, () => {
    const pixels = new Set<number>();
    const stem = pick(1, 5);
    for (let y = pick(3, 6); y <= 12; y++) pixels.add(y * CELL_WIDTH + stem).add(y * CELL_WIDTH + stem + 1);
    for (let bar = pick(1, 2); bar > 0; bar--) {
      const y = pick(4, 12);
      for (let x = pick(0, 2); x <= pick(5, 6); x++) pixels.add(y * CELL_WIDTH + x);
    }
    return [...pixels];
  });
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

/** Six screens as fleets show them, the same bytes in every run. */
export function createReferenceScreens(): readonly ScreenPicture[] {
  const random = createSeededRandom(20_260_101);
  const glyphs = createGlyphs(random);
  const whole = { x: 0, y: 0, width: SCREEN_WIDTH, height: SCREEN_HEIGHT };
  const canvas = (): Canvas => new Canvas(glyphs);
  const writeLines = (target: Canvas, from: number, to: number, density: number): Canvas => {
    for (let line = from; line < to; line++) {
      target.write({ column: 0, line, length: Math.floor(COLUMNS * density * (0.3 + 0.7 * random())) }, { random, colour: GREY });
    }
    return target;
  };

  const black = canvas().fill({ x: 0, y: 14, width: 8, height: 2 }, GREY);
  const login = writeLines(canvas(), 0, 3, 0.4).fill({ x: 64, y: 62, width: 8, height: 2 }, GREY);
  const host = canvas()
    .fill({ ...whole, height: SCREEN_HEIGHT / 2 }, [112, 112, 112])
    .fill({ x: 0, y: SCREEN_HEIGHT / 2, width: SCREEN_WIDTH, height: SCREEN_HEIGHT / 2 }, [255, 195, 60]);
  for (let line = 4; line < 40; line += 2)
    host.write({ column: 10, line, length: 20 + Math.floor(random() * 40) }, { random, colour: line < 24 ? [255, 255, 255] : BLACK });
  const lock = canvas().fill(whole, (x, y) => {
    const glow = 90 * Math.exp(-((x - 600) ** 2 + (y - 250) ** 2) / 120_000);
    return [clampByte(20 + x / 14 + glow), clampByte(50 + y / 9 + glow), clampByte(120 + (x + y) / 20 + glow)];
  });
  lock.write({ column: 54, line: 16, length: 20 }, { random, colour: [255, 255, 255] });
  const text = writeLines(canvas(), 0, Math.floor(LINES * 0.75), 0.75);
  const desktop = canvas().fill(whole, (x, y) => {
    const wave = 40 * Math.sin(x / 90) * Math.cos(y / 70) + 12 * (random() - 0.5);
    return [clampByte(60 + wave), clampByte(90 + wave), clampByte(130 + wave)];
  });
  for (const window of [
    { x: 80, y: 64, width: 560, height: 400 },
    { x: 400, y: 240, width: 480, height: 384 },
  ]) {
    desktop.fill(window, [245, 245, 245]).fill({ ...window, height: 24 }, [50, 80, 160]);
    for (let line = Math.ceil(window.y / CELL_HEIGHT) + 2; line < (window.y + window.height) / CELL_HEIGHT - 1; line++) {
      desktop.write(
        { column: window.x / CELL_WIDTH + 2, line, length: Math.floor((window.width / CELL_WIDTH - 4) * random()) },
        { random, colour: [30, 30, 30] },
      );
    }
  }
  const pictures = { black, login, 'host console': host, 'lock screen': lock, text, desktop };
  return Object.entries(pictures).map(([name, { pixels }]) => ({ name, png: createPng(pixels) }));
}

/** Every row filtered by "up" (type 2), as simple encoders in hypervisors do. */
function createPng(pixels: Buffer): Buffer {
  const stride = SCREEN_WIDTH * 3;
  const rows = Buffer.alloc((stride + 1) * SCREEN_HEIGHT);
  for (let y = 0; y < SCREEN_HEIGHT; y++) {
    const start = y * (stride + 1);
    rows[start] = 2;
    for (let x = 0; x < stride; x++) {
      const above = y === 0 ? 0 : (pixels[(y - 1) * stride + x] ?? 0);
      rows[start + 1 + x] = ((pixels[y * stride + x] ?? 0) - above) & 0xff;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SCREEN_WIDTH, 0);
  head.writeUInt32BE(SCREEN_HEIGHT, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    createChunk('IHDR', head),
    createChunk('IDAT', deflateSync(rows)),
    createChunk('IEND', Buffer.alloc(0)),
  ]);
}

function createChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
