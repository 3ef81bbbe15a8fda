import { expect, it } from 'vitest';
import { type Trip, validateTrips } from './trip.ts';

const RATE = { minCalls: 2, failureRate: 0.5 } as const;

it.each<[string, string, Trip | readonly Trip[]]>([
  ['no trip', 'breaker.trip needs at least one trip.', []],
  [
    'two trips in a row',
    'breaker.trip holds more than one consecutive trip.',
    [
      { kind: 'consecutive', failures: 1 },
      { kind: 'consecutive', failures: 2 },
    ],
  ],
  [
    'half a failure',
    'breaker.trip.failures must be a whole number from 1 to 9007199254740991, not 0.5.',
    { kind: 'consecutive', failures: 0.5 },
  ],
  [
    'no calls',
    'breaker.trip.minCalls must be a whole number from 1 to 9007199254740991, not 0.',
    { kind: 'count-window', calls: 10, minCalls: 0, failureRate: 1 },
  ],
  ['no rate', 'breaker.trip with a window needs a failureRate or a slowRate.', { kind: 'count-window', calls: 10, minCalls: 1 }],
  [
    'a rate of nothing',
    'breaker.trip.failureRate must be above 0 and at most 1, not 0.',
    { kind: 'count-window', calls: 10, minCalls: 1, failureRate: 0 },
  ],
  [
    'a rate beyond all',
    'breaker.trip.slowRate must be above 0 and at most 1, not 1.1.',
    { kind: 'count-window', calls: 10, minCalls: 1, slowRate: 1.1, slowMs: 1 },
  ],
  [
    'a rate that is no number',
    'breaker.trip.failureRate must be above 0 and at most 1, not NaN.',
    { kind: 'count-window', calls: 10, minCalls: 1, failureRate: Number.NaN },
  ],
  [
    'a slow rate without a time',
    'breaker.trip.slowRate and slowMs belong together.',
    { kind: 'count-window', calls: 10, minCalls: 1, slowRate: 1 },
  ],
  [
    'a slow time without a rate',
    'breaker.trip.slowRate and slowMs belong together.',
    { kind: 'count-window', calls: 10, ...RATE, slowMs: 1 },
  ],
  [
    'a slow time of nothing',
    'breaker.trip.slowMs must be above 0, not 0.',
    { kind: 'count-window', calls: 10, minCalls: 1, slowRate: 1, slowMs: 0 },
  ],
  ['an empty window', 'breaker.trip.calls must be a whole number from 1 to 100000, not 0.', { kind: 'count-window', calls: 0, ...RATE }],
  [
    'a window without bounds',
    'breaker.trip.calls must be a whole number from 1 to 100000, not 1000000000.',
    { kind: 'count-window', calls: 1e9, ...RATE },
  ],
  [
    'more calls than the window holds',
    'breaker.trip.minCalls (3) is more than the window holds (2).',
    { kind: 'count-window', calls: 2, minCalls: 3, failureRate: 1 },
  ],
  ['a window of no time', 'breaker.trip.windowMs must be above 0, not 0.', { kind: 'time-window', windowMs: 0, ...RATE }],
  [
    'an endless window',
    'breaker.trip.windowMs must be above 0, not Infinity.',
    { kind: 'time-window', windowMs: Number.POSITIVE_INFINITY, ...RATE },
  ],
  [
    'no buckets',
    'breaker.trip.buckets must be a whole number from 1 to 1000, not 0.',
    { kind: 'time-window', windowMs: 1, buckets: 0, ...RATE },
  ],
  [
    'one bad trip of two',
    'breaker.trip.windowMs must be above 0, not -1.',
    [
      { kind: 'consecutive', failures: 1 },
      { kind: 'time-window', windowMs: -1, ...RATE },
    ],
  ],
])('refuses %s: %s', (_name, message, trip) => {
  expect(() => validateTrips(trip)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID', message }));
});

it('accepts the largest windows', () => {
  expect(() => validateTrips({ kind: 'count-window', calls: 100_000, ...RATE })).not.toThrow();
  expect(() => validateTrips({ kind: 'time-window', windowMs: 1, buckets: 1_000, ...RATE })).not.toThrow();
  expect(() => validateTrips({ kind: 'time-window', windowMs: 1, buckets: 1_001, ...RATE })).toThrow('from 1 to 1000');
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
