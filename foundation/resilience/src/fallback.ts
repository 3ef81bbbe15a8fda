/** One way to get a value, the best one first. */
export interface FallbackStep<T> {
  readonly name: string;
  /** `error`: why the step before it failed; undefined for the first. */
  run(context: { readonly error: unknown; readonly signal: AbortSignal | undefined }): T | PromiseLike<T>;
}

export interface FallbackFailure {
  readonly name: string;
  readonly error: unknown;
}

/** `failures` are those of the steps that were tried in vain, in order. */
export type FallbackResult<T> =
  | { readonly kind: 'served'; readonly value: T; readonly servedBy: string; readonly failures: readonly FallbackFailure[] }
  | { readonly kind: 'failed'; readonly failures: readonly FallbackFailure[] };

export interface FallbackOptions {
  readonly signal?: AbortSignal | undefined;
  /** False for an error after which another way makes no sense, for example a refused sign-in. Default: always true. */
  readonly mayFallBack?: (error: unknown) => boolean;
}

/** Tries one step after the other until one answers. Rejects only with the reason of the caller's signal. */
export async function runFallbacks<T>(steps: readonly FallbackStep<T>[], options: FallbackOptions = {}): Promise<FallbackResult<T>> {
  const { signal, mayFallBack = () => true } = options;
  const failures: FallbackFailure[] = [];
  for (const step of steps) {
    signal?.throwIfAborted();
    try {
      const value = await step.run({ error: failures.at(-1)?.error, signal });
      return { kind: 'served', value, servedBy: step.name, failures };
    } catch (error) {
      signal?.throwIfAborted();
      failures.push({ name: step.name, error });
      if (!mayFallBack(error)) break;
    }
  }
  return { kind: 'failed', failures };
}
