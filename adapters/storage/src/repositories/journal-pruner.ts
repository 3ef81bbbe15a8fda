import { type Clock, formatInstant, type Logger } from '@breakwater/kernel';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';

export interface JournalRetention {
  readonly maxAgeMs: number;
  readonly maxOperations: number;
}

/** An act in progress is never forgotten, whatever its age: the end of it has yet to be written. */
export const UNFINISHED = ['queued', 'running'];

/** Rows of one statement: a few milliseconds on the thread that also serves consoles. */
const SLICE = 1_000;
const EVERY_INSERTS = 100;
const EVERY_MS = 3_600_000;

/** Keeps the operations journal within its bounds: at the start, then with the operations that arrive. */
export class JournalPruner {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #retention: JournalRetention;
  #insertsSince = 0;
  #lastAt: number;

  constructor(db: Kysely<Tables>, options: { readonly clock: Clock; readonly logger: Logger; readonly retention: JournalRetention }) {
    this.#db = db;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#retention = options.retention;
    this.#lastAt = options.clock.now();
  }

  /** Removes everything that is too old or too much. */
  async pruneAll(): Promise<void> {
    let removed = 0;
    for (let slice = await this.#removeSlice(); slice > 0; slice = await this.#removeSlice()) {
      removed += slice;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (removed > 0) this.#logger.info('Old operations were removed from the journal.', { removed });
  }

  /** To be told of each new operation; looks for old ones now and then. A failure is no fault of the new one. */
  async noteInsert(): Promise<void> {
    this.#insertsSince++;
    const now = this.#clock.now();
    if (this.#insertsSince < EVERY_INSERTS && now - this.#lastAt < EVERY_MS) return;
    this.#insertsSince = 0;
    this.#lastAt = now;
    try {
      await this.#removeSlice();
    } catch (error) {
      this.#logger.warn('Old operations could not be removed from the journal.', { error });
    }
  }

  /** Looks at the oldest rows only, so that a long journal costs no more than a short one. */
  async #removeSlice(): Promise<number> {
    const { maxAgeMs, maxOperations } = this.#retention;
    const newest = await this.#db
      .selectFrom('operations')
      .select((select) => select.fn.max('sequence').as('sequence'))
      .executeTakeFirst();
    const lastSurplus = (newest?.sequence ?? 0) - maxOperations;
    const oldestKept = formatInstant(this.#clock.wall() - maxAgeMs);
    const { numDeletedRows } = await this.#db
      .deleteFrom('operations')
      .where('sequence', 'in', (query) =>
        query
          .selectFrom(
            query.selectFrom('operations').select(['sequence', 'created_at', 'state']).orderBy('sequence').limit(SLICE).as('oldest'),
          )
          .select('oldest.sequence')
          .where('oldest.state', 'not in', UNFINISHED)
          .where((where) => where.or([where('oldest.created_at', '<', oldestKept), where('oldest.sequence', '<=', lastSurplus)])),
      )
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }
}
