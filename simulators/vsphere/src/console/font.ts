import { GLYPH_STROKES } from './glyph-strokes.ts';

export const GLYPH_WIDTH = 8;
export const GLYPH_HEIGHT = 16;

/** Sixteen rows per glyph, the leftmost pixel in the highest of eight bits. */
const GLYPHS: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(GLYPH_STROKES).map(([character, strokes]) => [character, drawGlyph(strokes)]),
);
const BLANK = new Uint8Array(GLYPH_HEIGHT);
const UNKNOWN = drawGlyph('03530c0c5c53 030c535c'.replaceAll(' ', ''));

/** Pixels of a printable ASCII character; others get a box. */
export function glyphOf(character: string): Uint8Array {
  return character === ' ' || character === '' ? BLANK : (GLYPHS.get(character) ?? UNKNOWN);
}

function drawGlyph(strokes: string): Uint8Array {
  const rows = new Uint8Array(GLYPH_HEIGHT);
  for (const stroke of strokes.split(' ')) {
    const points = (stroke.match(/../g) ?? []).map((point) => ({
      x: Number.parseInt(point.charAt(0), 16),
      y: Number.parseInt(point.charAt(1), 16),
    }));
    for (const [index, point] of points.entries()) drawLine(rows, { from: points[Math.max(0, index - 1)] ?? point, to: point });
  }
  return rows;
}

interface Line {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

/** Two pixels wide, as the fonts of text consoles are. */
function drawLine(rows: Uint8Array, line: Line): void {
  const { from, to } = line;
  const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
    const y = Math.round(from.y + ((to.y - from.y) * step) / steps);
    rows[y] = (rows[y] ?? 0) | (0b1100_0000 >> x);
  }
}
