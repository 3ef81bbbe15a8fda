import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphOf } from './font.ts';

/** Side of the squares in which change is tracked. */
export const TILE = 16;

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels as 0xRRGGBB with a revision per tile, so that each viewer can be sent just what it has not seen. */
export class Framebuffer {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
  readonly #columns: number;
  readonly #tiles: Uint32Array;
  #revision = 1;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
    this.#columns = Math.ceil(width / TILE);
    this.#tiles = new Uint32Array(this.#columns * Math.ceil(height / TILE));
  }

  get revision(): number {
    return this.#revision;
  }

  fill(area: Rectangle, color: number): void {
    this.#revision++;
    const left = Math.max(0, area.x);
    const right = Math.min(this.width, area.x + area.width);
    const bottom = Math.min(this.height, area.y + area.height);
    const { pixels } = this;
    const tiles = this.#tiles;
    const revision = this.#revision;
    for (let y = Math.max(0, area.y); y < bottom; y++) {
      const row = y * this.width;
      const tileRow = Math.floor(y / TILE) * this.#columns;
      for (let x = left; x < right; x++) {
        if (pixels[row + x] === color) continue;
        pixels[row + x] = color;
        tiles[tileRow + ((x / TILE) | 0)] = revision;
      }
    }
  }

  drawText(
    text: string,
    style: {
      readonly x: number;
      readonly y: number;
      readonly color: number;
      readonly background?: number;
      readonly scale?: number;
      readonly cell?: number;
    },
  ): void {
    this.#revision++;
    const { scale = 1, cell = GLYPH_WIDTH } = style;
    let x = style.x;
    for (const character of text) {
      this.#drawGlyph(character, { ...style, x, scale, cell });
      x += cell * scale;
    }
  }

  setPixel(x: number, y: number, options: { readonly color: number }): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.#revision++;
    this.#put(x, y, options.color);
  }

  /** Tiles changed after `revision`, joined to runs along each row of tiles and cut to `area`. */
  changedSince(revision: number, area: Rectangle): Rectangle[] {
    const runs: Rectangle[] = [];
    const firstRow = Math.floor(area.y / TILE);
    const lastRow = Math.ceil((area.y + area.height) / TILE);
    const firstColumn = Math.floor(area.x / TILE);
    const lastColumn = Math.ceil((area.x + area.width) / TILE);
    for (let row = firstRow; row < lastRow; row++) {
      let start: number | undefined;
      for (let column = firstColumn; column <= lastColumn; column++) {
        const isDirty = column < lastColumn && (this.#tiles[row * this.#columns + column] ?? 0) > revision;
        if (isDirty) start ??= column;
        else if (start !== undefined) {
          const run = intersect({ x: start * TILE, y: row * TILE, width: (column - start) * TILE, height: TILE }, area);
          if (run !== undefined) runs.push(run);
          start = undefined;
        }
      }
    }
    return joinRows(runs);
  }

  #drawGlyph(
    character: string,
    style: {
      readonly x: number;
      readonly y: number;
      readonly color: number;
      readonly background?: number;
      readonly scale: number;
      readonly cell: number;
    },
  ): void {
    const rows = glyphOf(character);
    const { scale, cell, background } = style;
    for (let row = 0; row < GLYPH_HEIGHT * scale; row++) {
      const bits = rows[Math.floor(row / scale)] ?? 0;
      const y = style.y + row;
      if (y < 0 || y >= this.height) continue;
      for (let column = 0; column < cell * scale; column++) {
        const x = style.x + column;
        if (x < 0 || x >= this.width) continue;
        const isInk = (bits & (0x80 >> Math.floor(column / scale))) !== 0;
        if (isInk) this.#put(x, y, style.color);
        else if (background !== undefined) this.#put(x, y, background);
      }
    }
  }

  /** Only a pixel that really changes makes its tile new: repainting the same costs viewers nothing. */
  #put(x: number, y: number, color: number): void {
    const at = y * this.width + x;
    if (this.pixels[at] === color) return;
    this.pixels[at] = color;
    this.#tiles[Math.floor(y / TILE) * this.#columns + Math.floor(x / TILE)] = this.#revision;
  }
}

export function intersect(one: Rectangle, other: Rectangle): Rectangle | undefined {
  const x = Math.max(one.x, other.x);
  const y = Math.max(one.y, other.y);
  const width = Math.min(one.x + one.width, other.x + other.width) - x;
  const height = Math.min(one.y + one.height, other.y + other.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** Puts runs of the same columns on consecutive rows together. */
function joinRows(runs: readonly Rectangle[]): Rectangle[] {
  const joined: Rectangle[] = [];
  for (const run of runs) {
    const index = joined.findIndex((above) => above.x === run.x && above.width === run.width && above.y + above.height === run.y);
    const above = joined[index];
    if (above === undefined) joined.push(run);
    else joined[index] = { ...above, height: above.height + run.height };
  }
  return joined;
}
