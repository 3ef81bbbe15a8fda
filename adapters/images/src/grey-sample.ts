export const SAMPLE_WIDTH = 32;
export const SAMPLE_HEIGHT = 20;

/** Rec. 601 weights in 256ths: how bright an eye finds red, green and blue. */
const RED_WEIGHT = 77;
const GREEN_WEIGHT = 150;
const BLUE_WEIGHT = 29;

/** The mean grey of each field of a 32 x 20 grid over RGB pixels, row by row. */
export function sampleGrey(rgb: Uint8Array, size: { readonly width: number; readonly height: number }): Uint8Array {
  const sums = new Float64Array(SAMPLE_WIDTH * SAMPLE_HEIGHT);
  const counts = new Uint32Array(SAMPLE_WIDTH * SAMPLE_HEIGHT);
  let offset = 0;
  for (let y = 0; y < size.height; y++) {
    const row = Math.floor((y * SAMPLE_HEIGHT) / size.height) * SAMPLE_WIDTH;
    for (let x = 0; x < size.width; x++) {
      const field = row + Math.floor((x * SAMPLE_WIDTH) / size.width);
      const grey = (rgb[offset] ?? 0) * RED_WEIGHT + (rgb[offset + 1] ?? 0) * GREEN_WEIGHT + (rgb[offset + 2] ?? 0) * BLUE_WEIGHT;
      sums[field] = (sums[field] ?? 0) + grey;
      counts[field] = (counts[field] ?? 0) + 1;
      offset += 3;
    }
  }
  return Uint8Array.from(sums, (sum, field) => Math.round(sum / 256 / Math.max(1, counts[field] ?? 1)));
}
