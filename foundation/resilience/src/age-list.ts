/** A place in an `AgeList`. */
export interface AgeCell {
  readonly sinceMs: number;
  ahead: AgeCell | null;
  behind: AgeCell | null;
}

/** Oldest first. Adding the newest and removing anywhere do not depend on how many there are. */
export class AgeList<T extends AgeCell> {
  first: T | null = null;
  last: T | null = null;
  length = 0;

  add(cell: T): void {
    // Usually the newest, so this looks at one cell; only a repeated attempt walks past those that came after its first one.
    let ahead: AgeCell | null = this.last;
    while (ahead !== null && ahead.sinceMs > cell.sinceMs) ahead = ahead.ahead;
    const behind = ahead === null ? this.first : ahead.behind;
    cell.ahead = ahead;
    cell.behind = behind;
    if (ahead === null) this.first = cell;
    else ahead.behind = cell;
    if (behind === null) this.last = cell;
    else behind.ahead = cell;
    this.length++;
  }

  /** The cell must be in this list. */
  remove(cell: T): void {
    if (cell.ahead === null) this.first = cell.behind as T | null;
    else cell.ahead.behind = cell.behind;
    if (cell.behind === null) this.last = cell.ahead as T | null;
    else cell.behind.ahead = cell.ahead;
    cell.ahead = null;
    cell.behind = null;
    this.length--;
  }
}
