import { expect, it } from 'vitest';
import { type Trip, validateTrips } from './trip.ts';

const RATE = { minCalls: 2, failureRate: 0.5 } as const;

it.each<[string, Trip | readonly Trip[]]>([
  ['no trip', []],
  [
    'two trips in a row',
    [
      { kind: 'consecutive', failures: 1 },
      { kind: 'consecutive', failures: 2 },
    ],
  ],
  ['half a failure', { kind: 'consecutive', failures: 0.5 }],
  ['no calls', { kind: 'count-window', calls: 10, minCalls: 0, failureRate: 1 }],
  ['no rate', { kind: 'count-window', calls: 10, minCalls: 1 }],
  ['a rate of nothing', { kind: 'count-window', calls: 10, minCalls: 1, failureRate: 0 }],
  ['a rate beyond all', { kind: 'count-window', calls: 10, minCalls: 1, slowRate: 1.1, slowMs: 1 }],
  ['a rate that is no number', { kind: 'count-window', calls: 10, minCalls: 1, failureRate: Number.NaN }],
  ['a slow rate without a time', { kind: 'count-window', calls: 10, minCalls: 1, slowRate: 1 }],
  ['a slow time without a rate', { kind: 'count-window', calls: 10, ...RATE, slowMs: 1 }],
  ['a slow time of nothing', { kind: 'count-window', calls: 10, minCalls: 1, slowRate: 1, slowMs: 0 }],
  ['an empty window', { kind: 'count-window', calls: 0, ...RATE }],
  ['a window without bounds', { kind: 'count-window', calls: 1e9, ...RATE }],
  ['more calls than the window holds', { kind: 'count-window', calls: 2, minCalls: 3, failureRate: 1 }],
  ['a window of no time', { kind: 'time-window', windowMs: 0, ...RATE }],
  ['an endless window', { kind: 'time-window', windowMs: Number.POSITIVE_INFINITY, ...RATE }],
  ['no buckets', { kind: 'time-window', windowMs: 1, buckets: 0, ...RATE }],
  [
    'one bad trip of two',
    [
      { kind: 'consecutive', failures: 1 },
      { kind: 'time-window', windowMs: -1, ...RATE },
    ],
  ],
])('refuses %s', (_name, trip) => {
  expect(() => validateTrips(trip)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
});

it('accepts one trip and several', () => {
  expect(() => validateTrips({ kind: 'time-window', windowMs: 1, ...RATE, slowRate: 1, slowMs: 1 })).not.toThrow();
  expect(() =>
    validateTrips([
      { kind: 'consecutive', failures: 1 },
      { kind: 'count-window', calls: 2, ...RATE },
      { kind: 'time-window', windowMs: 1, buckets: 1, ...RATE },
    ]),
  ).not.toThrow();
});
