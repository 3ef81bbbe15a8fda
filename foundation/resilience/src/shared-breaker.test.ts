import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { NO_PERMIT } from './breaker.ts';
import type { BreakerChange } from './breaker-report.ts';
import { SharedBreaker } from './shared-breaker.ts';
import { type LinkHost, SharedLink } from './shared-link.ts';
import type { LeaseAnswer, SharedView } from './shared-store.ts';
import type { BreakerSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

const SUCCESS: Verdict = { kind: 'success' };
const FAILURE: Verdict = { kind: 'failure', transient: true };
const SPEC: BreakerSpec = { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_000, halfOpen: { leaseMs: 400 } };
const TERMS = { key: 'host', openTime: { firstMs: 1_000, factor: 2, capMs: 8_000 }, probes: 1, successes: 1, leaseMs: 400 } as const;

type Order = Parameters<LinkHost['order']>[1];

/** A breaker, and all that it asks its link to tell the others. */
function create(spec: Partial<BreakerSpec> = {}) {
  const clock = new ManualClock();
  const changes: BreakerChange[] = [];
  const votes: string[] = [];
  const findings: string[] = [];
  const orders: Order[] = [];
  const holds: number[] = [];
  const heldHere: number[] = [];
  const seen = { random: 0.99, onChange: (_change: BreakerChange): void => undefined };
  let left = 0;
  let epoch = 1;
  let answer: (LeaseAnswer & { readonly token: string }) | null = null;
  const host: LinkHost = {
    nowMs: () => clock.now(),
    random: () => seen.random,
    instances: () => 2,
    vote: (_link, reason) => votes.push(reason),
    askLease: () => Promise.resolve(answer),
    settle: (_link, _lease, outcome) => findings.push(outcome),
    order: (_link, order) => orders.push(order),
    hold: (_link, forMs) => holds.push(forMs),
  };
  const link = new SharedLink(TERMS, host);
  const breaker = new SharedBreaker(
    { ...SPEC, ...spec },
    {
      clock,
      link,
      onChange: (change) => {
        changes.push(change);
        seen.onChange(change);
      },
      onHold: (forMs) => heldHere.push(forMs),
      onLeave: () => left++,
    },
  );
  const toView = (view: Partial<SharedView>): SharedView => ({
    key: 'host',
    epoch: ++epoch,
    state: 'closed',
    cause: 'rule',
    untilMs: null,
    streak: 1,
    reason: '2 failures',
    actor: 'n1',
    holdUntilMs: 0,
    atMs: 5_000,
    ...view,
  });
  /** What the others say. An opening lasts 100 ms. */
  const hear = (state: SharedView['state'], view: Partial<SharedView> = {}): void =>
    link.apply(toView({ state, untilMs: state === 'open' ? 5_100 : null, ...view }), 'push');
  const admit = (): number => breaker.admit(clock.now());
  const settle = (permit: number, verdict: Verdict): void =>
    breaker.settle(permit, verdict, { nowMs: clock.now(), startedAtMs: clock.now() });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) settle(admit(), FAILURE);
  };
  /** All are open, the time is over, and this process has been given the lease. */
  const toProbe = async (): Promise<void> => {
    hear('open');
    await clock.advance(100);
    answer = { granted: true, token: 't', view: toView({ state: 'half-open' }) };
    expect(breaker.awaitLease(() => undefined)).toBe(true);
    await clock.advance(0);
  };
  const kinds = (): string[] => changes.map(({ kind }) => kind);
  return {
    clock,
    link,
    breaker,
    changes,
    kinds,
    votes,
    findings,
    orders,
    holds,
    heldHere,
    seen,
    left: () => left,
    hear,
    admit,
    settle,
    fail,
    toProbe,
  };
}

describe('a breaker that others follow', () => {
  it('is on its own while the others say nothing, and tells them and its owner when it opens', async () => {
    const { breaker, clock, changes, votes, admit, fail, settle } = create();
    expect([breaker.isAlone, breaker.state, breaker.mayAdmit(0), breaker.retryAfterMs(0)]).toEqual([false, 'closed', true, 0]);
    fail(1);
    settle(admit(), SUCCESS);
    fail(2);
    expect([breaker.state, votes]).toEqual(['open', ['2 failures']]);
    expect(changes).toMatchObject([{ kind: 'breaker.opened', cause: 'consecutive' }]);
    expect([breaker.mayAdmit(clock.now()), admit(), breaker.retryAfterMs(400)]).toEqual([false, NO_PERMIT, 600]);
    await clock.advance(1_000);
    expect(admit()).toBeGreaterThan(NO_PERMIT);
  });

  it('rejects while all keep it open, and says when that ends', async () => {
    const { breaker, clock, changes, admit, hear, fail } = create();
    fail(1);
    hear('open');
    expect(changes).toEqual([{ kind: 'breaker.opened', failures: 1, from: 'closed', openMs: 100, cause: 'shared', reason: '2 failures' }]);
    expect([breaker.state, breaker.mayAdmit(99), admit(), breaker.retryAfterMs(30)]).toEqual(['open', false, NO_PERMIT, 70]);
    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      retryAfterMs: 100,
      openedAtWallMs: clock.wall(),
      rejected: 1,
      shared: { state: 'open' },
    });
    await clock.advance(100);
    // The time is over, but nobody has been allowed to probe yet.
    expect([breaker.state, breaker.mayAdmit(100), admit()]).toEqual(['open', false, NO_PERMIT]);
    expect(breaker.snapshot()).toMatchObject({ rejected: 2, retryAfterMs: 0 });
  });

  it('names the longer time of the two, and none where it is open for good', () => {
    const longer = create({ openMs: 5_000 });
    longer.fail(2);
    longer.hear('open');
    expect(longer.breaker.retryAfterMs(0)).toBe(5_000);
    expect(longer.breaker.snapshot().retryAfterMs).toBe(5_000);
    // Its own opening was told already.
    expect(longer.kinds()).toEqual(['breaker.opened']);
    const good = create();
    good.hear('isolated');
    expect(good.breaker.retryAfterMs(0)).toBe(Number.POSITIVE_INFINITY);
    expect(good.breaker.snapshot()).toMatchObject({ state: 'open', retryAfterMs: null });
    expect(good.changes).toMatchObject([{ kind: 'breaker.opened', openMs: Number.POSITIVE_INFINITY }]);
  });

  it('keeps the time of its own opening', async () => {
    const { breaker, clock, fail, hear } = create();
    const openedAtWallMs = clock.wall();
    fail(2);
    await clock.advance(10);
    hear('open');
    expect(breaker.snapshot().openedAtWallMs).toBe(openedAtWallMs);
    hear('closed', { cause: 'hand', reason: 'repaired' });
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', openedAtWallMs: null, retryAfterMs: null });
  });
});

it('has no time of an opening that has ended by itself, or by a person here', async () => {
  const expired = create();
  expired.hear('isolated', { untilMs: 5_100 });
  await expired.clock.advance(100);
  expect(expired.breaker.snapshot()).toMatchObject({ state: 'closed', openedAtWallMs: null });
  const reset = create();
  reset.hear('open');
  reset.breaker.reset('over');
  expect(reset.breaker.snapshot()).toMatchObject({ state: 'closed', openedAtWallMs: null });
});

describe('its probe', () => {
  it('needs the lease of all, is told, and tells all what it found', async () => {
    const { breaker, clock, kinds, findings, admit, settle, toProbe } = create();
    await toProbe();
    expect([breaker.state, breaker.mayAdmit(clock.now())]).toEqual(['half-open', true]);
    expect(breaker.snapshot()).toMatchObject({ state: 'half-open', retryAfterMs: null, openedAtWallMs: clock.wall() - 100 });
    const probe = admit();
    expect(probe).toBeLessThan(NO_PERMIT);
    expect(kinds()).toEqual(['breaker.opened', 'breaker.half-opened']);
    expect([breaker.mayAdmit(clock.now()), admit()]).toEqual([false, NO_PERMIT]);
    settle(probe, SUCCESS);
    settle(probe, FAILURE);
    expect(findings).toEqual(['success']);
    expect(breaker.snapshot()).toMatchObject({ admitted: 1, failures: 0 });
  });

  it.each<[Verdict, string, number]>([
    [FAILURE, 'failure', 1],
    [{ kind: 'timeout' }, 'failure', 1],
    [{ kind: 'canceled' }, 'none', 0],
  ])('that ends with %j is told to all as "%s"', async (verdict, finding, failures) => {
    const { breaker, findings, admit, settle, toProbe } = create();
    await toProbe();
    settle(admit(), verdict);
    expect([findings, breaker.snapshot().failures]).toEqual([[finding], failures]);
  });

  it('counts for its own breaker too: two that fail open it', async () => {
    const { breaker, link, admit, settle, toProbe, changes } = create();
    await toProbe();
    settle(admit(), FAILURE);
    await toProbe();
    settle(admit(), FAILURE);
    expect(changes.at(-1)).toMatchObject({ kind: 'breaker.opened', cause: 'consecutive' });
    // All may probe again, but here it is open: that counts.
    expect([link.gate(1_000), breaker.state]).toEqual(['probe', 'open']);
  });

  it('is not sent, and its lease not used up, while its own breaker is open', async () => {
    const { breaker, link, clock, admit, fail, toProbe } = create();
    fail(2);
    const before = breaker.snapshot().rejected;
    expect(breaker.awaitLease(() => undefined)).toBe(false);
    await clock.advance(1_000);
    await toProbe();
    breaker.trip('here too');
    expect([admit(), breaker.mayAdmit(clock.now()), link.hasUnusedLease]).toEqual([NO_PERMIT, false, true]);
    expect(breaker.snapshot().rejected).toBe(before + 1);
  });

  it('is not told a second time where its own breaker has become half-open with it', async () => {
    const { clock, kinds, fail, admit, toProbe } = create();
    fail(2);
    await clock.advance(1_000);
    await toProbe();
    expect(admit()).toBeLessThan(NO_PERMIT);
    expect(kinds()).toEqual(['breaker.opened', 'breaker.half-opened']);
  });

  it('does not ask for a lease where nobody probes', () => {
    const { breaker, hear } = create();
    expect(breaker.awaitLease(() => undefined)).toBe(false);
    hear('open');
    expect(breaker.awaitLease(() => undefined)).toBe(false);
  });

  it('gives the lease back when somebody isolates its own breaker at the sight of it', async () => {
    const { breaker, clock, seen, findings, fail, admit, toProbe } = create();
    fail(2);
    await clock.advance(1_000);
    await toProbe();
    seen.onChange = ({ kind }) => {
      if (kind === 'breaker.half-opened') breaker.isolate('not now');
    };
    expect([admit(), findings]).toEqual([NO_PERMIT, ['none']]);
  });

  it('that it sends by itself, because nobody can be asked, closes nothing here by its first success where two are needed', async () => {
    const { breaker, clock, seen, hear, fail, admit, settle } = create({ halfOpen: { successes: 2 } });
    fail(2);
    hear('open');
    await clock.advance(1_000);
    seen.random = 0;
    breaker.awaitLease(() => undefined);
    await clock.advance(0);
    settle(admit(), SUCCESS);
    expect(breaker.state).toBe('half-open');
    settle(admit(), SUCCESS);
    expect(breaker.state).toBe('closed');
  });

  it('gives its permits no number of another one', async () => {
    const { admit, settle, toProbe } = create();
    await toProbe();
    const first = admit();
    settle(first, { kind: 'ignored' });
    await toProbe();
    expect(admit()).not.toBe(first);
  });
});

describe('orders', () => {
  it('of a person here are passed on with their time', () => {
    const { breaker, orders } = create();
    breaker.trip('drill');
    breaker.isolate('update', { expiresMs: 60_000 });
    breaker.isolate('repair');
    breaker.reset('over');
    expect(orders).toEqual([
      { kind: 'trip', reason: 'drill', forMs: 1_000 },
      { kind: 'isolate', reason: 'update', forMs: 60_000 },
      { kind: 'isolate', reason: 'repair', forMs: null },
      { kind: 'reset', reason: 'over', forMs: null },
    ]);
    expect(breaker.state).toBe('closed');
  });

  it('of a person elsewhere close it, and say why', () => {
    const { breaker, changes, fail, hear } = create();
    fail(2);
    hear('open');
    hear('closed', { cause: 'hand', reason: 'repaired' });
    expect(breaker.state).toBe('closed');
    expect(changes.at(-1)).toEqual({ kind: 'breaker.reset', reason: 'repaired' });
    // Nothing of what is closed already is closed again, nor told.
    hear('closed', { cause: 'hand', reason: 'again' });
    expect(changes).toHaveLength(2);
  });

  it('of a person elsewhere close also one that only the others kept open, and forget its failures', () => {
    const { breaker, changes, fail, hear } = create();
    fail(1);
    hear('open');
    hear('closed', { cause: 'hand', reason: 'repaired' });
    expect([changes.at(-1), breaker.snapshot().failures]).toEqual([{ kind: 'breaker.reset', reason: 'repaired' }, 0]);
  });

  it('that disable it end with another one, and it is again as it was', () => {
    const { breaker, fail, hear, kinds } = create({ mode: 'metrics-only' });
    hear('disabled', { cause: 'hand' });
    hear('disabled', { cause: 'hand' });
    fail(5);
    expect([breaker.mode, breaker.state, kinds()]).toEqual(['disabled', 'closed', []]);
    hear('closed', { cause: 'hand' });
    expect([breaker.mode, kinds()]).toEqual(['metrics-only', []]);
    // What somebody has set here since then stays.
    breaker.setMode('active');
    hear('open');
    hear('closed');
    expect(breaker.mode).toBe('active');
  });

  it('that disable it end with an opening too', () => {
    const { breaker, hear, fail } = create();
    hear('disabled');
    hear('open');
    expect([breaker.mode, breaker.state]).toEqual(['active', 'open']);
    hear('closed', { cause: 'hand' });
    fail(2);
    expect(breaker.state).toBe('open');
  });

  it('of a person here end a disabling here too', () => {
    const { breaker, hear, fail } = create();
    hear('disabled');
    breaker.reset('over');
    hear('closed', { cause: 'hand', reason: 'over' });
    expect(breaker.mode).toBe('active');
    fail(2);
    expect(breaker.state).toBe('open');
  });
});

describe('a closing by the probes of others', () => {
  it('is told where only they kept it open', () => {
    const { changes, hear } = create({ halfOpen: { successes: 3 } });
    hear('open');
    hear('half-open');
    hear('closed');
    expect(changes.slice(1)).toEqual([{ kind: 'breaker.closed', successes: 3 }]);
  });

  it('says one success where nothing else is asked for', () => {
    const { changes, hear } = create({ halfOpen: {} });
    hear('isolated');
    hear('closed');
    expect(changes.at(-1)).toEqual({ kind: 'breaker.closed', successes: 1 });
  });

  it('closes what this process had opened by itself', () => {
    const { breaker, changes, fail, hear } = create();
    fail(2);
    hear('open');
    hear('closed', { reason: 'the probes succeeded' });
    expect([breaker.state, changes.at(-1)]).toEqual(['closed', { kind: 'breaker.reset', reason: 'the probes succeeded' }]);
  });

  it('is not told after a disabling, which nobody saw as an opening', () => {
    const { changes, hear } = create();
    hear('disabled');
    hear('closed');
    expect(changes).toEqual([]);
  });

  it('leaves alone what somebody has isolated here, until its time is over', async () => {
    const { breaker, clock, changes, hear } = create();
    hear('open');
    breaker.isolate('here only', { expiresMs: 5_000 });
    hear('closed');
    expect([breaker.state, breaker.retryAfterMs(0)]).toEqual(['open', 5_000]);
    await clock.advance(5_000);
    hear('open', { untilMs: 4_000 });
    hear('closed', { reason: 'the probes succeeded' });
    expect([breaker.state, changes.at(-1)]).toEqual(['closed', { kind: 'breaker.reset', reason: 'the probes succeeded' }]);
  });

  it('says nothing of a store that has lost everything', () => {
    const { breaker, link, fail, hear } = create();
    hear('open');
    fail(2);
    breaker.trip('here');
    link.apply({ ...EMPTY_VIEW, key: 'host' }, 'reconnect');
    expect(breaker.state).toBe('open');
  });
});

const EMPTY_VIEW: Omit<SharedView, 'key'> = {
  epoch: 0,
  state: 'closed',
  cause: 'rule',
  untilMs: null,
  streak: 0,
  reason: '',
  actor: '',
  holdUntilMs: 0,
  atMs: 9_000,
};

describe('the wish of a server to be left alone', () => {
  it('is passed on here and to the others, for a minute at most', () => {
    const { breaker, holds, heldHere } = create();
    for (const retryAfterMs of [0, 1, 59_000, 90_000]) breaker.passOn({ kind: 'throttled', retryAfterMs });
    breaker.passOn({ kind: 'throttled' });
    expect([holds, heldHere]).toEqual([
      [1, 59_000, 60_000],
      [1, 59_000, 60_000],
    ]);
  });
});

it('tells its owner when it leaves', () => {
  const { breaker, left } = create();
  breaker.leave();
  expect(left()).toBe(1);
});
