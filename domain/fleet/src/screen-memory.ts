import { createHash } from 'node:crypto';

/** How many source digests are remembered per machine: a blinking cursor alternates two, a clock adds a few. */
const REMEMBERED_DIGESTS = 4;

/** What is known of one machine's pictures: when to look again, and how to tell a new picture from the same one. */
export interface ScreenMemory {
  lastAttemptAt: number | null;
  failures: number;
  /** Digests of source bytes that show what is published now, the published one first. */
  digests: readonly string[];
  sample: Uint8Array | null;
  publishedAt: number;
  /** When listeners last heard that the picture is true. */
  announcedAt: number;
}

export function createScreenMemory(): ScreenMemory {
  return { lastAttemptAt: null, failures: 0, digests: [], sample: null, publishedAt: 0, announcedAt: 0 };
}

export function digestSource(png: Uint8Array): string {
  return createHash('sha256').update(png).digest('base64');
}

/** Adds a digest that was found to show the published picture, give or take noise. */
export function rememberDigest(digests: readonly string[], digest: string): readonly string[] {
  const [published, ...others] = digests;
  return published === undefined ? [digest] : [published, ...[digest, ...others].slice(0, REMEMBERED_DIGESTS - 1)];
}

/** Mean absolute difference in grey levels, 0..255; infinite when the pictures differ in size. */
export function meanDifference(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length || left.length === 0) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += Math.abs((left[index] ?? 0) - (right[index] ?? 0));
  return sum / left.length;
}
