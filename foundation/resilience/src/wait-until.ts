import { type Clock, type Random, sleep, systemClock, systemRandom } from '@breakwater/kernel';
import type { Backoff } from './backoff.ts';
import type { CallContext } from './call-context.ts';
import { createPipeline } from './pipeline.ts';

export interface WaitUntilOptions {
  /** What is waited for; for errors. */
  readonly key: string;
  readonly op?: string;
  readonly backoff: Backoff;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** True for errors that are part of waiting, for example a refused connection while a machine starts. Default: none are. */
  readonly tolerate?: (error: unknown) => boolean;
  /** Told before each pause. */
  readonly onWait?: (wait: { readonly asked: number; readonly delayMs: number; readonly error: unknown }) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Asks until the answer is not null, instead of sleeping for as long as it might take. Rejects with `RESILIENCE_DEADLINE`, with the
 * reason of the caller's signal, or with an error that is not tolerated.
 */
export function waitUntil<T>(probe: (context: CallContext) => PromiseLike<T | null> | T | null, options: WaitUntilOptions): Promise<T> {
  const { key, op = 'wait', backoff, deadlineMs, signal, clock = systemClock, random = systemRandom } = options;
  const ask = async (context: CallContext): Promise<T> => {
    let pauseMs = 0;
    for (let asked = 1; ; asked++) {
      const { value, error } = await askOnce(() => probe(context), { signal: context.signal, tolerate: options.tolerate });
      if (value !== null) return value;
      pauseMs = backoff.delayMs(asked - 1, pauseMs, random);
      options.onWait?.({ asked, delayMs: pauseMs, error });
      await sleep(clock, pauseMs, { signal: context.signal, keepAlive: true });
    }
  };
  return createPipeline({}, { key, clock, random }).run(ask, { op, deadlineMs, signal });
}

interface Answer<T> {
  readonly value: T | null;
  readonly error: unknown;
}

async function askOnce<T>(
  probe: () => PromiseLike<T | null> | T | null,
  options: { readonly signal: AbortSignal; readonly tolerate: WaitUntilOptions['tolerate'] },
): Promise<Answer<T>> {
  try {
    return { value: await probe(), error: undefined };
  } catch (error) {
    if (options.signal.aborted || options.tolerate?.(error) !== true) throw error;
    return { value: null, error };
  }
}
