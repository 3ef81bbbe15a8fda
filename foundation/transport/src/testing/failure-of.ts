import { isOpsError, type ManualClock, type OpsError } from '@breakwater/kernel';

/** The error of a promise that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<OpsError> {
  try {
    await promise;
  } catch (error) {
    if (isOpsError(error)) return error;
    throw error;
  }
  throw new Error('It succeeded.');
}

/** Moves a hand-driven clock while real sockets do their part, until the promise fails. */
export async function failureWithin(
  clock: ManualClock,
  options: { readonly stepMs: number; readonly promise: Promise<unknown> },
): Promise<OpsError> {
  let isSettled = false;
  const failure = failureOf(options.promise).finally(() => {
    isSettled = true;
  });
  for (let turn = 0; turn < 10_000 && !isSettled; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turn % 50 === 49) await clock.advance(options.stepMs);
  }
  return failure;
}
