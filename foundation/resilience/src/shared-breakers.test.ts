import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import type { ResilienceEvent } from './events.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { createSharedBreakers, type SharedBreakers, type SharedPolicy, type SharedStatus } from './shared-breakers.ts';
import type { PipelineSpec } from './spec.ts';
import { createMemorySharedServer, type Delivery, type MemorySharedServer, type MemorySharedStore } from './testing/memory-shared-store.ts';

const SPEC: PipelineSpec = {
  breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_000, halfOpen: { leaseMs: 4_000 } },
};

interface Node {
  readonly store: MemorySharedStore;
  readonly shared: SharedBreakers;
  readonly pipeline: Pipeline;
  readonly events: ResilienceEvent[];
  readonly statuses: SharedStatus[];
}

interface Bed {
  readonly clock: ManualClock;
  readonly server: MemorySharedServer;
  readonly nodes: readonly Node[];
  node(index: number): Node;
}

async function createBed(
  count: number,
  options: { readonly policy?: SharedPolicy; readonly delivery?: Delivery; readonly spec?: PipelineSpec; readonly cut?: true } = {},
): Promise<Bed> {
  const clock = new ManualClock();
  const server = createMemorySharedServer({ clock, ...(options.delivery === undefined ? {} : { delivery: options.delivery }) });
  const nodes = Array.from({ length: count }, (_, index): Node => {
    const store = server.connect();
    if (options.cut === true) store.cut();
    const events: ResilienceEvent[] = [];
    const statuses: SharedStatus[] = [];
    const random = createSeededRandom(index + 1);
    const shared = createSharedBreakers({
      store,
      instance: `n${index}`,
      clock,
      random,
      policy: options.policy ?? {},
      onStatus: ({ status }) => statuses.push(status),
    });
    const pipeline = createPipeline(options.spec ?? SPEC, { key: 'host', clock, random, shared, onEvent: (event) => events.push(event) });
    return { store, shared, pipeline, events, statuses };
  });
  await clock.advance(0);
  // A second round, so that everybody knows of everybody.
  await clock.advance(7_000);
  const node = (index: number): Node => nodes[index] as Node;
  return { clock, server, nodes, node };
}

const fail = () => Promise.reject(new Error('down'));
const outcome = async ({ pipeline }: Node, callee: () => unknown = () => 'fine'): Promise<string> => {
  const result = await pipeline.attempt(callee);
  return result.ok ? 'ok' : ((result.error as { readonly code?: string }).code ?? (result.error as Error).message);
};
const trip = async (node: Node): Promise<void> => {
  await outcome(node, fail);
  await outcome(node, fail);
};
const states = ({ nodes }: Bed) => nodes.map(({ pipeline }) => pipeline.breaker?.state);
const OPEN = 'RESILIENCE_CIRCUIT_OPEN';

describe('shared breakers', () => {
  it('leave the others alone while only one process finds the server down', async () => {
    const bed = await createBed(3);
    await trip(bed.node(0));
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['open', 'closed', 'closed']);
    expect(await outcome(bed.node(1))).toBe('ok');
  });

  it('open for all once two have found it down, and the others hear why without a call of their own', async () => {
    const bed = await createBed(3);
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['open', 'open', 'open']);
    expect(await outcome(bed.node(2))).toBe(OPEN);
    expect(bed.node(2).events).toContainEqual(
      expect.objectContaining({ kind: 'breaker.opened', cause: 'shared', reason: '2 failures', openMs: 1_000 }),
    );
    expect(bed.node(2).pipeline.snapshot().breaker).toMatchObject({ state: 'open', shared: { state: 'open', actor: 'n1', streak: 1 } });
  });

  it('need only one vote where only one is alive, or where the quorum is one', async () => {
    const alone = await createBed(1);
    await trip(alone.node(0));
    await alone.clock.advance(0);
    expect(alone.server.record('host').state).toBe('open');
    const plain = await createBed(3, { policy: { quorum: 1 } });
    await trip(plain.node(0));
    await plain.clock.advance(0);
    expect(states(plain)).toEqual(['open', 'open', 'open']);
  });

  it('vote once per trip', async () => {
    const bed = await createBed(3);
    const node = bed.node(0);
    await Promise.all(Array.from({ length: 20 }, () => outcome(node, fail)));
    await bed.clock.advance(500);
    for (let call = 0; call < 20; call++) await outcome(node, fail);
    expect(node.store.calls.vote).toBe(1);
  });

  it('send one probe in all, turn the other calls away at once, and close for everybody when it succeeds', async () => {
    const bed = await createBed(4);
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(1_000);
    let probes = 0;
    const release: (() => void)[] = [];
    const probe = () =>
      new Promise<string>((resolve) => {
        probes++;
        release.push(() => resolve('well'));
      });
    const running = bed.nodes.flatMap((node) => [outcome(node, probe), outcome(node, probe)]);
    await bed.clock.advance(0);
    expect(probes).toBe(1);
    release[0]?.();
    const results = await Promise.all(running);
    expect(results.toSorted()).toEqual([...Array<string>(7).fill(OPEN), 'ok']);
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['closed', 'closed', 'closed', 'closed']);
  });

  it('stay open twice as long after a probe that failed, on all', async () => {
    const bed = await createBed(3);
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(1_000);
    expect(await outcome(bed.node(2), fail)).toBe('down');
    await bed.clock.advance(1_900);
    for (const node of bed.nodes) expect(await outcome(node)).toBe(OPEN);
    await bed.clock.advance(100);
    expect(await outcome(bed.node(2))).toBe('ok');
    expect(states(bed)).toEqual(['closed', 'closed', 'closed']);
  });

  it('let the next one probe when the prober has vanished', async () => {
    const bed = await createBed(3);
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(1_000);
    void bed.node(2).pipeline.attempt(() => new Promise(() => undefined));
    await bed.clock.advance(0);
    bed.node(2).store.cut();
    expect(await outcome(bed.node(0))).toBe(OPEN);
    await bed.clock.advance(4_000);
    expect(await outcome(bed.node(0))).toBe('ok');
    expect(bed.server.record('host').state).toBe('closed');
  });

  it('give a lease back that no call uses', async () => {
    const bed = await createBed(2, { policy: { quorum: 1 } });
    await trip(bed.node(0));
    await bed.clock.advance(1_000);
    expect(bed.node(0).pipeline.breaker?.permit()).toBeNull();
    await bed.clock.advance(0);
    expect(bed.server.record('host').leases.size).toBe(1);
    await bed.clock.advance(7_000);
    expect(bed.server.record('host').leases.size).toBe(0);
  });

  it('find the lease with the second permit that is asked for', async () => {
    const bed = await createBed(2, { policy: { quorum: 1 } });
    await trip(bed.node(0));
    await bed.clock.advance(1_000);
    const control = bed.node(0).pipeline.breaker;
    expect(control?.permit()).toBeNull();
    await bed.clock.advance(0);
    const permit = control?.permit();
    permit?.settle({ kind: 'success' });
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['closed', 'closed']);
  });

  it('ask the store for nothing while closed or open', async () => {
    const bed = await createBed(2);
    const [first] = bed.nodes;
    const before = { ...first?.store.calls };
    for (let call = 0; call < 100; call++) await outcome(bed.node(0));
    expect(first?.store.calls).toEqual(before);
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(0);
    const open = { ...first?.store.calls };
    for (let call = 0; call < 100; call++) await outcome(bed.node(0));
    expect(first?.store.calls).toEqual(open);
  });

  it('obey a person in every process: reset, isolation and disabling', async () => {
    const bed = await createBed(3);
    bed.node(0).pipeline.breaker?.isolate('being repaired');
    await bed.clock.advance(100_000);
    expect(states(bed)).toEqual(['open', 'open', 'open']);
    expect(await outcome(bed.node(1))).toBe(OPEN);
    bed.node(2).pipeline.breaker?.reset('repaired');
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['closed', 'closed', 'closed']);
    await bed.node(0).shared.override({ key: 'host', kind: 'disable', actor: 'ann', reason: 'drill' });
    for (const node of bed.nodes) for (let call = 0; call < 5; call++) await outcome(node, fail);
    expect(states(bed)).toEqual(['closed', 'closed', 'closed']);
    await bed.node(0).shared.override({ key: 'host', kind: 'reset', actor: 'ann', reason: 'over' });
    await trip(bed.node(1));
    expect(states(bed)).toEqual(['closed', 'open', 'closed']);
  });

  it('reset once where somebody resets', async () => {
    const bed = await createBed(2);
    await trip(bed.node(0));
    bed.node(0).pipeline.breaker?.reset('by hand');
    await bed.clock.advance(0);
    expect(bed.node(0).events.filter(({ kind }) => kind === 'breaker.reset')).toHaveLength(1);
  });

  it('let one who is cut off decide alone, and hear the verdict as soon as it is back', async () => {
    const bed = await createBed(3);
    bed.node(0).store.cut();
    await trip(bed.node(0));
    expect(states(bed)).toEqual(['open', 'closed', 'closed']);
    await bed.clock.advance(1_000);
    expect(await outcome(bed.node(0))).toBe('ok');
    await trip(bed.node(1));
    await trip(bed.node(2));
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['closed', 'open', 'open']);
    expect(bed.node(0).statuses).toEqual(['ok', 'degraded']);
    bed.node(0).store.heal();
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['open', 'open', 'open']);
    expect(bed.node(0).statuses).toEqual(['ok', 'degraded', 'ok']);
  });

  it('count only who is alive: one who is left needs no second vote', async () => {
    const bed = await createBed(2);
    bed.node(1).store.cut();
    await bed.clock.advance(25_000);
    expect(bed.node(0).shared.figures().instances).toBe(1);
    await trip(bed.node(0));
    await bed.clock.advance(0);
    expect(bed.server.record('host').state).toBe('open');
  });

  it('forget the verdict after its time when nobody can be asked, and probe with a chance that leaves one probe in all', async () => {
    let probed = 0;
    let rejected = 0;
    for (let run = 0; run < 10; run++) {
      const bed = await createBed(5);
      await trip(bed.node(0));
      await trip(bed.node(1));
      await bed.clock.advance(0);
      for (const { store } of bed.nodes) store.cut();
      for (const node of bed.nodes) expect(await outcome(node)).toBe(OPEN);
      await bed.clock.advance(1_000);
      for (const node of bed.nodes) {
        if ((await outcome(node)) === 'ok') probed++;
        else rejected++;
      }
      // A chance each half second at least: in the end everybody calls again.
      for (let second = 0; second < 60; second++) {
        await bed.clock.advance(1_000);
        for (const node of bed.nodes) await outcome(node);
      }
      expect(states(bed)).toEqual(Array(5).fill('closed'));
    }
    expect(probed).toBeGreaterThan(2);
    expect(probed).toBeLessThan(25);
    expect(rejected).toBe(50 - probed);
  });

  it('vote late when the store was out of reach at the time', async () => {
    const bed = await createBed(2, { cut: true });
    expect(bed.node(0).statuses).toEqual(['degraded']);
    await trip(bed.node(0));
    await trip(bed.node(1));
    for (const { store } of bed.nodes) store.heal();
    await bed.clock.advance(0);
    expect(bed.server.record('host').state).toBe('open');
  });

  it('add no more than the limit to a call when the store is silent, and give a lease back that came too late', async () => {
    const bed = await createBed(2, { policy: { quorum: 1 } });
    await trip(bed.node(0));
    await bed.clock.advance(1_000);
    const { store } = bed.node(0);
    const real = store.lease.bind(store);
    store.lease = async (request) => {
      await new Promise<void>((resolve) => {
        bed.clock.after(80, resolve);
      });
      return await real(request);
    };
    const startedAtMs = bed.clock.now();
    let endedAtMs = Number.NaN;
    void outcome(bed.node(0)).then(() => {
      endedAtMs = bed.clock.now();
    });
    await bed.clock.advance(50);
    expect(endedAtMs - startedAtMs).toBe(50);
    await bed.clock.advance(100);
    expect(bed.server.record('host').leases.size).toBe(0);
  });

  it('are healed by the next look when messages are lost, and not confused by old ones', async () => {
    let deliver: Delivery = () => [];
    const bed = await createBed(3, { delivery: (view) => deliver(view) });
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(0);
    expect(bed.node(2).pipeline.breaker?.state).toBe('closed');
    await bed.clock.advance(800);
    // Whoever looks within the opening sees it; a longer one is seen by all.
    bed.node(0).pipeline.breaker?.isolate('repair');
    await bed.clock.advance(6_100);
    expect(states(bed)).toEqual(['open', 'open', 'open']);
    // The isolation comes again when it has long been over, twice.
    deliver = ({ state }) => (state === 'isolated' ? [0, 0, 20, 600] : [0]);
    bed.node(0).pipeline.breaker?.isolate('again');
    bed.node(0).pipeline.breaker?.reset('done');
    await bed.clock.advance(0);
    expect(states(bed)).toEqual(['closed', 'closed', 'closed']);
    for (const ms of [21, 580]) {
      await bed.clock.advance(ms);
      expect(states(bed)).toEqual(['closed', 'closed', 'closed']);
    }
  });

  it('believe a lower epoch after a lost connection only', async () => {
    const bed = await createBed(2);
    const rewind = bed.server.snapshot();
    bed.node(0).pipeline.breaker?.isolate('repair');
    await bed.clock.advance(0);
    for (const { store } of bed.nodes) store.cut();
    rewind();
    expect(bed.node(1).pipeline.breaker?.state).toBe('open');
    for (const { store } of bed.nodes) store.heal();
    await bed.clock.advance(0);
    expect(bed.node(1).pipeline.breaker?.state).toBe('closed');
  });

  it('close when the store has lost everything, and open again when the trouble lasts', async () => {
    const bed = await createBed(2, { spec: { breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 60_000 } } });
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(10_000);
    bed.server.flush();
    await bed.clock.advance(7_000);
    expect(bed.nodes.map(({ pipeline }) => pipeline.snapshot().breaker?.shared?.state)).toEqual(['closed', 'closed']);
    await bed.clock.advance(60_000);
    await outcome(bed.node(0), fail);
    await outcome(bed.node(1), fail);
    await bed.clock.advance(0);
    expect(bed.server.record('host').state).toBe('open');
  });

  it('do not care what the wall clock says', async () => {
    const bed = await createBed(2, { policy: { quorum: 1 } });
    await trip(bed.node(0));
    await bed.clock.advance(0);
    bed.clock.jumpWall(3_600_000);
    expect(await outcome(bed.node(1))).toBe(OPEN);
    bed.clock.jumpWall(-7_200_000);
    await bed.clock.advance(1_000);
    expect(await outcome(bed.node(1))).toBe('ok');
  });

  it('pass on that the server wants to be left alone, and start nothing before', async () => {
    const spec: PipelineSpec = {
      ...SPEC,
      admission: { maxConcurrent: 4 },
      classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled', retryAfterMs: 3_000 }),
    };
    const bed = await createBed(2, { spec });
    await outcome(bed.node(0), fail);
    await bed.clock.advance(0);
    const startedAtMs = bed.clock.now();
    const starts: number[] = [];
    const running = bed.nodes.map((node) => outcome(node, () => starts.push(bed.clock.now() - startedAtMs)));
    await bed.clock.advance(2_990);
    expect(starts).toEqual([]);
    await bed.clock.advance(20);
    expect(await Promise.all(running)).toEqual(['ok', 'ok']);
  });

  it('repeat no more often together than one budget allows, and each by its own while nobody can be asked', async () => {
    const spec: PipelineSpec = {
      retry: { attempts: 2, backoff: constantBackoff(10), budget: { share: 0, perSecond: 0, capacity: 6 } },
    };
    const bed = await createBed(3, { spec });
    let attempts = 0;
    const burst = async (): Promise<number> => {
      attempts = 0;
      for (let round = 0; round < 20; round++) {
        const calls = bed.nodes.map(({ pipeline }) =>
          pipeline.attempt(
            () => {
              attempts++;
              throw new Error('down');
            },
            { idempotent: true },
          ),
        );
        await bed.clock.advance(1_100);
        await Promise.all(calls);
      }
      return attempts - 60;
    };
    // Six in the common bucket, and the first of each process.
    expect(await burst()).toBe(9);
    expect(await burst()).toBe(0);
    for (const { store } of bed.nodes) store.cut();
    await bed.clock.advance(10_000);
    expect(await burst()).toBe(18);
  });

  it('repeat by a budget of their own as soon as the store fails to answer for the common one', async () => {
    const clock = new ManualClock();
    const store = createMemorySharedServer({ clock }).connect();
    // Nobody has heard yet that it is out of reach.
    store.exchange = () => Promise.reject(new Error('gone'));
    const shared = createSharedBreakers({ store, clock, random: createSeededRandom(1) });
    await clock.advance(0);
    expect(shared.figures().status).toBe('ok');
    const budget = shared.createRetryBudget({ share: 0, perSecond: 0, capacity: 3 }, { key: 'host', clock });
    expect(budget.snapshot(0)).toEqual({ tokens: 1, spent: 0, refused: 0 });
    expect([budget.tryTake(0), budget.tryTake(0)]).toEqual([true, false]);
    await clock.advance(0);
    expect(shared.figures().status).toBe('degraded');
    expect([1, 2, 3, 4].map(() => budget.tryTake(0))).toEqual([true, true, true, false]);
    expect(budget.snapshot(0)).toEqual({ tokens: 0, spent: 4, refused: 2 });
    await shared.close();
  });

  it('are not said to be in order while the store answers but pushes nothing', async () => {
    const clock = new ManualClock();
    const store = createMemorySharedServer({ clock }).connect();
    store.watch = () => () => undefined;
    const statuses: SharedStatus[] = [];
    const shared = createSharedBreakers({ store, clock, random: createSeededRandom(1), onStatus: ({ status }) => statuses.push(status) });
    await clock.advance(5_000);
    expect([store.calls.sync, shared.figures().status, statuses]).toEqual([1, 'connecting', []]);
    await shared.close();
  });

  it('are silent when the store fails after they were closed', async () => {
    const clock = new ManualClock();
    const store = createMemorySharedServer({ clock }).connect();
    let fail: (error: Error) => void = () => undefined;
    store.sync = () => new Promise((_resolve, reject) => (fail = reject));
    const statuses: SharedStatus[] = [];
    const shared = createSharedBreakers({ store, clock, onStatus: ({ status }) => statuses.push(status) });
    await clock.advance(0);
    await shared.close();
    fail(new Error('gone'));
    await clock.advance(60_000);
    expect([statuses, clock.pendingCount]).toEqual([[], 0]);
  });

  it('hold one timer and one subscription for ten thousand breakers, and look only for those that are not closed', async () => {
    const clock = new ManualClock();
    const server = createMemorySharedServer({ clock });
    const store = server.connect();
    const shared = createSharedBreakers({ store, clock, policy: { quorum: 1 } });
    const pipelines = Array.from({ length: 10_000 }, (_, index) => createPipeline(SPEC, { key: `host ${index}`, clock, shared }));
    await clock.advance(6_000);
    expect(clock.pendingCount).toBe(1);
    expect(shared.figures()).toMatchObject({ breakers: 10_000, notClosed: 0 });
    const asked: number[] = [];
    const real = store.sync.bind(store);
    store.sync = (request) => {
      asked.push(request.keys.length);
      return real(request);
    };
    pipelines[7]?.breaker?.isolate('repair');
    await clock.advance(7_000);
    // Once or twice: looks are a few seconds apart, by chance.
    expect(new Set(asked)).toEqual(new Set([1]));
    for (const pipeline of pipelines) pipeline.close();
    expect(shared.figures()).toMatchObject({ breakers: 0 });
  });

  it('bound what waits to be told', async () => {
    const clock = new ManualClock();
    const store = createMemorySharedServer({ clock }).connect();
    store.cut();
    const shared = createSharedBreakers({ store, clock });
    for (let index = 0; index < 200; index++) createPipeline(SPEC, { key: `${index}`, clock, shared }).breaker?.isolate('repair');
    expect(shared.figures()).toMatchObject({ waitingWrites: 128, droppedWrites: 72, status: 'degraded' });
    store.heal();
    for (let turn = 0; turn < 50; turn++) await clock.advance(0);
    expect(shared.figures()).toMatchObject({ waitingWrites: 0, status: 'ok' });
  });

  it('say nothing more once they are closed, and no longer count', async () => {
    const bed = await createBed(2);
    await bed.node(0).shared.close();
    await bed.clock.advance(10_000);
    expect(bed.node(1).shared.figures().instances).toBe(1);
    expect(await outcome(bed.node(0))).toBe('ok');
  });

  it('are asked by calls that only their callee ends as by any other', async () => {
    const bed = await createBed(2);
    await trip(bed.node(0));
    await trip(bed.node(1));
    const { pipeline } = bed.node(0);
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: OPEN });
    await bed.clock.advance(1_000);
    await expect(pipeline.run(() => 1)).resolves.toBe(1);
    expect(states(bed)).toEqual(['closed', 'closed']);
  });

  it('are half-open for all while one probes', async () => {
    const bed = await createBed(3);
    await trip(bed.node(0));
    await trip(bed.node(1));
    await bed.clock.advance(1_000);
    expect(bed.node(2).pipeline.breaker?.state).toBe('open');
    let end: (value: string) => void = () => undefined;
    const probe = outcome(bed.node(2), () => new Promise((resolve) => (end = resolve)));
    await bed.clock.advance(0);
    expect(bed.node(2).pipeline.breaker?.state).toBe('half-open');
    end('well');
    expect(await probe).toBe('ok');
    expect(bed.node(2).events.map(({ kind }) => kind)).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed']);
  });

  it('give the lease back when somebody isolates the breaker at the sight of its probe', async () => {
    const clock = new ManualClock();
    const server = createMemorySharedServer({ clock });
    const shared = createSharedBreakers({ store: server.connect(), clock, policy: { quorum: 1 } });
    const pipeline: Pipeline = createPipeline(SPEC, {
      key: 'host',
      clock,
      shared,
      onEvent: ({ kind }) => {
        if (kind === 'breaker.half-opened') pipeline.breaker?.isolate('not now');
      },
    });
    await clock.advance(0);
    for (let call = 0; call < 2; call++) await pipeline.attempt(fail);
    await clock.advance(1_000);
    expect(await pipeline.attempt(() => 1)).toMatchObject({ ok: false, error: { code: OPEN } });
    await clock.advance(0);
    expect(server.record('host')).toMatchObject({ state: 'isolated', leases: new Map() });
  });

  it('forget a call that has gone while it was asked whether it may probe', async () => {
    const bed = await createBed(2, { policy: { quorum: 1 } });
    await trip(bed.node(0));
    await bed.clock.advance(1_000);
    const controller = new AbortController();
    let calls = 0;
    const asking = bed.node(0).pipeline.attempt(() => calls++, { signal: controller.signal });
    controller.abort('gone');
    expect(await asking).toMatchObject({ ok: false, error: 'gone' });
    await bed.clock.advance(0);
    expect([calls, bed.server.record('host').leases.size]).toEqual([0, 1]);
  });

  it('take over a verdict that came before the breaker was made, unless it was taken back', async () => {
    const bed = await createBed(2);
    const order = (key: string, kind: 'isolate' | 'reset'): Promise<unknown> =>
      bed.node(0).shared.override({ key, kind, actor: 'ann', reason: 'x' });
    for (const key of ['p', 'q']) await order(key, 'isolate');
    await order('q', 'reset');
    const { clock } = bed;
    const state = (index: number, key: string) => createPipeline(SPEC, { key, clock, shared: bed.node(index).shared }).breaker?.state;
    expect([state(0, 'p'), state(1, 'p'), state(0, 'q'), state(1, 'q'), state(1, 'r')]).toEqual([
      'open',
      'open',
      'closed',
      'closed',
      'closed',
    ]);
    expect(bed.node(1).shared.figures()).toMatchObject({ breakers: 4, notClosed: 1, instances: 2, droppedWrites: 0 });
  });

  it('leave its place to a later breaker of the same name', async () => {
    const bed = await createBed(1);
    const { shared, pipeline } = bed.node(0);
    const later = createPipeline(SPEC, { key: 'host', clock: bed.clock, shared });
    pipeline.close();
    expect(shared.figures().breakers).toBe(1);
    await shared.override({ key: 'host', kind: 'isolate', actor: 'ann', reason: 'x' });
    expect(later.breaker?.state).toBe('open');
    later.close();
    expect(shared.figures().breakers).toBe(0);
  });

  it('can be closed twice, with and without a store that can be reached', async () => {
    const bed = await createBed(2);
    bed.node(1).store.cut();
    for (const { shared } of bed.nodes) {
      await shared.close();
      await shared.close();
    }
    expect(bed.clock.pendingCount).toBe(0);
    expect(bed.node(1).statuses).toEqual(['ok', 'degraded']);
    bed.node(1).store.heal();
    await bed.clock.advance(60_000);
    expect([bed.clock.pendingCount, bed.node(1).statuses]).toEqual([0, ['ok', 'degraded']]);
  });

  it('have a name of their own, and the clock and chance of the system, where none are given', async () => {
    const server = createMemorySharedServer({ clock: new ManualClock() });
    const all = [1, 2].map(() => createSharedBreakers({ store: server.connect() }));
    expect(new Set(all.map(({ instance }) => instance)).size).toBe(2);
    expect(all[0]?.figures()).toEqual({
      status: 'connecting',
      instances: 1,
      breakers: 0,
      notClosed: 0,
      waitingWrites: 0,
      droppedWrites: 0,
    });
    for (const shared of all) await shared.close();
  });

  it.each([{ quorum: 0 }, { quorum: 1.5 }, { voteWindowMs: 0 }, { syncMs: 0 }, { leaseLimitMs: -1 }])('refuse the policy %j', (policy) => {
    const store = createMemorySharedServer({ clock: new ManualClock() }).connect();
    expect(() => createSharedBreakers({ store, policy })).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });
});
