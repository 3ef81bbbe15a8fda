import type { ResilienceHistory } from '@breakwater/contract';
import { expect, it } from 'vitest';
import { findWorstWaits, sumErrors, toBands, toRows } from './history-series.ts';

const none = [null, null, null, null];
const wait = { p50_ms: none, p95_ms: none };
const HISTORY: ResilienceHistory = {
  span: '1h',
  step_ms: 10_000,
  at_ms: [10_000, 20_000, 30_000, 40_000],
  delay_ms: [150, 500, null, 300],
  waits: { CRITICAL: { ...wait, p95_ms: [1, null, null, 7] }, HIGH: wait, NORMAL: wait, LOW: { ...wait, p95_ms: [5, 9, null, 2] } },
  calls: [10, 20, null, 5],
  throttled: [0, 2, null, 1],
  timed_out: [1, 0, null, 0],
  failed: [0, 1, null, 0],
  rejected: [0, 0, null, 9],
  breaker: [0, 2, null, 1],
};

it('finds the stretches in which the breaker was not closed', () => {
  expect(toBands([0, 2, 2, 1, null, 2, 0])).toEqual([
    { state: 'open', from: 1, to: 2 },
    { state: 'half_open', from: 3, to: 3 },
    { state: 'open', from: 5, to: 5 },
  ]);
  expect(toBands([])).toEqual([]);
});

it('adds up errors and takes the longest wait, and keeps gaps as gaps', () => {
  expect(sumErrors(HISTORY)).toEqual([1, 3, null, 1]);
  expect(findWorstWaits(HISTORY)).toEqual([5, 9, null, 7]);
});

it('tells the same in a few rows, newest first', () => {
  expect(toRows(HISTORY, 2)).toEqual([
    { atMs: 40_000, delayMs: 300, waitMs: 7, errors: 1, calls: 5, breaker: 'half_open' },
    { atMs: 20_000, delayMs: 500, waitMs: 9, errors: 4, calls: 30, breaker: 'open' },
  ]);
  expect(toRows({ ...HISTORY, at_ms: [] }, 2)).toEqual([]);
});
