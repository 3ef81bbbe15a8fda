import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Breaker, NO_PERMIT } from './breaker.ts';
import type { BreakerChange } from './breaker-report.ts';
import type { BreakerSpec } from './spec.ts';
import type { Trip } from './trip.ts';
import type { Verdict } from './verdict.ts';

const SUCCESS: Verdict = { kind: 'success' };
const FAILURE: Verdict = { kind: 'failure', transient: true };

function create(trip: Trip | readonly Trip[], spec: Partial<BreakerSpec> = {}) {
  const clock = new ManualClock();
  const changes: BreakerChange[] = [];
  const breaker = new Breaker({ trip, openMs: 30_000, ...spec }, { clock, onChange: (change) => changes.push(change) });
  const call = (verdict: Verdict, tookMs = 0): void =>
    breaker.settle(breaker.admit(clock.now()), verdict, { nowMs: clock.now(), startedAtMs: clock.now() - tookMs });
  return { clock, breaker, changes, call };
}

describe('rates', () => {
  it('open at a share of failures, with successes in between', () => {
    const { breaker, call, changes } = create({ kind: 'count-window', calls: 10, minCalls: 4, failureRate: 0.5 });
    call(FAILURE);
    call(SUCCESS);
    call(FAILURE);
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failures: 2, failureThreshold: 2, slowRate: 0 });
    expect(breaker.snapshot().failureRate).toBeCloseTo(2 / 3);
    call(SUCCESS);
    expect(breaker.state).toBe('open');
    expect(changes).toEqual([{ kind: 'breaker.opened', failures: 2, from: 'closed', openMs: 30_000, cause: 'failure-rate' }]);
    expect(breaker.snapshot()).toMatchObject({ failures: 2, failureRate: 0.5 });
  });

  it('open at a share of slow calls, though all of them succeed', () => {
    const { breaker, call, changes } = create({ kind: 'time-window', windowMs: 10_000, minCalls: 2, slowRate: 1, slowMs: 500 });
    call(SUCCESS, 500);
    call(SUCCESS, 501);
    call(SUCCESS, 501);
    expect(breaker.state).toBe('closed');
    const slow = create({ kind: 'time-window', windowMs: 10_000, minCalls: 2, slowRate: 1, slowMs: 500 });
    slow.call(SUCCESS, 501);
    slow.call(FAILURE, 501);
    expect(slow.changes).toMatchObject([{ kind: 'breaker.opened', cause: 'slow-rate', failures: 1 }]);
    expect(slow.breaker.snapshot()).toMatchObject({ failureThreshold: 2, slowRate: 1 });
    expect(changes).toEqual([]);
  });

  it('do not count what says nothing about the server', () => {
    const { breaker, call } = create({ kind: 'count-window', calls: 4, minCalls: 1, failureRate: 1 });
    call({ kind: 'ignored' }, 1_000);
    call({ kind: 'canceled' });
    expect(breaker.snapshot()).toMatchObject({ failureRate: null, slowRate: null, failures: 0 });
  });

  it('take a probe that is too slow for a failed one', async () => {
    const { breaker, clock, call, changes } = create({ kind: 'count-window', calls: 2, minCalls: 2, slowRate: 1, slowMs: 500 });
    call(SUCCESS, 900);
    call(SUCCESS, 900);
    await clock.advance(30_000);
    call(SUCCESS, 501);
    expect(changes.at(-1)).toMatchObject({ kind: 'breaker.opened', cause: 'probe', from: 'half-open' });
    expect(breaker.snapshot().lastFailureAtWallMs).toBeNull();
    await clock.advance(30_000);
    call(SUCCESS, 500);
    expect(breaker.state).toBe('closed');
  });

  it('begin anew after a closing', async () => {
    const { breaker, clock, call } = create({ kind: 'count-window', calls: 4, minCalls: 2, failureRate: 0.5 });
    call(FAILURE);
    call(FAILURE);
    await clock.advance(30_000);
    call(SUCCESS);
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failureRate: null });
    call(FAILURE);
    expect(breaker.state).toBe('closed');
  });

  it('count every failure of a burst, which is one failure in a row only', () => {
    const { breaker } = create(
      [
        { kind: 'consecutive', failures: 2 },
        { kind: 'count-window', calls: 9, minCalls: 3, failureRate: 1 },
      ],
      { lumpMs: 1_000 },
    );
    const permits = [breaker.admit(0), breaker.admit(0), breaker.admit(0)];
    for (const permit of permits) breaker.settle(permit, FAILURE, { nowMs: 10, startedAtMs: 0 });
    expect(breaker.snapshot()).toMatchObject({ state: 'open', failures: 3, failureThreshold: 2 });
  });
});

describe('several trips', () => {
  const trips: readonly Trip[] = [
    { kind: 'count-window', calls: 100, minCalls: 4, failureRate: 0.5 },
    { kind: 'consecutive', failures: 3 },
    { kind: 'time-window', windowMs: 1_000, minCalls: 2, slowRate: 0.5, slowMs: 100 },
  ];

  it.each([
    ['consecutive', () => [FAILURE, FAILURE, FAILURE], 0],
    ['failure-rate', () => [FAILURE, SUCCESS, SUCCESS, FAILURE], 0],
    ['slow-rate', () => [SUCCESS, SUCCESS], 101],
  ] as const)('open at %s, whichever comes first', (cause, verdicts, tookMs) => {
    const { call, changes } = create(trips);
    for (const verdict of verdicts()) call(verdict, tookMs);
    expect(changes).toMatchObject([{ kind: 'breaker.opened', cause }]);
  });
});

describe('several windows', () => {
  const long: Trip = { kind: 'count-window', calls: 100, minCalls: 20, failureRate: 0.5 };
  const short: Trip = { kind: 'time-window', windowMs: 1_000, minCalls: 4, failureRate: 0.75 };

  it('show failures and threshold of the one that fewest failures keep from opening', async () => {
    const { breaker, clock, call } = create([long, short]);
    expect(breaker.snapshot()).toMatchObject({ failures: 0, failureThreshold: 3 });
    for (let round = 0; round < 4; round++) {
      call(FAILURE);
      call(FAILURE);
      await clock.advance(1_000);
    }
    // The short one has forgotten all eight and still needs three; the long one needs two more.
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failures: 8, failureThreshold: 10 });
    call(FAILURE);
    call(FAILURE);
    call(SUCCESS);
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failures: 10, failureThreshold: 10, failureRate: 10 / 11 });
  });

  it('tell the failures of the one that opened, and keep them while it is open', async () => {
    const { breaker, clock, call, changes } = create([long, short]);
    for (let time = 0; time < 3; time++) call(FAILURE);
    await clock.advance(1_000);
    for (const verdict of [FAILURE, FAILURE, SUCCESS, FAILURE]) call(verdict);
    expect(changes).toEqual([{ kind: 'breaker.opened', failures: 3, from: 'closed', openMs: 30_000, cause: 'failure-rate' }]);
    await clock.advance(29_999);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', failures: 3, failureThreshold: 3 });
    await clock.advance(1);
    call(FAILURE);
    expect(changes.at(-1)).toMatchObject({ kind: 'breaker.opened', failures: 3, from: 'half-open' });
  });

  it('tell the rate of the first that is reached, and count the call in all of them', async () => {
    const first: Trip = { kind: 'count-window', calls: 9, minCalls: 2, slowRate: 1, slowMs: 100 };
    const second: Trip = { kind: 'count-window', calls: 9, minCalls: 2, failureRate: 0.5 };
    const { breaker, call, changes } = create([first, second], { mode: 'metrics-only' });
    call(FAILURE, 101);
    call(FAILURE, 101);
    expect(changes).toEqual([{ kind: 'breaker.would-open', failures: 2, cause: 'slow-rate' }]);
    expect(breaker.snapshot()).toMatchObject({ failureRate: 1, slowRate: 1, failures: 2 });
    for (let time = 0; time < 3; time++) call(SUCCESS);
    call(FAILURE);
    expect(changes.at(-1)).toEqual({ kind: 'breaker.would-open', failures: 3, cause: 'failure-rate' });
  });

  it('take a probe for failed that any of them finds slow', async () => {
    const slow: Trip = { kind: 'time-window', windowMs: 1_000, minCalls: 2, slowRate: 1, slowMs: 100 };
    const { clock, call, changes } = create([short, slow]);
    call(SUCCESS, 101);
    call(SUCCESS, 101);
    await clock.advance(30_000);
    call(SUCCESS, 101);
    expect(changes.at(-1)).toMatchObject({ kind: 'breaker.opened', cause: 'probe' });
  });

  it('beside a trip by failures in a row, show those in a row until one of them opens', () => {
    const { breaker, call } = create([{ kind: 'consecutive', failures: 5 }, short]);
    call(FAILURE);
    call(SUCCESS);
    call(FAILURE);
    expect(breaker.snapshot()).toMatchObject({ failures: 1, failureThreshold: 5 });
    call(FAILURE);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', failures: 3, failureThreshold: 5 });
  });
});

describe('by hand', () => {
  const trip: Trip = { kind: 'consecutive', failures: 3 };

  it('trips for the usual time and then admits probes', async () => {
    const { breaker, clock, call, changes } = create(trip, { openMs: { firstMs: 1_000, factor: 2, capMs: 8_000 } });
    breaker.trip('drill');
    expect(changes).toEqual([{ kind: 'breaker.opened', failures: 0, from: 'closed', openMs: 1_000, cause: 'by-hand', reason: 'drill' }]);
    expect(breaker.snapshot()).toMatchObject({
      opens: 1,
      retryAfterMs: 1_000,
      byHand: { reason: 'drill', untilWallMs: clock.wall() + 1_000 },
    });
    expect(breaker.admit(clock.now())).toBe(NO_PERMIT);
    await clock.advance(1_000);
    call(FAILURE);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', byHand: null, openMs: 2_000 });
  });

  it('isolates until somebody resets it, probes included', async () => {
    const { breaker, clock } = create(trip);
    breaker.isolate('being repaired');
    await clock.advance(1e12);
    expect(breaker.mayAdmit(clock.now())).toBe(false);
    expect(breaker.admit(clock.now())).toBe(NO_PERMIT);
    expect(breaker.retryAfterMs(clock.now())).toBe(Number.POSITIVE_INFINITY);
    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      retryAfterMs: null,
      byHand: { reason: 'being repaired', untilWallMs: Number.POSITIVE_INFINITY },
    });
    breaker.reset('repaired');
    expect(breaker.admit(clock.now())).not.toBe(NO_PERMIT);
    expect(breaker.snapshot().byHand).toBeNull();
  });

  it('isolates for a time, and then asks with a probe', async () => {
    const { breaker, clock, call, changes } = create(trip);
    breaker.isolate('update', { expiresMs: 60_000 });
    await clock.advance(59_999);
    expect(breaker.mayAdmit(clock.now())).toBe(false);
    await clock.advance(1);
    call(SUCCESS);
    expect(changes.map(({ kind }) => kind)).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed']);
  });

  it.each([0, -1, Number.NaN])('refuses to isolate for %s ms', (expiresMs) => {
    expect(() => create(trip).breaker.isolate('x', { expiresMs })).toThrow(
      expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID', message: `expiresMs of an isolation must be above 0, not ${expiresMs}.` }),
    );
  });

  it('drops what calls find that were under way', () => {
    const { breaker, clock } = create(trip);
    const permit = breaker.admit(clock.now());
    breaker.isolate('update', { expiresMs: 60_000 });
    breaker.settle(permit, SUCCESS, { nowMs: 1, startedAtMs: 0 });
    expect(breaker.state).toBe('open');
  });
});

describe('modes', () => {
  const trip: Trip = { kind: 'consecutive', failures: 2 };

  it('tells once when it would have opened, and again after it was well in between', () => {
    const { breaker, call, changes } = create(trip, { mode: 'metrics-only' });
    call(FAILURE);
    expect(changes).toEqual([]);
    call(FAILURE);
    call(FAILURE);
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', mode: 'metrics-only', failures: 3, admitted: 3 });
    expect(changes).toEqual([{ kind: 'breaker.would-open', failures: 2, cause: 'consecutive' }]);
    call(SUCCESS);
    call(FAILURE);
    call(FAILURE);
    expect(changes).toHaveLength(2);
  });

  it('tells again after a success, and after somebody has reset it, where one failure is enough', () => {
    const { breaker, call, changes } = create({ kind: 'consecutive', failures: 1 }, { mode: 'metrics-only' });
    const told = () => changes.filter(({ kind }) => kind === 'breaker.would-open').length;
    call(FAILURE);
    expect(told()).toBe(1);
    call(SUCCESS);
    call(FAILURE);
    expect(told()).toBe(2);
    breaker.reset('test');
    call(FAILURE);
    expect(told()).toBe(3);
  });

  it('tells nobody of a change that closes nothing', () => {
    const { breaker, changes } = create(trip);
    breaker.setMode('metrics-only');
    breaker.setMode('disabled');
    breaker.setMode('active');
    expect([changes, breaker.state]).toEqual([[], 'closed']);
  });

  it('counts nothing but admissions while it is disabled', () => {
    const { breaker, call, changes } = create([trip, { kind: 'count-window', calls: 2, minCalls: 1, failureRate: 0.1 }], {
      mode: 'disabled',
    });
    for (let time = 0; time < 9; time++) call(FAILURE);
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failures: 0, failureRate: null, lastFailureAtWallMs: null, admitted: 9 });
    expect(changes).toEqual([]);
  });

  it('closes when it is switched off, and begins anew when it is switched on', () => {
    const { breaker, call, changes } = create(trip);
    call(FAILURE);
    call(FAILURE);
    breaker.setMode('metrics-only');
    expect(changes.at(-1)).toEqual({ kind: 'breaker.reset', reason: 'now metrics-only' });
    call(FAILURE);
    breaker.setMode('active');
    expect(breaker.mode).toBe('active');
    call(FAILURE);
    expect(breaker.state).toBe('closed');
    breaker.setMode('active');
    call(FAILURE);
    expect(breaker.state).toBe('open');
  });

  it('stays isolated in any mode, and closes without a probe where none would count', async () => {
    const { breaker, clock, changes } = create(trip);
    breaker.isolate('update', { expiresMs: 1_000 });
    breaker.setMode('disabled');
    expect(breaker.mayAdmit(clock.now())).toBe(false);
    await clock.advance(1_000);
    expect(breaker.admit(clock.now())).not.toBe(NO_PERMIT);
    expect(breaker.state).toBe('closed');
    expect(changes.at(-1)).toEqual({ kind: 'breaker.reset', reason: 'the time set by hand is over' });
  });

  it('closes a half-open one that is switched off', async () => {
    const { breaker, clock, call } = create(trip);
    call(FAILURE);
    call(FAILURE);
    await clock.advance(30_000);
    breaker.admit(clock.now());
    breaker.setMode('disabled');
    expect(breaker.state).toBe('closed');
  });
});
