import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Breaker, NO_PERMIT } from './breaker.ts';
import { createSharedBreakers } from './shared-breakers.ts';
import { createMemorySharedServer } from './testing/memory-shared-store.ts';

type Step =
  | { readonly kind: 'call'; readonly node: number }
  | { readonly kind: 'end'; readonly node: number; readonly ok: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'order'; readonly node: number; readonly order: 'reset' | 'trip' | 'isolate' }
  | { readonly kind: 'cut' | 'heal'; readonly node: number };

const NODES = 3;
const node = fc.nat(NODES - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('call' as const), node }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('end' as const), node, ok: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 100, 400, 1_200) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('order' as const), node, order: fc.constantFrom('reset', 'trip', 'isolate') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'heal' as const), node }) },
);

const OPEN_MS = 100;
const LEASE_MS = 200;
/** The longest opening: growth stops here, and an isolation in this test ends after as much. */
const CAP_MS = 400;
const SYNC_MS = 500;

it('sends one probe in all, never goes back in time and never stays shut for ever, whatever happens to messages and connections', async () => {
  const shapes = fc.record({ seed: fc.integer(), loss: fc.constantFrom(0, 0.3, 1), quorum: fc.constantFrom(1, 2) });
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(step, { maxLength: 30 }), async ({ seed, loss, quorum }, steps) => {
      const clock = new ManualClock();
      const chance = createSeededRandom(seed);
      // Lost, twice, or later than the next one.
      const server = createMemorySharedServer({
        clock,
        delivery: () => (chance() < loss ? [] : chance() < 0.5 ? [0] : [chance() * 80, chance() * 300]),
      });
      const nodes = Array.from({ length: NODES }, (_, index) => {
        const store = server.connect();
        const shared = createSharedBreakers({
          store,
          instance: `n${index}`,
          clock,
          random: createSeededRandom(seed + index),
          policy: { quorum, syncMs: SYNC_MS },
        });
        const breaker = shared.createBreaker(
          {
            trip: { kind: 'consecutive', failures: 2 },
            openMs: { firstMs: OPEN_MS, factor: 2, capMs: CAP_MS },
            halfOpen: { leaseMs: LEASE_MS },
          },
          { key: 'k', clock, onChange: () => undefined, onHold: () => undefined },
        );
        return { store, shared, breaker, permits: [] as number[] };
      });
      const at = (index: number) => nodes[index] as (typeof nodes)[number];
      let epoch = 0;
      /** What must never be, as it was seen. One expectation at the end, because a million of them take most of the time of this test. */
      const broken: string[] = [];
      const look = (): void => {
        const record = server.record('k');
        if (!(record.epoch >= epoch)) broken.push('back in time');
        ({ epoch } = record);
        const nowMs = clock.now() + 1_000_000;
        let probes = 0;
        for (const lapsesAtMs of record.leases.values()) if (lapsesAtMs > nowMs) probes++;
        if (!(probes <= 1)) broken.push(`${probes} probes`);
        if (record.state !== 'half-open' && record.leases.size > 0) broken.push(`a lease while ${record.state}`);
        if (record.state === 'open' && !((record.untilMs ?? Number.NaN) - nowMs <= CAP_MS)) broken.push('open for too long');
      };
      const call = (breaker: Breaker): number => {
        const permit = breaker.admit(clock.now());
        if (!(breaker.retryAfterMs(clock.now()) >= 0)) broken.push('no time to wait');
        if (permit === NO_PERMIT) breaker.awaitLease(() => undefined);
        return permit;
      };
      await clock.advance(0);
      for (const each of steps) {
        switch (each.kind) {
          case 'call': {
            const permit = call(at(each.node).breaker);
            if (permit !== NO_PERMIT) at(each.node).permits.push(permit);
            break;
          }
          case 'end': {
            const permit = at(each.node).permits.shift();
            const nowMs = clock.now();
            const verdict = each.ok ? ({ kind: 'success' } as const) : ({ kind: 'failure', transient: true } as const);
            if (permit !== undefined) at(each.node).breaker.settle(permit, verdict, { nowMs, startedAtMs: nowMs });
            break;
          }
          case 'wait':
            await clock.advance(each.ms);
            break;
          case 'order':
            if (each.order === 'isolate') at(each.node).breaker.isolate('model', { expiresMs: CAP_MS });
            else at(each.node).breaker[each.order]('model');
            break;
          case 'cut':
          case 'heal':
            at(each.node).store[each.kind]();
            break;
        }
        await clock.advance(0);
        look();
      }
      // Everything expires: a server that is well again is called by everybody, whether or not anybody can be asked.
      const isOpenTo = new Set<number>();
      for (let round = 0; round < 150 && isOpenTo.size < NODES; round++) {
        for (const [index, { breaker }] of nodes.entries()) {
          const permit = call(breaker);
          if (permit === NO_PERMIT) continue;
          breaker.settle(permit, { kind: 'success' }, { nowMs: clock.now(), startedAtMs: clock.now() });
          isOpenTo.add(index);
        }
        await clock.advance(100);
        look();
      }
      expect({ broken, isOpenTo: isOpenTo.size }).toEqual({ broken: [], isOpenTo: NODES });
      for (const { shared } of nodes) await shared.close();
    }),
    { numRuns: 10_000 },
  );
}, 120_000);
