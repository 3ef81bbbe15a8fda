export const COLUMNS = 80;
export const ROWS = 25;

/** A terminal of 80 by 25 characters that scrolls. */
export class TextScreen {
  readonly #rows: string[][] = Array.from({ length: ROWS }, emptyRow);
  #row = 0;
  #column = 0;

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  characterAt(row: number, column: number): string {
    return this.#rows[row]?.[column] ?? ' ';
  }

  /** Lines without trailing blanks, for tests. */
  lines(): string[] {
    return this.#rows.map((row) => row.join('').trimEnd());
  }

  clear(): void {
    for (let row = 0; row < ROWS; row++) this.#rows[row] = emptyRow();
    this.#row = 0;
    this.#column = 0;
  }

  write(text: string): void {
    for (const character of text) {
      if (character === '\n') this.#newLine();
      else if (character === '\b') this.#back();
      else {
        if (this.#column >= COLUMNS) this.#newLine();
        const row = this.#rows[this.#row];
        if (row !== undefined) row[this.#column] = character;
        this.#column++;
      }
    }
  }

  #newLine(): void {
    this.#column = 0;
    this.#row++;
    if (this.#row < ROWS) return;
    this.#rows.shift();
    this.#rows.push(emptyRow());
    this.#row = ROWS - 1;
  }

  #back(): void {
    if (this.#column === 0) return;
    this.#column--;
    const row = this.#rows[this.#row];
    if (row !== undefined) row[this.#column] = ' ';
  }
}

const emptyRow = (): string[] => Array.from({ length: COLUMNS }, () => ' ');
