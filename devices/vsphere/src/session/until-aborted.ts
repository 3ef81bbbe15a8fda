import { onAbort } from '@breakwater/kernel';

/** The outcome of shared work, or the caller's own abort if that comes first. The work goes on for the others. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const forget = onAbort(signal, reject);
    void work.then(resolve, reject).finally(forget);
  });
}
