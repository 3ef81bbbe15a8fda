const KEPT_BYTES = 64 * 1_024;

/** The end of a stream that may be of any length, as `CommandResult` promises it. */
export class OutputTail {
  #chunks: Uint8Array[] = [];
  #keptBytes = 0;
  #isTruncated = false;

  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#keptBytes += chunk.length;
    // Twice the size before anything is copied, so that many small chunks do not cost a copy each.
    if (this.#keptBytes > 2 * KEPT_BYTES) this.#trim();
  }

  /** Something in between is not known: what was kept before is no longer the end. */
  skip(): void {
    this.#chunks = [];
    this.#keptBytes = 0;
    this.#isTruncated = true;
  }

  text(): string {
    this.#trim();
    const text = new TextDecoder().decode(this.#chunks[0] ?? new Uint8Array());
    // The cut may have gone through a character.
    return this.#isTruncated ? text.replace(/^\uFFFD{1,3}/, '') : text;
  }

  #trim(): void {
    const whole = new Uint8Array(this.#keptBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    const kept = whole.slice(Math.max(0, whole.length - KEPT_BYTES));
    if (kept.length < whole.length) this.#isTruncated = true;
    this.#chunks = [kept];
    this.#keptBytes = kept.length;
  }
}
