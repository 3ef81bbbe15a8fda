import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Breaker, NO_PERMIT } from './breaker.ts';
import type { BreakerChange } from './breaker-report.ts';
import type { BreakerSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

const SUCCESS: Verdict = { kind: 'success' };
const FAILURE: Verdict = { kind: 'failure', transient: true };

function create(spec: Partial<BreakerSpec> = {}) {
  const clock = new ManualClock();
  const changes: BreakerChange[] = [];
  const breaker = new Breaker(
    { trip: { kind: 'consecutive', failures: 3 }, openMs: 30_000, halfOpen: { probes: 1, successes: 2, leaseMs: 10_000 }, ...spec },
    { clock, onChange: (change) => changes.push(change) },
  );
  const admit = (): number => breaker.admit(clock.now());
  const settle = (permit: number, verdict: Verdict, startedAtMs = clock.now()): void =>
    breaker.settle(permit, verdict, { nowMs: clock.now(), startedAtMs });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) settle(admit(), FAILURE);
  };
  return { clock, breaker, changes, admit, settle, fail };
}

describe('closed breaker', () => {
  it('opens at the threshold and not before', () => {
    const { breaker, fail, changes } = create();
    fail(2);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    expect(changes).toEqual([{ kind: 'breaker.opened', failures: 3, from: 'closed', openMs: 30_000, cause: 'consecutive' }]);
  });

  it('takes another threshold while it runs, keeps what was counted, and refuses one that cannot work', () => {
    const { breaker, fail } = create();
    fail(2);
    breaker.setFailureThreshold(5);
    fail(2);
    expect(breaker.state).toBe('closed');
    breaker.setFailureThreshold(2);
    expect(breaker.state).toBe('closed');
    expect(breaker.snapshot()).toMatchObject({ failures: 4, failureThreshold: 2 });
    fail(1);
    expect(breaker.state).toBe('open');
    expect(() => breaker.setFailureThreshold(0)).toThrow('failures must be a whole number');
    expect(() => breaker.setFailureThreshold(Number.POSITIVE_INFINITY)).toThrow('whole number');
    const byRate = create({ trip: { kind: 'count-window', calls: 10, minCalls: 5, failureRate: 0.5 } }).breaker;
    expect(() => byRate.setFailureThreshold(3)).toThrow('no trip by failures in a row');
  });

  it('forgets failures at a success', () => {
    const { breaker, fail, admit, settle } = create();
    fail(2);
    settle(admit(), SUCCESS);
    fail(2);
    expect(breaker.state).toBe('closed');
    expect(breaker.snapshot().failures).toBe(2);
  });

  it.each<Verdict>([{ kind: 'failure', transient: false }, { kind: 'throttled' }, { kind: 'timeout' }])(
    'counts $kind as a failure',
    (verdict) => {
      const { breaker, admit, settle } = create();
      for (let time = 0; time < 3; time++) settle(admit(), verdict);
      expect(breaker.state).toBe('open');
    },
  );

  it.each<Verdict>([{ kind: 'ignored' }, { kind: 'canceled' }])('neither counts nor forgives $kind', (verdict) => {
    const { breaker, admit, settle, fail } = create();
    fail(2);
    for (let time = 0; time < 5; time++) settle(admit(), verdict);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
  });

  it('counts a burst of parallel failures once when lumping is set', () => {
    const { breaker, clock, settle, admit } = create({ lumpMs: 1_000 });
    const permits = [admit(), admit(), admit(), admit()];
    return clock.advance(5_000).then(async () => {
      for (const permit of permits) settle(permit, FAILURE, 0);
      expect(breaker.snapshot().failures).toBe(1);
      const late = [admit(), admit()];
      await clock.advance(1_000);
      settle(late[0] ?? 0, FAILURE, 0);
      expect(breaker.snapshot().failures).toBe(1);
      await clock.advance(1_001);
      settle(late[1] ?? 0, FAILURE, 0);
      expect(breaker.snapshot().failures).toBe(2);
    });
  });
});

describe('burst', () => {
  it('holds nothing that began when or after the failure before it was known', async () => {
    const { breaker, clock, settle, admit } = create({ lumpMs: 1_000, trip: { kind: 'consecutive', failures: 9 } });
    await clock.advance(100);
    settle(admit(), FAILURE, 50);
    settle(admit(), FAILURE, 99);
    expect(breaker.snapshot().failures).toBe(1);
    settle(admit(), FAILURE, 100);
    expect(breaker.snapshot().failures).toBe(2);
    await clock.advance(10);
    settle(admit(), FAILURE, 101);
    expect(breaker.snapshot().failures).toBe(3);
  });
});

it('asks for times where slowness or bursts count, and never asks others', () => {
  expect(create().breaker.needsTimes).toBe(false);
  expect(create({ lumpMs: 1 }).breaker.needsTimes).toBe(true);
  expect(create({ trip: { kind: 'count-window', calls: 2, minCalls: 1, failureRate: 1 } }).breaker.needsTimes).toBe(true);
  expect([create().breaker.isAlone, create().breaker.awaitLease(() => undefined)]).toEqual([true, false]);
});

describe('open breaker', () => {
  it('rejects until the open time is over, on a clock that cannot be set back', async () => {
    const { breaker, clock, fail, admit } = create();
    fail(3);
    clock.jumpWall(-3_600_000);
    await clock.advance(29_999);
    expect(breaker.mayAdmit(clock.now())).toBe(false);
    expect(admit()).toBe(NO_PERMIT);
    expect(breaker.retryAfterMs(clock.now())).toBe(1);
    await clock.advance(1);
    expect(breaker.mayAdmit(clock.now())).toBe(true);
    expect(admit()).not.toBe(NO_PERMIT);
    expect(breaker.state).toBe('half-open');
  });

  it('is not moved by late results', async () => {
    const { breaker, clock, fail, admit, settle } = create();
    const late = admit();
    const later = admit();
    fail(3);
    await clock.advance(10_000);
    settle(late, FAILURE);
    settle(later, SUCCESS);
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs(clock.now())).toBe(20_000);
  });

  it('tells when it opened and when it failed last', () => {
    const { breaker, clock, fail } = create();
    expect(breaker.snapshot()).toMatchObject({ openedAtWallMs: null, lastFailureAtWallMs: null, retryAfterMs: null, opens: 0 });
    fail(3);
    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      failures: 3,
      failureThreshold: 3,
      openedAtWallMs: clock.wall(),
      lastFailureAtWallMs: clock.wall(),
      retryAfterMs: 30_000,
      opens: 1,
      admitted: 3,
    });
  });

  it('stays open longer each time it opens without closing in between', async () => {
    const { breaker, clock, fail, admit, settle } = create({ openMs: { firstMs: 1_000, factor: 2, capMs: 3_000 } });
    const openTimes: number[] = [];
    fail(3);
    for (let opening = 0; opening < 4; opening++) {
      const openMs = breaker.retryAfterMs(clock.now());
      expect(breaker.snapshot().openMs).toBe(openMs);
      openTimes.push(openMs);
      await clock.advance(openMs);
      settle(admit(), FAILURE);
    }
    expect(openTimes).toEqual([1_000, 2_000, 3_000, 3_000]);
    breaker.reset('test');
    expect(breaker.snapshot().openMs).toBe(1_000);
  });
});

describe('half-open breaker', () => {
  async function createHalfOpen(spec: Partial<BreakerSpec> = {}) {
    const parts = create(spec);
    parts.fail(3);
    await parts.clock.advance(30_000);
    return parts;
  }

  it('admits exactly the set number of probes at a time', async () => {
    const { admit, settle } = await createHalfOpen({ halfOpen: { probes: 2, successes: 5 } });
    const first = admit();
    const second = admit();
    expect(first).not.toBe(NO_PERMIT);
    expect(second).not.toBe(NO_PERMIT);
    expect(admit()).toBe(NO_PERMIT);
    settle(first, SUCCESS);
    expect(admit()).not.toBe(NO_PERMIT);
    expect(admit()).toBe(NO_PERMIT);
  });

  it('closes after the set number of successful probes', async () => {
    const { breaker, admit, settle, changes } = await createHalfOpen();
    settle(admit(), SUCCESS);
    expect(breaker.state).toBe('half-open');
    expect(breaker.snapshot()).toMatchObject({ successes: 1, successThreshold: 2, admitted: 4 });
    settle(admit(), SUCCESS);
    expect(breaker.state).toBe('closed');
    expect(changes.at(-1)).toEqual({ kind: 'breaker.closed', successes: 2 });
    expect(breaker.snapshot()).toMatchObject({ failures: 0, successes: 0, openedAtWallMs: null });
  });

  it('opens again when a probe fails', async () => {
    const { breaker, clock, admit, settle, changes } = await createHalfOpen();
    settle(admit(), FAILURE);
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs(clock.now())).toBe(30_000);
    expect(changes.at(-1)).toMatchObject({ kind: 'breaker.opened', from: 'half-open' });
  });

  it.each<Verdict>([{ kind: 'ignored' }, { kind: 'canceled' }])('gives the permit back after $kind', async (verdict) => {
    const { breaker, admit, settle } = await createHalfOpen();
    settle(admit(), verdict);
    expect(breaker.state).toBe('half-open');
    expect(admit()).not.toBe(NO_PERMIT);
  });

  it('lends the permit on when a probe never ends, and still believes it if it does', async () => {
    const { breaker, clock, admit, settle } = await createHalfOpen();
    const lost = admit();
    await clock.advance(9_999);
    expect(admit()).toBe(NO_PERMIT);
    expect(breaker.retryAfterMs(clock.now())).toBe(1);
    await clock.advance(1);
    expect(breaker.retryAfterMs(clock.now())).toBe(0);
    expect(admit()).not.toBe(NO_PERMIT);
    settle(lost, SUCCESS);
    expect(breaker.snapshot().successes).toBe(1);
  });

  it('does not listen to probes of an earlier half-open time', async () => {
    const { breaker, clock, admit, settle } = await createHalfOpen({ halfOpen: { probes: 2, successes: 1 } });
    const early = admit();
    settle(admit(), FAILURE);
    await clock.advance(30_000);
    admit();
    settle(early, SUCCESS);
    expect(breaker.state).toBe('half-open');
    settle(early, FAILURE);
    expect(breaker.state).toBe('half-open');
  });

  it('remembers when a probe failed last', async () => {
    const { breaker, clock, admit, settle } = await createHalfOpen();
    const before = breaker.snapshot().lastFailureAtWallMs;
    settle(admit(), FAILURE);
    expect([before, breaker.snapshot().lastFailureAtWallMs]).toEqual([clock.wall() - 30_000, clock.wall()]);
  });

  it('says when the first of several probes gives its permit back', async () => {
    const { breaker, clock, admit } = await createHalfOpen({ halfOpen: { probes: 2, leaseMs: 10_000 } });
    admit();
    expect(breaker.retryAfterMs(clock.now())).toBe(0);
    await clock.advance(4_000);
    admit();
    expect(breaker.retryAfterMs(clock.now())).toBe(6_000);
  });

  it('takes a shorter lease where the caller asks for one', async () => {
    const { breaker, clock, admit } = await createHalfOpen();
    breaker.admit(clock.now(), 100);
    await clock.advance(100);
    expect(admit()).not.toBe(NO_PERMIT);
  });
});

describe('reset', () => {
  it('closes at once and ignores what was under way', async () => {
    const { breaker, clock, fail, admit, settle, changes } = create();
    fail(3);
    await clock.advance(30_000);
    const probe = admit();
    breaker.reset('by hand');
    expect(changes.at(-1)).toEqual({ kind: 'breaker.reset', reason: 'by hand' });
    expect(breaker.state).toBe('closed');
    settle(probe, FAILURE);
    expect(breaker.snapshot().failures).toBe(0);
  });
});

it('works with one probe, one success and a lease of a minute when nothing is said', async () => {
  const clock = new ManualClock();
  const breaker = new Breaker({ trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 }, { clock });
  breaker.settle(breaker.admit(0), FAILURE, { nowMs: 0, startedAtMs: 0 });
  await clock.advance(1_000);
  const probe = breaker.admit(clock.now());
  await clock.advance(59_999);
  expect(breaker.admit(clock.now())).toBe(NO_PERMIT);
  breaker.settle(probe, SUCCESS, { nowMs: clock.now(), startedAtMs: 1_000 });
  expect(breaker.state).toBe('closed');
});
