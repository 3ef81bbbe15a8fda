import type { ManualClock } from '@breakwater/kernel';

const STEPS = 40;

/** Moves a clock in small steps and lets everything that is due finish in between, however long its chain of promises is. */
export async function letPass(clock: ManualClock, ms: number): Promise<void> {
  await turn();
  for (let step = 0; ms > 0 && step < STEPS; step++) {
    await clock.advance(ms / STEPS);
    await turn();
  }
}

/** No waiting: one turn of the event loop runs all microtasks, also those that they make. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
