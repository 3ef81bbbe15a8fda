import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createSharedBreakers, type SharedPolicy, type SharedStatus } from './shared-breakers.ts';
import type { LeaseAnswer, SharedStore, SharedStoreListener, SharedView, SyncAnswer } from './shared-store.ts';
import type { BreakerSpec } from './spec.ts';

const SPEC: BreakerSpec = { trip: { kind: 'consecutive', failures: 1 }, openMs: 100, halfOpen: { leaseMs: 400, successes: 3 } };

const VIEW: SharedView = {
  key: 'host',
  epoch: 1,
  state: 'closed',
  cause: 'rule',
  untilMs: null,
  streak: 1,
  reason: 'test',
  actor: 'n1',
  holdUntilMs: 0,
  atMs: 5_000,
};

/** A store that does what the test says, and remembers what it was asked. */
async function create(options: { readonly policy?: SharedPolicy; readonly isUp?: false } = {}) {
  const clock = new ManualClock();
  const asked: [string, unknown][] = [];
  const statuses: [SharedStatus, unknown][] = [];
  const seen = {
    random: 0,
    isBroken: false,
    view: VIEW,
    views: [] as readonly SharedView[],
    lease: null as Promise<LeaseAnswer> | null,
    sync: null as Promise<SyncAnswer> | null,
  };
  const error = new Error('gone');
  let listener: SharedStoreListener | null = null;
  const answer = <T>(method: string, request: unknown, value: T): Promise<T> => {
    asked.push([method, request]);
    return seen.isBroken ? Promise.reject(error) : Promise.resolve(value);
  };
  const store: SharedStore = {
    vote: (vote) => answer('vote', vote, seen.view),
    lease: (request) => {
      asked.push(['lease', request]);
      return seen.lease ?? Promise.resolve({ granted: true, view: { ...VIEW, epoch: 2, state: 'half-open' as const } });
    },
    settle: (report) => answer('settle', report, seen.view),
    override: (order) => answer('override', order, seen.view),
    hold: (hold) => answer('hold', hold, seen.view),
    exchange: (request) => answer('exchange', request, 0),
    sync: (request) => {
      if (seen.sync === null) return answer('sync', [clock.now(), request], { instances: 2, views: seen.views });
      asked.push(['sync', [clock.now(), request]]);
      return seen.sync;
    },
    depart: (instance) => answer('depart', instance, undefined),
    watch: (heard) => {
      listener = heard;
      return () => {
        listener = null;
      };
    },
  };
  const shared = createSharedBreakers({
    store,
    instance: 'me',
    clock,
    random: () => seen.random,
    policy: { syncMs: 1_000, ...options.policy },
    onStatus: (change) => statuses.push([change.status, change.error]),
  });
  if (options.isUp !== false) (listener as SharedStoreListener | null)?.onUp();
  await clock.advance(0);
  const createBreaker = (key = 'host', spec: BreakerSpec = SPEC) =>
    shared.createBreaker(spec, { key, clock, onChange: () => undefined, onHold: () => undefined });
  const requests = (method: string) => asked.filter(([name]) => name === method).map(([, request]) => request);
  const syncTimes = () => requests('sync').map((request) => (request as [number, unknown])[0]);
  const push = (view: Partial<SharedView>): void => listener?.onView({ ...VIEW, ...view });
  const fail = (breaker: ReturnType<typeof createBreaker>): void => {
    const nowMs = clock.now();
    breaker.settle(breaker.admit(nowMs), { kind: 'failure', transient: true }, { nowMs, startedAtMs: nowMs });
  };
  return { clock, shared, seen, statuses, error, createBreaker, requests, syncTimes, push, fail, listener: () => listener };
}

/** Open for all since the first view, and the time is over. */
const OVER: Partial<SharedView> = { epoch: 1, state: 'open', untilMs: 5_000 };

describe('what all say', () => {
  it('is asked for at once and then regularly, give or take a fifth, for what is not closed', async () => {
    const { clock, seen, createBreaker, push, syncTimes, requests } = await create();
    createBreaker();
    createBreaker('other');
    push({ state: 'isolated' });
    await clock.advance(800);
    seen.random = 1;
    await clock.advance(800 + 1_200);
    expect(syncTimes()).toEqual([0, 800, 1_600, 2_800]);
    expect(requests('sync')[1]).toEqual([800, { instance: 'me', aliveMs: 3_000, keys: ['host'] }]);
  });

  it('is asked for once at a time', async () => {
    const { clock, seen, requests, listener } = await create({ isUp: false });
    let answer: (found: SyncAnswer) => void = () => undefined;
    seen.sync = new Promise((resolve) => (answer = resolve));
    listener()?.onUp();
    listener()?.onUp();
    await clock.advance(0);
    expect(requests('sync')).toHaveLength(1);
    answer({ instances: 1, views: [] });
    await clock.advance(0);
    listener()?.onUp();
    expect(requests('sync')).toHaveLength(2);
  });

  it('is asked for after pauses that double up to half a minute while the store fails, half of them by chance', async () => {
    const { clock, seen, statuses, error, syncTimes } = await create();
    seen.random = 1;
    seen.isBroken = true;
    await clock.advance(800 + 250 + 500 + 1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 30_000 + 30_000);
    const times = syncTimes();
    expect(times.slice(1).map((ms, index) => ms - (times[index] ?? 0))).toEqual([
      800, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect(statuses).toEqual([
      ['ok', null],
      ['degraded', error],
    ]);
    seen.isBroken = false;
    await clock.advance(30_000);
    expect(statuses.at(-1)).toEqual(['ok', null]);
    seen.isBroken = true;
    seen.random = 0;
    await clock.advance(1_200 + 125);
    expect(syncTimes().slice(-2)).toEqual([clock.now() - 125, clock.now()]);
  });

  it('is believed with a lower epoch after the store has failed, though nobody has told of a lost connection', async () => {
    const { clock, seen, createBreaker, push } = await create();
    const breaker = createBreaker();
    push({ epoch: 9, state: 'isolated' });
    seen.views = [{ ...VIEW, epoch: 3 }];
    await clock.advance(800);
    expect(breaker.state).toBe('open');
    seen.isBroken = true;
    await clock.advance(800);
    seen.isBroken = false;
    await clock.advance(1_000);
    expect(breaker.state).toBe('closed');
  });

  it('is believed with a lower epoch as an answer that was given later', async () => {
    const { shared, seen, createBreaker, push } = await create();
    const breaker = createBreaker();
    push({ epoch: 9, state: 'isolated' });
    seen.view = { ...VIEW, epoch: 3, atMs: 5_001 };
    expect(await shared.override({ key: 'host', kind: 'reset', actor: 'ann', reason: 'x' })).toBe(seen.view);
    expect(breaker.state).toBe('closed');
  });

  it('of a breaker that is not here yet is the latest that was heard', async () => {
    const { createBreaker, push } = await create();
    push({ key: 'a', epoch: 5, state: 'isolated' });
    push({ key: 'a', epoch: 4, state: 'disabled' });
    push({ key: 'b', epoch: 4, state: 'disabled' });
    push({ key: 'b', epoch: 5, state: 'isolated' });
    expect([createBreaker('a').state, createBreaker('b').state]).toEqual(['open', 'open']);
  });

  it('before a breaker was here is forgotten with its first one', async () => {
    const { createBreaker, push } = await create();
    push({ state: 'isolated' });
    const first = createBreaker();
    push({ epoch: 2 });
    first.leave();
    expect(createBreaker().state).toBe('closed');
  });
});

describe('what is told', () => {
  it('by a vote is how many are needed, and when nobody can hear it, nothing', async () => {
    const { clock, createBreaker, requests, fail } = await create({ isUp: false });
    const early = createBreaker('early');
    fail(early);
    early.reset('not so');
    await clock.advance(1_000);
    expect(requests('vote')).toEqual([]);
    expect(requests('override')).toHaveLength(1);
    fail(createBreaker());
    await clock.advance(0);
    const openTime = { firstMs: 100, factor: 2, capMs: 300_000 };
    expect(requests('vote')).toEqual([{ key: 'host', instance: 'me', reason: '1 failures', needed: 2, windowMs: 30_000, openTime }]);
  });

  it('by a vote that finds no place among what waits is told with the next look', async () => {
    const { clock, shared, seen, createBreaker, requests, fail } = await create();
    seen.view = { ...VIEW, epoch: 0 };
    const breaker = createBreaker();
    for (let hold = 0; hold < 128; hold++) breaker.passOn({ kind: 'throttled', retryAfterMs: 60_000 });
    fail(breaker);
    expect(shared.figures()).toMatchObject({ waitingWrites: 128, droppedWrites: 1 });
    while (shared.figures().waitingWrites > 0) await clock.advance(0);
    expect([requests('hold').length, requests('vote').length]).toEqual([128, 0]);
    await clock.advance(800);
    expect(requests('vote')).toHaveLength(1);
  });

  it('makes the store count as out of reach when it fails', async () => {
    const { clock, seen, statuses, error, createBreaker, fail } = await create();
    seen.isBroken = true;
    fail(createBreaker());
    await clock.advance(0);
    expect(statuses.at(-1)).toEqual(['degraded', error]);
  });

  it('is dropped when it could not be told for a minute', async () => {
    const { clock, shared, seen, createBreaker, requests } = await create();
    seen.isBroken = true;
    await clock.advance(800);
    createBreaker().trip('drill');
    expect(shared.figures()).toMatchObject({ waitingWrites: 1, droppedWrites: 0 });
    await clock.advance(60_000);
    seen.isBroken = false;
    await clock.advance(30_000);
    expect(requests('override')).toEqual([]);
    expect(shared.figures()).toMatchObject({ waitingWrites: 0, droppedWrites: 1 });
  });

  it('of a probe is its lease, and how many must succeed', async () => {
    const { clock, createBreaker, push, requests } = await create();
    const breaker = createBreaker();
    push(OVER);
    for (const _time of [1, 2]) {
      breaker.awaitLease(() => undefined);
      await clock.advance(0);
      breaker.settle(breaker.admit(0), { kind: 'success' }, { nowMs: 0, startedAtMs: 0 });
      await clock.advance(0);
    }
    const tokens = requests('lease').map((request) => (request as { readonly token: string }).token);
    expect(tokens).toEqual(['me:1', 'me:2']);
    expect(requests('settle')).toMatchObject(
      tokens.map((token) => ({ key: 'host', token, epoch: 2, outcome: 'success', instance: 'me', successes: 3 })),
    );
  });
});

describe('a lease', () => {
  it('is not asked for while the store is out of reach', async () => {
    const { clock, createBreaker, push, requests } = await create({ isUp: false });
    const breaker = createBreaker();
    push(OVER);
    expect(breaker.awaitLease(() => undefined)).toBe(true);
    await clock.advance(0);
    expect(requests('lease')).toEqual([]);
    // With a chance of one in one it probes by itself.
    expect(breaker.mayAdmit(0)).toBe(true);
  });

  it.each([
    [true, [{ outcome: 'none', epoch: 2 }]],
    [false, []],
  ])('that comes too late (granted: %s) goes back only if there is one', async (granted, told) => {
    const { clock, seen, createBreaker, push, requests } = await create({ policy: { leaseLimitMs: 50 } });
    const breaker = createBreaker();
    push(OVER);
    let answer: (found: LeaseAnswer) => void = () => undefined;
    seen.lease = new Promise((resolve) => (answer = resolve));
    breaker.awaitLease(() => undefined);
    await clock.advance(50);
    answer({ granted, view: { ...VIEW, epoch: 2, state: 'half-open' } });
    await clock.advance(0);
    expect(requests('settle')).toMatchObject(told);
    expect(requests('settle')).toHaveLength(told.length);
  });

  it('that nobody uses goes back after a second, also where it was too young at the look before', async () => {
    const { clock, createBreaker, push, requests } = await create({ policy: { syncMs: 1_000 } });
    const breaker = createBreaker();
    push(OVER);
    await clock.advance(100);
    breaker.awaitLease(() => undefined);
    await clock.advance(700);
    expect(requests('settle')).toEqual([]);
    await clock.advance(800);
    expect(requests('settle')).toMatchObject([{ outcome: 'none' }]);
  });

  it('goes back also when the breaker has left', async () => {
    const { clock, createBreaker, push, requests } = await create({ policy: { syncMs: 2_000 } });
    const breaker = createBreaker();
    push(OVER);
    breaker.awaitLease(() => undefined);
    await clock.advance(0);
    breaker.leave();
    await clock.advance(1_600);
    expect(requests('settle')).toMatchObject([{ outcome: 'none' }]);
  });
});

describe('the end', () => {
  it('is told once, where it can be, and nothing is heard after it', async () => {
    const { shared, requests, listener } = await create();
    await shared.close();
    await shared.close();
    expect([requests('depart'), listener()]).toEqual([['me'], null]);
    const away = await create({ isUp: false });
    await away.shared.close();
    expect(away.requests('depart')).toEqual([]);
  });
});

it.each([
  [{ quorum: 0 }, 'shared.quorum must be a whole number of 1 or more, not 0.'],
  [{ voteWindowMs: 0 }, 'shared.voteWindowMs must be above 0, not 0.'],
  [{ syncMs: 0 }, 'shared.syncMs must be above 0, not 0.'],
  [{ leaseLimitMs: 0 }, 'shared.leaseLimitMs must be above 0, not 0.'],
])('refuses the policy %j, and says why', async (policy, message) => {
  await expect(create({ policy })).rejects.toMatchObject({ code: 'RESILIENCE_SPEC_INVALID', message });
});
