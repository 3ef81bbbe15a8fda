import { ManualClock } from '@breakwater/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Breaker, NO_PERMIT } from './breaker.ts';
import type { BreakerStateKind } from './breaker-report.ts';
import type { Verdict } from './verdict.ts';

/** Everything that is written here is naive on purpose: a list of permits with the period they belong to, and no counters. */
interface ModelPermit {
  readonly token: number;
  readonly period: number;
  readonly lapsesAtMs: number;
  isSettled: boolean;
}

const VERDICTS: readonly Verdict[] = [
  { kind: 'success' },
  { kind: 'failure', transient: true },
  { kind: 'throttled' },
  { kind: 'timeout' },
  { kind: 'ignored' },
  { kind: 'canceled' },
];

type Step =
  | { readonly kind: 'admit' }
  | { readonly kind: 'settle'; readonly pick: number; readonly verdict: Verdict }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'trip' }
  | { readonly kind: 'isolate'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>({ kind: 'admit' }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), pick: fc.nat(20), verdict: fc.constantFrom(...VERDICTS) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 99, 100, 101, 250) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step[]>({ kind: 'reset' }, { kind: 'trip' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('isolate' as const), ms: fc.constantFrom(1, 100, 250, Number.POSITIVE_INFINITY) }),
  },
);

const config = fc.record({
  failures: fc.integer({ min: 1, max: 4 }),
  probes: fc.integer({ min: 1, max: 3 }),
  successes: fc.integer({ min: 1, max: 3 }),
});

const OPEN_MS = 100;
const LEASE_MS = 100;

it('agrees with a naive model in any order of admissions, results, waits, resets and openings by hand', () => {
  fc.assert(
    fc.property(config, fc.array(step, { maxLength: 24, size: 'max' }), ({ failures, probes, successes }, steps) => {
      const clock = new ManualClock();
      const breaker = new Breaker(
        { trip: { kind: 'consecutive', failures }, openMs: OPEN_MS, halfOpen: { probes, successes, leaseMs: LEASE_MS } },
        { clock },
      );
      const permits: ModelPermit[] = [];
      const seen: unknown[] = [];
      const expected: unknown[] = [];
      let now = 0;
      clock.now = () => now;
      let state = 'closed' as BreakerStateKind;
      let period = 0;
      let failed = 0;
      let succeeded = 0;
      let openUntil = 0;
      const enter = (next: BreakerStateKind): void => {
        state = next;
        period++;
        failed = 0;
        succeeded = 0;
        if (next === 'open') openUntil = now + OPEN_MS;
      };
      const leased = (): number =>
        permits.filter((permit) => permit.period === period && !permit.isSettled && permit.lapsesAtMs > now).length;

      for (const action of steps) {
        if (action.kind === 'wait') {
          now += action.ms;
        } else if (action.kind === 'trip') {
          breaker.trip('model');
          enter('open');
        } else if (action.kind === 'isolate') {
          breaker.isolate('model', { expiresMs: action.ms });
          enter('open');
          openUntil = now + action.ms;
        } else if (action.kind === 'reset') {
          breaker.reset('model');
          enter('closed');
        } else if (action.kind === 'admit') {
          const mayAdmit = breaker.mayAdmit(now);
          const token = breaker.admit(now);
          if (state === 'open' && now >= openUntil) enter('half-open');
          const isAdmitted = state === 'closed' || (state === 'half-open' && leased() < probes);
          seen.push(token !== NO_PERMIT, mayAdmit);
          expected.push(isAdmitted, isAdmitted);
          if (isAdmitted) permits.push({ token, period, lapsesAtMs: now + LEASE_MS, isSettled: false });
        } else {
          const open = permits.filter((permit) => !permit.isSettled);
          const permit = open[action.pick % Math.max(1, open.length)];
          if (permit === undefined) continue;
          permit.isSettled = true;
          breaker.settle(permit.token, action.verdict, { nowMs: now, startedAtMs: now });
          if (permit.period !== period || state === 'open') continue;
          const isFailure = ['failure', 'throttled', 'timeout'].includes(action.verdict.kind);
          if (state === 'closed') {
            if (action.verdict.kind === 'success') failed = 0;
            if (isFailure && ++failed >= failures) enter('open');
          } else if (isFailure) {
            enter('open');
          } else if (action.verdict.kind === 'success' && ++succeeded >= successes) {
            enter('closed');
          }
        }
        seen.push(breaker.state);
        expected.push(state);
      }
      expect(seen).toEqual(expected);
    }),
    { numRuns: 10_000 },
  );
});
