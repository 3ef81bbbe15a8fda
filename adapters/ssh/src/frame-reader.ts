const LINE_MAX_BYTES = 512;

export interface Frame {
  readonly id: string;
  readonly state: 'running' | 'ended' | 'gone' | 'done';
  readonly exitCode: number;
  /** Measured by the host, in steps of 10 ms. */
  readonly tookMs: number;
  /** Whole length of the stream so far; `out` and `err` are the bytes from the asked offset on. */
  readonly outSize: number;
  readonly errSize: number;
  readonly out: Uint8Array;
  readonly err: Uint8Array;
}

export type AgentWord =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'frame'; readonly frame: Frame };

/**
 * Cuts the agent's standard output into its words. What stands before the first line with our mark was printed by rc files of the login shell and is
 * passed over; after it, anything unexpected is an error.
 */
export class FrameReader {
  readonly #mark: string;
  #buffer: Buffer = Buffer.alloc(0);
  #isReady = false;

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** Throws for what the agent would never say. */
  push(chunk: Buffer): readonly AgentWord[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const words: AgentWord[] = [];
    for (let word = this.#take(); word !== null; word = this.#take()) words.push(word);
    return words;
  }

  #take(): AgentWord | null {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end < 0) {
        if (this.#isReady && this.#buffer.length > LINE_MAX_BYTES) throw new Error('The host sends lines that are too long.');
        if (!this.#isReady && this.#buffer.length > LINE_MAX_BYTES) this.#buffer = this.#buffer.subarray(-LINE_MAX_BYTES);
        return null;
      }
      const line = this.#buffer.subarray(0, end).toString('latin1');
      const at = this.#isReady ? 0 : line.indexOf(`${this.#mark} `);
      if (at < 0) {
        this.#buffer = this.#buffer.subarray(end + 1);
        continue;
      }
      return this.#parse(line.slice(at), end + 1);
    }
  }

  #parse(line: string, headBytes: number): AgentWord | null {
    const [mark, first = '', second = '', ...numbers] = line.split(' ');
    if (mark !== this.#mark) throw new Error('The host sends what the agent never says.');
    if (!this.#isReady) {
      this.#buffer = this.#buffer.subarray(headBytes);
      this.#isReady = true;
      return first === 'ready' ? { kind: 'ready' } : { kind: 'refused', reason: second };
    }
    const [exitCode = -1, tookHundredths = -1, outSize = -1, outBytes = -1, errSize = -1, errBytes = -1] = numbers.map(Number);
    const isSound = [exitCode, tookHundredths, outSize, outBytes, errSize, errBytes].every(
      (each) => Number.isSafeInteger(each) && each >= 0,
    );
    if (!isSound || !isState(second)) throw new Error('The host sends a damaged frame.');
    if (this.#buffer.length < headBytes + outBytes + errBytes) return null;
    const out = Uint8Array.from(this.#buffer.subarray(headBytes, headBytes + outBytes));
    const err = Uint8Array.from(this.#buffer.subarray(headBytes + outBytes, headBytes + outBytes + errBytes));
    this.#buffer = this.#buffer.subarray(headBytes + outBytes + errBytes);
    return { kind: 'frame', frame: { id: first, state: second, exitCode, tookMs: tookHundredths * 10, outSize, errSize, out, err } };
  }
}

const isState = (text: string): text is Frame['state'] => text === 'running' || text === 'ended' || text === 'gone' || text === 'done';
