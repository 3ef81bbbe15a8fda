/** Nobody types further ahead of the address. */
const KEPT = 20;

/**
 * Tells the echo of what was typed from what came from elsewhere. The address follows the field a moment late, so that the echo of an
 * older text can arrive while a newer one is being typed: taken for news, it would eat the letters in between.
 */
export class SentTexts {
  #waiting: string[] = [];
  #latest: string;

  constructor(latest: string) {
    this.#latest = latest;
  }

  get latest(): string {
    return this.#latest;
  }

  send(text: string): void {
    this.#latest = text;
    this.#waiting = [...this.#waiting, text].slice(-KEPT);
  }

  /** False for what somebody else has put into the address: a link, or the way back. */
  isEcho(text: string): boolean {
    const at = this.#waiting.indexOf(text);
    if (at >= 0) {
      // Older ones were overtaken and will not come any more.
      this.#waiting = this.#waiting.slice(at + 1);
      return true;
    }
    if (text === this.#latest) return true;
    this.#waiting = [];
    this.#latest = text;
    return false;
  }
}
