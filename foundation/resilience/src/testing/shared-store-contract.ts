import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyHold, applyLease, applyOrder, applyReport, applyVote, EMPTY_RECORD, type SharedRecord } from '../shared-record.ts';
import type { SharedStore, SharedView } from '../shared-store.ts';

export interface SharedStoreBed {
  /** A connection of its own to the same empty server. */
  connect(): Promise<SharedStore>;
  /** Lets the server's time pass. */
  pass(ms: number): Promise<void>;
  /** Waits until what has been pushed has arrived. */
  settle(): Promise<void>;
}

const OPEN_TIME = { firstMs: 60, factor: 2, capMs: 200 };

const voteOf = (instance: string, key = 'k') => ({ key, instance, reason: '5 failures', needed: 2, windowMs: 10_000, openTime: OPEN_TIME });
const reportOf = (token: string, epoch: number, outcome: 'success' | 'failure' | 'none') => ({
  key: 'k',
  token,
  epoch,
  outcome,
  instance: token,
  successes: 1,
  openTime: OPEN_TIME,
});
const leaseOf = (token: string, leaseMs = 5_000) => ({ key: 'k', token, leaseMs, probes: 1 });

/** What every store of shared breaker state must do. */
export function describeSharedStore(name: string, open: () => Promise<SharedStoreBed>): void {
  describe(`${name} store of shared breaker state`, () => {
    it('opens when enough processes have voted, not when one votes often, and says who and until when', async () => {
      const bed = await open();
      const [one, two] = [await bed.connect(), await bed.connect()];
      expect(await one.vote(voteOf('a'))).toMatchObject({ key: 'k', state: 'closed', epoch: 0 });
      expect(await one.vote(voteOf('a'))).toMatchObject({ state: 'closed', epoch: 0 });
      const view = await two.vote(voteOf('b'));
      expect(view).toMatchObject({ state: 'open', cause: 'rule', streak: 1, reason: '5 failures', actor: 'b' });
      expect(view.epoch).toBeGreaterThan(0);
      expect((view.untilMs ?? 0) - view.atMs).toBeCloseTo(60, 0);
      expect(await one.vote(voteOf('c'))).toMatchObject({ state: 'open', epoch: view.epoch });
    });

    it('forgets votes after their window', async () => {
      const bed = await open();
      const store = await bed.connect();
      await store.vote({ ...voteOf('a'), windowMs: 40 });
      await bed.pass(80);
      expect(await store.vote({ ...voteOf('b'), windowMs: 40 })).toMatchObject({ state: 'closed' });
    });

    it('gives one lease once the opening is over, and the next one when that has lapsed', async () => {
      const bed = await open();
      const store = await bed.connect();
      await store.vote({ ...voteOf('a'), needed: 1 });
      expect(await store.lease(leaseOf('early'))).toMatchObject({ granted: false, view: { state: 'open' } });
      await bed.pass(90);
      const first = await store.lease(leaseOf('first', 60));
      expect(first).toMatchObject({ granted: true, view: { state: 'half-open' } });
      expect(await store.lease(leaseOf('second'))).toMatchObject({ granted: false, view: { epoch: first.view.epoch } });
      await bed.pass(90);
      expect(await store.lease(leaseOf('third'))).toMatchObject({ granted: true, view: { epoch: first.view.epoch } });
    });

    it('closes after a good probe and opens for twice as long after a bad one; reports of other periods change nothing', async () => {
      const bed = await open();
      const store = await bed.connect();
      await store.vote({ ...voteOf('a'), needed: 1 });
      await bed.pass(90);
      const { view } = await store.lease(leaseOf('t1'));
      expect(await store.settle(reportOf('other', view.epoch, 'success'))).toMatchObject({ state: 'half-open' });
      expect(await store.settle(reportOf('t1', view.epoch - 1, 'success'))).toMatchObject({ state: 'half-open' });
      const again = await store.settle(reportOf('t1', view.epoch, 'failure'));
      expect(again).toMatchObject({ state: 'open', streak: 2 });
      expect((again.untilMs ?? 0) - again.atMs).toBeCloseTo(120, 0);
      await bed.pass(160);
      const second = await store.lease(leaseOf('t2'));
      const closed = await store.settle(reportOf('t2', second.view.epoch, 'success'));
      expect(closed).toMatchObject({ state: 'closed', streak: 0, cause: 'rule' });
      expect(closed.epoch).toBeGreaterThan(second.view.epoch);
      expect(await store.settle(reportOf('t2', second.view.epoch, 'failure'))).toMatchObject({ state: 'closed', epoch: closed.epoch });
    });

    it('takes a lease back that was not used', async () => {
      const bed = await open();
      const store = await bed.connect();
      await store.vote({ ...voteOf('a'), needed: 1 });
      await bed.pass(90);
      const { view } = await store.lease(leaseOf('t1'));
      await store.settle(reportOf('t1', view.epoch, 'none'));
      expect(await store.lease(leaseOf('t2'))).toMatchObject({ granted: true });
    });

    it('obeys orders, names who gave them and ends an isolation in time', async () => {
      const bed = await open();
      const store = await bed.connect();
      const order = { key: 'k', actor: 'ann "the" \u{1f4a5}', reason: 'a b|c\nd', forMs: null } as const;
      expect(await store.override({ ...order, kind: 'disable' })).toMatchObject({
        state: 'disabled',
        cause: 'hand',
        actor: order.actor,
        reason: order.reason,
      });
      expect(await store.vote({ ...voteOf('a'), needed: 1 })).toMatchObject({ state: 'disabled' });
      expect(await store.override({ ...order, kind: 'isolate' })).toMatchObject({ state: 'isolated', untilMs: null });
      expect(await store.lease(leaseOf('t'))).toMatchObject({ granted: false, view: { state: 'isolated' } });
      expect(await store.override({ ...order, kind: 'reset' })).toMatchObject({ state: 'closed', cause: 'hand' });
      expect(await store.override({ ...order, kind: 'trip', forMs: 60 })).toMatchObject({ state: 'open', cause: 'hand' });
      await store.override({ ...order, kind: 'isolate', forMs: 40 });
      await bed.pass(80);
      expect(await store.lease(leaseOf('t'))).toMatchObject({ granted: false, view: { state: 'closed' } });
    });

    it('keeps the longest hold, and opens nothing with it', async () => {
      const bed = await open();
      const store = await bed.connect();
      const view = await store.hold({ key: 'k', forMs: 5_000 });
      expect(view).toMatchObject({ state: 'closed', epoch: 0 });
      expect(view.holdUntilMs - view.atMs).toBeCloseTo(5_000, 0);
      expect((await store.hold({ key: 'k', forMs: 10 })).holdUntilMs).toBeCloseTo(view.holdUntilMs, 1);
    });

    it('counts who is alive, and tells of breakers that are not closed without being asked for them', async () => {
      const bed = await open();
      const [one, two] = [await bed.connect(), await bed.connect()];
      await one.vote({ ...voteOf('a', 'shut'), needed: 1 });
      await one.sync({ instance: 'a', aliveMs: 60, keys: [] });
      const answer = await two.sync({ instance: 'b', aliveMs: 5_000, keys: ['never heard of'] });
      expect(answer.instances).toBe(2);
      expect(answer.views.map(({ key, state }) => `${key}: ${state}`).toSorted()).toEqual(['never heard of: closed', 'shut: open']);
      await bed.pass(90);
      expect((await two.sync({ instance: 'b', aliveMs: 5_000, keys: [] })).instances).toBe(1);
      await two.depart('b');
      expect((await one.sync({ instance: 'a', aliveMs: 60, keys: [] })).instances).toBe(1);
    });

    it('pushes every transition to everybody, and nothing else', async () => {
      const bed = await open();
      const [one, two] = [await bed.connect(), await bed.connect()];
      const seen: SharedView[] = [];
      const up = new Promise<void>((resolve) => {
        two.watch({ onView: (view) => seen.push(view), onUp: resolve, onDown: () => undefined });
      });
      await up;
      await one.vote(voteOf('a'));
      const opened = await one.vote(voteOf('b'));
      await one.vote(voteOf('c'));
      await one.hold({ key: 'k', forMs: 1_000 });
      await bed.settle();
      expect(seen.map(({ state, epoch, holdUntilMs }) => [state, epoch, holdUntilMs > 0])).toEqual([
        ['open', opened.epoch, false],
        ['open', opened.epoch, true],
      ]);
    });

    it('gives out no more tokens than there are', async () => {
      const bed = await open();
      const store = await bed.connect();
      const ask = (wanted: number, earned = 0) => store.exchange({ key: 'k', earned, wanted, capacity: 5, perSecond: 0 });
      expect(await ask(3)).toBe(3);
      expect(await ask(3)).toBe(2);
      expect(await ask(3)).toBe(0);
      expect(await ask(3, 1.5)).toBe(1);
      expect(await ask(3, 0.5)).toBe(1);
      expect(await store.exchange({ key: 'k', earned: 100, wanted: 9, capacity: 5, perSecond: 0 })).toBe(5);
    });

    it('agrees with the written rules in any order of acts', async () => {
      const bed = await open();
      const store = await bed.connect();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
          const key = `model ${++run}`;
          let model: SharedRecord = EMPTY_RECORD;
          let epoch = 0;
          for (const each of acts) {
            const { view, next } = await perform(store, each, { key, model, epoch });
            model = next(view.atMs);
            ({ epoch } = view);
            expect({ ...pick(view), holdUntilMs: Math.round(view.holdUntilMs), untilMs: round(view.untilMs) }).toEqual({
              ...pick(model),
              holdUntilMs: Math.round(model.holdUntilMs),
              untilMs: round(model.untilMs),
            });
          }
        }),
        { numRuns: 150 },
      );
    }, 30_000);
  });
}

type Act =
  | { readonly kind: 'vote'; readonly who: string; readonly needed: number }
  | { readonly kind: 'lease'; readonly token: string; readonly probes: number }
  | { readonly kind: 'settle'; readonly token: string; readonly outcome: 'success' | 'failure' | 'none'; readonly back: number }
  | { readonly kind: 'order'; readonly order: 'reset' | 'trip' | 'isolate' | 'disable'; readonly forMs: number | null }
  | { readonly kind: 'hold'; readonly forMs: number };

/** Openings of no length, so that no time need pass; 5,000 is never over within a test. */
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('vote' as const), who: fc.constantFrom('a', 'b', 'c'), needed: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('lease' as const), token: fc.constantFrom('x', 'y', 'z'), probes: fc.integer({ min: 1, max: 2 }) }),
  fc.record({
    kind: fc.constant('settle' as const),
    token: fc.constantFrom('x', 'y', 'z'),
    outcome: fc.constantFrom('success' as const, 'failure' as const, 'none' as const),
    back: fc.constantFrom(0, 0, 0, 1),
  }),
  fc.record({
    kind: fc.constant('order' as const),
    order: fc.constantFrom('reset' as const, 'trip' as const, 'isolate' as const, 'disable' as const),
    forMs: fc.constantFrom(null, 0, 5_000),
  }),
  fc.record({ kind: fc.constant('hold' as const), forMs: fc.constantFrom(1, 5_000) }),
);

const NO_WAIT = { firstMs: 0, factor: 2, capMs: 0 };

async function perform(
  store: SharedStore,
  each: Act,
  at: { readonly key: string; readonly model: SharedRecord; readonly epoch: number },
): Promise<{ readonly view: SharedView; readonly next: (nowMs: number) => SharedRecord }> {
  const { key, model } = at;
  switch (each.kind) {
    case 'vote': {
      const vote = { key, instance: each.who, reason: 'r', needed: each.needed, windowMs: 10_000, openTime: NO_WAIT };
      return { view: await store.vote(vote), next: (nowMs) => applyVote(model, vote, nowMs) };
    }
    case 'lease': {
      const request = { key, token: each.token, leaseMs: 10_000, probes: each.probes };
      const { granted, view } = await store.lease(request);
      const expected = applyLease(model, request, view.atMs);
      if (granted !== expected.granted) throw new Error(`The lease was ${granted ? 'granted' : 'refused'} against the rules.`);
      return { view, next: () => expected.record };
    }
    case 'settle': {
      const { outcome, token } = each;
      const report = { key, token, epoch: at.epoch - each.back, outcome, instance: 'i', successes: 2, openTime: NO_WAIT };
      return { view: await store.settle(report), next: (nowMs) => applyReport(model, report, nowMs) };
    }
    case 'order': {
      const order = { key, kind: each.order, actor: 'ann', reason: 'why', forMs: each.forMs };
      return { view: await store.override(order), next: (nowMs) => applyOrder(model, order, nowMs) };
    }
    case 'hold': {
      const hold = { key, forMs: each.forMs };
      return { view: await store.hold(hold), next: (nowMs) => applyHold(model, hold, nowMs) };
    }
  }
}

const pick = ({ state, cause, epoch, streak, reason, actor }: SharedRecord | SharedView) => ({
  state,
  cause,
  epoch,
  streak,
  reason,
  actor,
});
const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));
