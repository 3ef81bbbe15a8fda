import type { CallMeta } from './call-context.ts';

/** Makes its error when it is first read: most who ask for an outcome only ask whether. */
export class FailedOutcome {
  readonly ok = false;
  readonly meta: CallMeta;
  #createError: (() => unknown) | null;
  #error: unknown;

  constructor(createError: () => unknown, meta: CallMeta) {
    this.#createError = createError;
    this.meta = meta;
  }

  get error(): unknown {
    if (this.#createError !== null) {
      this.#error = this.#createError();
      this.#createError = null;
    }
    return this.#error;
  }
}
