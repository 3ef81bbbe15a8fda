/** The latest samples of a fixed number of figures, in two flat arrays. Samples carry their time, because a stopped process leaves a gap. */
export class SampleRing {
  readonly #size: number;
  readonly #width: number;
  readonly #atMs: Float64Array;
  readonly #values: Float32Array;
  #next = 0;
  #length = 0;

  constructor(options: { readonly size: number; readonly width: number }) {
    this.#size = options.size;
    this.#width = options.width;
    this.#atMs = new Float64Array(options.size);
    this.#values = new Float32Array(options.size * options.width);
  }

  get length(): number {
    return this.#length;
  }

  add(atMs: number, values: ArrayLike<number>): void {
    this.#atMs[this.#next] = atMs;
    this.#values.set(values, this.#next * this.#width);
    this.#next = (this.#next + 1) % this.#size;
    this.#length = Math.min(this.#size, this.#length + 1);
  }

  /** Oldest first. */
  times(): readonly number[] {
    return this.#inOrder((slot) => this.#atMs[slot] ?? 0);
  }

  /** One figure of every sample, oldest first; null where it was not measured. */
  column(index: number): readonly (number | null)[] {
    return this.#inOrder((slot) => {
      const value = this.#values[slot * this.#width + index];
      return value === undefined || Number.isNaN(value) ? null : value;
    });
  }

  /** Sum of one figure over the samples that are not older than `sinceMs`. */
  sum(index: number, sinceMs: number): number {
    let total = 0;
    for (let age = 1; age <= this.#length; age++) {
      const slot = (this.#next - age + this.#size) % this.#size;
      if ((this.#atMs[slot] ?? 0) < sinceMs) break;
      const value = this.#values[slot * this.#width + index] ?? Number.NaN;
      if (!Number.isNaN(value)) total += value;
    }
    return total;
  }

  /** Times and values of all samples, oldest first; what `restore` takes. */
  dump(): Uint8Array {
    const bytes = new Uint8Array(this.#length * (8 + 4 * this.#width));
    const view = new DataView(bytes.buffer);
    for (const [row, atMs] of this.times().entries()) view.setFloat64(row * 8, atMs);
    const start = this.#length * 8;
    for (let index = 0; index < this.#width; index++) {
      for (const [row, value] of this.column(index).entries()) {
        view.setFloat32(start + (row * this.#width + index) * 4, value ?? Number.NaN);
      }
    }
    return bytes;
  }

  /** False, and nothing is taken over, when the bytes are not those of a ring like this one, or are from after `untilMs`. */
  restore(bytes: Uint8Array, options: { readonly fromMs: number; readonly untilMs: number }): boolean {
    const stride = 8 + 4 * this.#width;
    const rows = bytes.byteLength / stride;
    if (!Number.isInteger(rows) || rows > this.#size) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const times = Array.from({ length: rows }, (_, row) => view.getFloat64(row * 8));
    if (!times.every((atMs, row) => atMs <= options.untilMs && atMs >= (times[row - 1] ?? 0))) return false;
    for (const [row, atMs] of times.entries()) {
      if (atMs < options.fromMs) continue;
      this.add(
        atMs,
        Array.from({ length: this.#width }, (_, index) => view.getFloat32(rows * 8 + (row * this.#width + index) * 4)),
      );
    }
    return true;
  }

  #inOrder<Value>(read: (slot: number) => Value): readonly Value[] {
    const first = (this.#next - this.#length + this.#size) % this.#size;
    return Array.from({ length: this.#length }, (_, row) => read((first + row) % this.#size));
  }
}
