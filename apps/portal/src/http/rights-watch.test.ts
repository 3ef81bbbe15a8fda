import { ManualClock, silentLogger } from '@breakwater/kernel';
import { expect, test } from 'vitest';
import { RightsWatch } from './rights-watch.ts';

function createWatch() {
  const clock = new ManualClock();
  const watch = new RightsWatch({ clock, logger: silentLogger, intervalMs: 15_000 });
  const ended: string[] = [];
  const add = (name: string, isStillAllowed: () => Promise<boolean>) => watch.add({ isStillAllowed, end: () => ended.push(name) });
  return { clock, watch, ended, add };
}

test('ends what is no longer allowed, once, and nothing else', async () => {
  const { clock, ended, add } = createWatch();
  let mayAnna = true;
  add('anna', async () => mayAnna);
  add('boris', async () => true);
  await clock.advance(15_000);
  expect(ended).toEqual([]);
  mayAnna = false;
  await clock.advance(15_000);
  await clock.advance(15_000);
  expect(ended).toEqual(['anna']);
});

test('asks at once when it is told that rights have changed', async () => {
  const { clock, watch, ended, add } = createWatch();
  add('anna', async () => false);
  watch.checkNow();
  await clock.advance(0);
  expect(ended).toEqual(['anna']);
});

test('cuts nobody off because the question failed', async () => {
  const { clock, ended, add } = createWatch();
  add('anna', () => Promise.reject(new Error('the disk is full')));
  await clock.advance(15_000);
  expect(ended).toEqual([]);
});

test('asks nothing any more about what has ended by itself', async () => {
  const { clock, ended, add } = createWatch();
  const forget = add('anna', async () => false);
  forget();
  await clock.advance(15_000);
  expect(ended).toEqual([]);
  expect(clock.pendingCount).toBe(0);
});
