/** More than any question of ours is answered with; what is older is dropped. */
const KEPT_BYTES = 16 * 1_024 * 1_024;
/** Of the line that ends a stream, behind its mark. */
const LINE_BYTES = 40;

export interface Answer {
  readonly exitCode: number;
  /** Measured by the host, in steps of 10 ms. */
  readonly tookMs: number;
  readonly out: Uint8Array;
  readonly err: Uint8Array;
  /** The beginning of the output was dropped. */
  readonly isTruncated: boolean;
}

/**
 * Cuts one answer out of what a channel sends: the output as it is, a line with the mark, the errors, a line with the mark. Only the agent knows the
 * mark, which is another one each time, so that nothing which is printed can be taken for it.
 */
export class AnswerReader {
  readonly #mark: Buffer;
  readonly #streams: readonly [KeptBytes, KeptBytes] = [new KeptBytes(), new KeptBytes()];
  #pending: Buffer = Buffer.alloc(0);
  #numbers: readonly number[] | null = null;

  constructor(mark: string) {
    this.#mark = Buffer.from(`\n${mark} `);
  }

  /** Throws for what the agent would never say. */
  push(chunk: Buffer): Answer | null {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const line = this.#takeLine();
      if (line === null) return null;
      if (this.#numbers === null) this.#numbers = parseNumbers(line);
      else return this.#finish(this.#numbers);
    }
  }

  #takeLine(): string | null {
    const stream = this.#streams[this.#numbers === null ? 0 : 1];
    const at = this.#pending.indexOf(this.#mark);
    if (at < 0) {
      // The beginning of a mark may be the last that came.
      const settled = Math.max(0, this.#pending.length - this.#mark.length);
      stream.push(this.#pending.subarray(0, settled));
      this.#pending = this.#pending.subarray(settled);
      return null;
    }
    const from = at + this.#mark.length;
    const end = this.#pending.indexOf(10, from);
    if (end < 0) {
      if (this.#pending.length - from > LINE_BYTES) throw new Error('The host sends a damaged answer.');
      return null;
    }
    stream.push(this.#pending.subarray(0, at));
    const line = this.#pending.subarray(from, end).toString('latin1');
    this.#pending = this.#pending.subarray(end + 1);
    return line;
  }

  #finish([exitCode = 0, tookHundredths = 0]: readonly number[]): Answer {
    if (this.#pending.length > 0) throw new Error('The host says more than it was asked for.');
    const [out, err] = this.#streams;
    const isTruncated = out.isTruncated || err.isTruncated;
    return { exitCode, tookMs: tookHundredths * 10, out: out.bytes(), err: err.bytes(), isTruncated };
  }
}

function parseNumbers(line: string): readonly number[] {
  if (!/^\d{1,3} \d{1,12}$/.test(line)) throw new Error('The host sends a damaged answer.');
  return line.split(' ').map(Number);
}

class KeptBytes {
  readonly #parts: Buffer[] = [];
  #length = 0;
  isTruncated = false;

  push(part: Buffer): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#length += part.length;
    while (this.#length > KEPT_BYTES) {
      this.#length -= this.#parts.shift()?.length ?? 0;
      this.isTruncated = true;
    }
  }

  bytes(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#parts));
  }
}
