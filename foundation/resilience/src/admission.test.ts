import { type Clock, createSeededRandom, ManualClock, PRIORITIES, type Priority } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import type { RunOptions } from './call-context.ts';
import type { EventListener } from './events.ts';
import { emptyDurationCounts, quantileOfMs } from './figures.ts';
import type { Limiter } from './limiter.ts';
import type { LimiterSpec } from './limiter-spec.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { ResilienceError } from './resilience-error.ts';
import type { AdmissionSpec } from './spec.ts';

function create(
  admission: AdmissionSpec,
  { onEvent, ...more }: Parameters<typeof createPipeline>[0] & { readonly onEvent?: EventListener } = {},
) {
  const clock = new ManualClock();
  const pipeline = createPipeline({ admission, ...more }, { key: 'server-1', clock, random: createSeededRandom(1), onEvent });
  const started: string[] = [];
  const startedAtMs: number[] = [];
  const endings = new Map<string, () => void>();
  /** A call that runs until `end(name)`. */
  const begin = (name: string, priority: Priority = 'normal', signal?: AbortSignal): Promise<unknown> => {
    const result = pipeline.run(
      () =>
        new Promise<void>((resolve) => {
          started.push(name);
          startedAtMs.push(clock.now());
          endings.set(name, resolve);
        }),
      { priority, signal },
    );
    result.catch(() => undefined);
    return result;
  };
  const end = async (name: string): Promise<void> => {
    endings.get(name)?.();
    await clock.advance(0);
  };
  return { clock, pipeline, started, startedAtMs, begin, end };
}

describe('concurrency', () => {
  it('never exceeds the bound and starts the next one when a slot is free', async () => {
    const { started, begin, end, pipeline } = create({ maxConcurrent: 2, interactiveReserve: 0 });
    for (const name of ['a', 'b', 'c', 'd']) void begin(name);
    expect(started).toEqual(['a', 'b']);
    expect(pipeline.snapshot().queue).toMatchObject({ active: 2, waiting: 2, maxConcurrent: 2 });
    await end('a');
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('keeps one slot for people', async () => {
    const { started, begin, end } = create({ maxConcurrent: 3 });
    for (const name of ['n1', 'n2', 'n3']) void begin(name, 'normal');
    void begin('l1', 'low');
    expect(started).toEqual(['n1', 'n2']);
    void begin('h1', 'high');
    expect(started).toEqual(['n1', 'n2', 'h1']);
    void begin('c1', 'critical');
    void begin('h2', 'high');
    await end('n1');
    expect(started.at(-1)).toBe('c1');
    await end('n2');
    expect(started.at(-1)).toBe('h2');
    await end('h1');
    expect(started.at(-1)).toBe('n3');
  });

  it('lets background work run where there is one slot only', async () => {
    const { started, begin } = create({ maxConcurrent: 1 });
    void begin('n1');
    expect(started).toEqual(['n1']);
  });

  it('does not let an old background call into the slot of people', async () => {
    const { started, begin, clock } = create({ maxConcurrent: 2, queue: { agingMs: 100 } });
    void begin('n1');
    void begin('l1', 'low');
    await clock.advance(10_000);
    expect(started).toEqual(['n1']);
    void begin('h1', 'high');
    expect(started).toEqual(['n1', 'h1']);
  });

  it('serves a low call in the end although people keep coming', async () => {
    const { started, begin, end, clock } = create({ maxConcurrent: 1, queue: { agingMs: 1_000 } });
    void begin('h0', 'high');
    void begin('low', 'low');
    for (let turn = 1; turn < 6; turn++) {
      void begin(`h${turn}`, 'high');
      await clock.advance(700);
      await end(`h${turn - 1}`);
    }
    expect(started).toContain('low');
    expect(started.indexOf('low')).toBeGreaterThan(1);
  });

  it('can be changed while calls wait', async () => {
    const { started, begin, pipeline } = create({ maxConcurrent: 2, interactiveReserve: 1 });
    for (const name of ['a', 'b', 'c']) void begin(name);
    expect(started).toEqual(['a']);
    pipeline.admission?.setLimits({ maxConcurrent: 4, minIntervalMs: 0 });
    expect(started).toEqual(['a', 'b', 'c']);
    pipeline.admission?.setLimits({ maxConcurrent: 1, minIntervalMs: 50 });
    expect(pipeline.snapshot().queue).toMatchObject({ maxConcurrent: 1, minIntervalMs: 50, active: 3 });
    expect(() => pipeline.admission?.setLimits({ maxConcurrent: 0, minIntervalMs: 0 })).toThrow('whole number');
  });

  it('tells by priority how long calls waited, those that started at once included', async () => {
    const { begin, end, clock, pipeline } = create({ maxConcurrent: 1 });
    const at = (share: number): number | null => quantileOfMs(pipeline.admission?.waitCounts('normal') ?? emptyDurationCounts(), share);
    expect(at(0.5)).toBeNull();
    void begin('a');
    void begin('b');
    await clock.advance(1_000);
    await end('a');
    expect(at(0.5)).toBe(0.5);
    expect(pipeline.snapshot().queue?.byPriority.normal).toMatchObject({ started: 2, totalWaitMs: 1_000 });
    expect(at(0.95)).toBeGreaterThan(875);
    expect(at(0.95)).toBeLessThan(1_125);
    expect(quantileOfMs(pipeline.admission?.waitCounts('low') ?? emptyDurationCounts(), 0.95)).toBeNull();
  });

  it('survives ten thousand calls that end at once', async () => {
    const { pipeline, clock, begin, end } = create({ maxConcurrent: 1, queue: { maxWaiting: 20_000 } });
    void begin('first');
    let done = 0;
    const all = Promise.all(Array.from({ length: 10_000 }, () => pipeline.run(() => done++)));
    await end('first');
    await all;
    await clock.advance(0);
    expect(done).toBe(10_000);
    expect(pipeline.snapshot().queue).toMatchObject({ active: 0, waiting: 0, started: 10_001 });
  });

  it('may be entered again from inside a call', async () => {
    const { pipeline, clock, begin, end } = create({ maxConcurrent: 2, interactiveReserve: 0 });
    void begin('a');
    void begin('b');
    const nested = pipeline.run(async () => (await pipeline.run(() => 1)) + 1);
    await end('a');
    await clock.advance(0);
    await end('b');
    await expect(nested).resolves.toBe(2);
  });
});

describe('interval', () => {
  it('separates the starts of all calls', async () => {
    const { begin, startedAtMs, clock, pipeline } = create({ maxConcurrent: 10, minIntervalMs: 150 });
    for (const priority of ['low', 'normal', 'critical'] as const) void begin(priority, priority);
    expect(clock.pendingCount).toBe(1);
    await clock.advance(1_000);
    expect(startedAtMs).toEqual([0, 150, 300]);
    expect(clock.pendingCount).toBe(0);
    expect(pipeline.snapshot().queue).toMatchObject({ minIntervalMs: 150, avgWaitMs: 150 });
    expect(pipeline.snapshot().queue?.byPriority).toMatchObject({
      critical: { started: 1, avgWaitMs: 150, waiting: 0 },
      normal: { started: 1, avgWaitMs: 300 },
      high: { started: 0, avgWaitMs: 0 },
    });
  });

  it('wakes up when the next turn is due and not before', async () => {
    const manual = new ManualClock();
    const delays: number[] = [];
    const clock: Clock = {
      now: () => manual.now(),
      wall: () => manual.wall(),
      after: (delayMs, callback) => {
        delays.push(delayMs);
        return manual.after(delayMs, callback);
      },
    };
    const pipeline = createPipeline({ admission: { maxConcurrent: 10, minIntervalMs: 150 } }, { key: 'x', clock });
    const both = Promise.all([pipeline.run(() => 1), pipeline.run(() => 2)]);
    await manual.advance(150);
    await both;
    expect(delays).toEqual([150]);
  });

  it('gives the next turn to whoever is most urgent by then', async () => {
    const { begin, started, clock } = create({ maxConcurrent: 10, minIntervalMs: 150 });
    void begin('first');
    void begin('low', 'low');
    await clock.advance(100);
    void begin('critical', 'critical');
    await clock.advance(50);
    expect(started).toEqual(['first', 'critical']);
  });

  it('holds no timer while a slot and not time is what is missing', async () => {
    const { begin, clock, pipeline, started, end } = create({ maxConcurrent: 2, minIntervalMs: 150, interactiveReserve: 0 });
    void begin('a');
    void begin('b');
    expect(clock.pendingCount).toBe(1);
    pipeline.admission?.setLimits({ maxConcurrent: 1, minIntervalMs: 150 });
    expect(clock.pendingCount).toBe(0);
    await clock.advance(1_000);
    expect(started).toEqual(['a']);
    await end('a');
    expect(started).toEqual(['a', 'b']);
  });

  it('holds no timer for somebody who has left', async () => {
    const { begin, clock, pipeline } = create({ maxConcurrent: 1, minIntervalMs: 150 });
    const controller = new AbortController();
    void begin('a');
    void begin('b', 'normal', controller.signal);
    controller.abort();
    await clock.advance(0);
    expect(clock.pendingCount).toBe(0);
    expect(pipeline.snapshot().queue?.waiting).toBe(0);
  });
});

describe('repeated attempt', () => {
  it('waits where its first one stood, in front of those that came later', async () => {
    const { clock, pipeline, begin, end, started } = create(
      { maxConcurrent: 1 },
      { retry: { attempts: 2, backoff: constantBackoff(100) } },
    );
    void begin('first');
    const repeated = pipeline.run(
      async ({ attempt }) => {
        started.push(`attempt ${attempt}`);
        if (attempt === 1) throw new Error('once');
      },
      { idempotent: true },
    );
    await clock.advance(10);
    void begin('second');
    void begin('third');
    await end('first');
    await clock.advance(100);
    await end('second');
    await repeated;
    expect(started).toEqual(['first', 'attempt 1', 'second', 'attempt 2', 'third']);
  });
});

describe('full queue', () => {
  it('turns away the least urgent and newest, and the newcomer when it is that', async () => {
    const { begin, pipeline } = create({ maxConcurrent: 1, queue: { maxWaiting: 2 } });
    void begin('running');
    const low = begin('low', 'low');
    const normal = begin('normal', 'normal');
    await expect(begin('late low', 'low')).rejects.toMatchObject({ code: 'RESILIENCE_QUEUE_FULL', key: 'server-1' });
    void begin('critical', 'critical');
    await expect(low).rejects.toMatchObject({ code: 'RESILIENCE_QUEUE_FULL' });
    void begin('critical 2', 'critical');
    await expect(normal).rejects.toMatchObject({ code: 'RESILIENCE_QUEUE_FULL' });
    await expect(begin('critical 3', 'critical')).rejects.toMatchObject({ code: 'RESILIENCE_QUEUE_FULL' });
    expect(pipeline.snapshot()).toMatchObject({ queue: { waiting: 2 }, calls: { rejected: 4 } });
  });
});

describe('a queue that may not take long', () => {
  /** One slot, 100 ms for each call, and a pace that is known. */
  async function createBusy(queue: AdmissionSpec['queue']) {
    const made = create({ maxConcurrent: 1, ...(queue === undefined ? {} : { queue }) });
    const { clock, pipeline } = made;
    const outcomes: string[] = [];
    const ask = (name: string, options: RunOptions = {}): void => {
      const work = (): Promise<void> => new Promise((resolve) => void clock.after(100, resolve));
      pipeline.run(work, { op: name, ...options }).then(
        () => outcomes.push(name),
        (error: ResilienceError) => outcomes.push(`${name}: ${error.code} ${String(error.details?.['why'])} ${error.retryAfterMs}`),
      );
    };
    for (let call = 0; call < 11; call++) ask(`warm ${call}`);
    await clock.advance(1_100);
    outcomes.length = 0;
    return { ...made, ask, outcomes };
  }

  it('turns away what would wait too long, and says when to come back', async () => {
    const { ask, outcomes, clock, pipeline } = await createBusy({ maxWaitMs: 300 });
    for (let call = 0; call < 5; call++) ask(`call ${call}`);
    expect(pipeline.snapshot().queue).toMatchObject({ waiting: 3, expectedWaitMs: 300 });
    await clock.advance(0);
    expect(outcomes).toEqual(['call 4: RESILIENCE_QUEUE_FULL expected-wait 100']);
    await clock.advance(1_000);
    expect(outcomes.slice(1)).toEqual(['call 0', 'call 1', 'call 2', 'call 3']);
  });

  it('turns away the newest of the least urgent in favour of somebody more urgent', async () => {
    const { ask, outcomes, clock } = await createBusy({ maxWaitMs: 300 });
    for (const name of ['running', 'low 1', 'low 2', 'normal']) ask(name, { priority: name.startsWith('low') ? 'low' : 'normal' });
    ask('high', { priority: 'high' });
    await clock.advance(0);
    expect(outcomes).toEqual(['low 2: RESILIENCE_QUEUE_FULL displaced 100']);
    await clock.advance(1_000);
    expect(outcomes.slice(1)).toEqual(['running', 'high', 'normal', 'low 1']);
  });

  it('lets everybody wait while the pace is unknown', async () => {
    const { begin, pipeline } = create({ maxConcurrent: 1, queue: { maxWaitMs: 1 } });
    for (let call = 0; call < 50; call++) void begin(`call ${call}`);
    expect(pipeline.snapshot().queue).toMatchObject({ waiting: 49, expectedWaitMs: null });
  });

  it('always lets one wait, so that it can learn that the server is quick again', async () => {
    const { ask, outcomes, clock } = await createBusy({ maxWaitMs: 1 });
    for (const name of ['running', 'waiting', 'too many']) ask(name);
    await clock.advance(0);
    expect(outcomes).toEqual(['too many: RESILIENCE_QUEUE_FULL expected-wait 199']);
  });

  it('does not send what cannot be answered before its deadline', async () => {
    const { ask, outcomes, clock, pipeline } = await createBusy(undefined);
    for (let call = 0; call < 20; call++) ask(`more ${call}`);
    await clock.advance(2_000);
    outcomes.length = 0;
    const { started } = pipeline.snapshot().queue ?? { started: 0 };
    ask('running');
    ask('hopeless', { deadlineMs: 150 });
    ask('in time', { deadlineMs: 400 });
    await clock.advance(100);
    expect(outcomes).toEqual(['running', 'hopeless: RESILIENCE_DEADLINE unmeetable undefined']);
    await clock.advance(500);
    expect(outcomes.slice(2)).toEqual(['in time']);
    expect(pipeline.snapshot().queue?.started).toBe(started + 2);
  });
});

describe('fairness', () => {
  it('does not let one key with a thousand waiters keep another one waiting', async () => {
    const { pipeline, clock } = create({ maxConcurrent: 1 });
    const served: string[] = [];
    const ask = (fairKey: string): void => {
      const work = (): Promise<void> => new Promise((resolve) => void clock.after(10, resolve));
      pipeline.run(work, { fairKey }).then(
        () => served.push(fairKey),
        () => served.push(`${fairKey} turned away`),
      );
    };
    for (let call = 0; call < 1_001; call++) ask('many');
    for (let call = 0; call < 3; call++) ask('few');
    await clock.advance(80);
    // The queue was full, so each call of the other key took the place of one of theirs.
    expect(served.slice(0, 3)).toEqual(['many turned away', 'many turned away', 'many turned away']);
    expect(served.slice(3)).toEqual(['many', 'many', 'few', 'many', 'few', 'many', 'few', 'many']);
  });
});

describe('breaker and queue', () => {
  const BREAKER = { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } as const;

  it('a wait does not turn into a call once the breaker is open', async () => {
    const { begin, pipeline, started, clock } = create({ maxConcurrent: 2, interactiveReserve: 0 }, { breaker: BREAKER });
    void begin('hanging');
    const failing = pipeline.run(() => clock.advance(10).then(() => Promise.reject(new Error('down'))));
    const waiting = begin('waiting');
    await expect(failing).rejects.toThrow('down');
    await expect(waiting).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN', retryAfterMs: 1_000 });
    expect(started).toEqual(['hanging']);
    expect(pipeline.snapshot().queue).toMatchObject({ waiting: 0, active: 1 });
  });

  it('turns away who waits behind calls that hang, as soon as the breaker opens', async () => {
    const { begin, pipeline, clock } = create({ maxConcurrent: 1 }, { breaker: BREAKER });
    void begin('hanging');
    const waiting = begin('waiting');
    await expect(pipeline.run(() => Promise.reject(new Error('down')), { lane: 'parked' })).rejects.toThrow('down');
    await clock.advance(0);
    await expect(waiting).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN', retryAfterMs: 1_000 });
    expect(pipeline.snapshot()).toMatchObject({ queue: { active: 1, waiting: 0 }, calls: { rejected: 1 }, breaker: { rejected: 1 } });
  });

  it('of many that wait for a half-open breaker one becomes the probe, and the others give their slots back', async () => {
    const { begin, pipeline, started, clock } = create({ maxConcurrent: 4, minIntervalMs: 100 }, { breaker: BREAKER });
    await expect(pipeline.run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await clock.advance(1_000);
    pipeline.admission?.setLimits({ maxConcurrent: 4, minIntervalMs: 2_000 });
    const waiting = ['a', 'b', 'c'].map((name) => begin(name));
    await clock.advance(1_000);
    expect(pipeline.snapshot().queue).toMatchObject({ active: 1, waiting: 2 });
    await clock.advance(2_000);
    expect(started).toEqual(['a']);
    await expect(waiting[1]).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    await expect(waiting[2]).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    expect(pipeline.snapshot()).toMatchObject({ queue: { active: 1, waiting: 0 }, breaker: { rejected: 2 } });
  });
});

describe('limiter', () => {
  it('paces background work after a rejection and lets people pass', async () => {
    const { begin, pipeline, started, clock } = create(
      { maxConcurrent: 10, limiter: { kind: 'delay' } },
      { classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled' }) },
    );
    await expect(pipeline.run(() => Promise.reject(new Error('503')))).rejects.toThrow('503');
    expect(pipeline.snapshot().queue?.delayMs).toBe(1_000);
    void begin('n1');
    void begin('high', 'high');
    expect(started).toEqual(['high']);
    await clock.advance(999);
    expect(started).toEqual(['high']);
    await clock.advance(1);
    expect(started).toEqual(['high', 'n1']);
  });

  it('forgets what it has learned when a person says so, and whoever waited for it starts', async () => {
    const changes: string[] = [];
    const { begin, pipeline, started } = create(
      { maxConcurrent: 10, limiter: { kind: 'delay' } },
      {
        classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled' }),
        onEvent: ({ kind }) => void (kind.startsWith('limiter.') && changes.push(kind)),
      },
    );
    await expect(pipeline.run(() => Promise.reject(new Error('503')))).rejects.toThrow('503');
    void begin('n1');
    expect(started).toEqual([]);
    pipeline.admission?.forgetPace();
    expect(started).toEqual(['n1']);
    expect(pipeline.snapshot().queue?.delayMs).toBe(0);
    expect(changes).toEqual(['limiter.slowed', 'limiter.recovered']);
    pipeline.admission?.forgetPace();
    expect(changes).toHaveLength(2);
  });

  it('learns nothing from what began before it forgot', async () => {
    const { clock, pipeline } = create(
      { maxConcurrent: 10, limiter: { kind: 'delay' } },
      { classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled' }) },
    );
    const refuse = (): Promise<void> => new Promise((_resolve, reject) => clock.after(1_000, () => reject(new Error('503'))));
    const old = pipeline.attempt(refuse);
    await clock.advance(500);
    pipeline.admission?.forgetPace();
    const young = pipeline.attempt(refuse);
    await clock.advance(500);
    expect((await old).ok).toBe(false);
    expect(pipeline.snapshot().queue?.delayMs).toBe(0);
    await clock.advance(500);
    expect((await young).ok).toBe(false);
    expect(pipeline.snapshot().queue?.delayMs).toBeGreaterThan(0);
  });

  it.each([
    { way: 'counted by hand', send: ({ admission }: Pipeline) => admission?.countRequest('critical') },
    { way: 'parked', send: (pipeline: Pipeline) => void pipeline.run(() => new Promise<void>(() => undefined), { lane: 'parked' }) },
  ])('makes later calls wait for a request that waited for nothing itself: $way', async ({ send }) => {
    const { begin, clock, end, pipeline, started } = create(
      { maxConcurrent: 10, limiter: { kind: 'pacedWindow' } },
      { classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled' }) },
    );
    await clock.advance(1);
    // Two a second less a fifth, as nothing is known.
    await expect(pipeline.run(() => Promise.reject(new Error('503')))).rejects.toThrow('503');
    await clock.advance(625);
    send(pipeline);
    void begin('n1');
    await clock.advance(624);
    expect(started).toEqual([]);
    await clock.advance(1);
    expect(started).toEqual(['n1']);
    await end('n1');
  });

  it('without a limiter has nothing to forget and nothing to count', () => {
    const { pipeline } = create({ maxConcurrent: 2 });
    expect(() => pipeline.admission?.forgetPace()).not.toThrow();
    expect(() => pipeline.admission?.countRequest()).not.toThrow();
  });

  it('uses the timeout that an error names', async () => {
    const { pipeline } = create(
      { maxConcurrent: 10, limiter: { kind: 'delay' } },
      { classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled' }) },
    );
    await expect(pipeline.run(() => Promise.reject(new Error('connect timeout=4')))).rejects.toThrow('timeout');
    expect(pipeline.snapshot().queue?.delayMs).toBeCloseTo(4_000 / 0.8);
    await expect(pipeline.run(() => Promise.reject('timeout=9'), { priority: 'high' })).rejects.toBe('timeout=9');
    expect(pipeline.snapshot().queue?.delayMs).toBe(10_000);
  });

  it('learns a window and a rate, and keeps a place for what a person does at this moment', async () => {
    const { begin, end, pipeline, started, clock } = create(
      { maxConcurrent: 10, interactiveReserve: 0, limiter: { kind: 'pacedWindow', initialWindow: 2 } },
      {
        classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled', retryAfterMs: 1_000 }),
      },
    );
    for (const name of ['n1', 'n2', 'n3']) void begin(name);
    void begin('high', 'high');
    void begin('critical', 'critical');
    expect(started).toEqual(['n1', 'n2', 'critical']);
    await end('n1');
    await end('n2');
    expect(started.slice(3)).toEqual(['high']);
    await end('critical');
    expect(started.slice(4)).toEqual(['n3']);
    await end('high');
    await expect(pipeline.run(() => Promise.reject(new Error('503')))).rejects.toThrow('503');
    expect(pipeline.snapshot().queue?.delayMs).toBeCloseTo(625);
    void begin('late', 'critical');
    await clock.advance(999);
    expect(started).not.toContain('late');
    await clock.advance(101);
    expect(started).toContain('late');
  });

  it('that shrinks below what is under way leaves the kept slot free for what a person does at this moment, and only that', async () => {
    let window = 3;
    const limiter: Limiter = {
      delayMs: 0,
      windowFor: () => window,
      readyAtMs: () => 0,
      started: () => undefined,
      settled: () => undefined,
    };
    const { begin, started } = create({ maxConcurrent: 4, limiter: { kind: 'custom', create: () => limiter } });
    for (const name of ['n1', 'n2', 'n3']) void begin(name);
    window = 1;
    void begin('high', 'high');
    void begin('c1', 'critical');
    void begin('c2', 'critical');
    expect(started).toEqual(['n1', 'n2', 'n3', 'c1']);
  });

  it('of the caller hears who waits because of it, and who does not', async () => {
    const held: number[] = [];
    const settled: number[] = [];
    const limiter: Limiter = {
      delayMs: 0,
      windowFor: () => 2,
      readyAtMs: () => 100,
      heldBack: (nowMs) => void held.push(nowMs),
      started: () => undefined,
      settled: (_sample, inFlight) => void settled.push(inFlight),
    };
    const { begin, end, clock, started } = create({
      maxConcurrent: 3,
      interactiveReserve: 0,
      minIntervalMs: 10,
      limiter: { kind: 'custom', create: () => limiter },
    });
    void begin('a');
    expect(held.length).toBeGreaterThan(0);
    expect(new Set(held)).toEqual(new Set([0]));
    await clock.advance(100);
    held.length = 0;
    void begin('b');
    expect(held).toEqual([]);
    await clock.advance(10);
    expect(started).toEqual(['a', 'b']);
    await clock.advance(10);
    void begin('c');
    expect(held.length).toBeGreaterThan(0);
    await end('a');
    expect(started).toEqual(['a', 'b', 'c']);
    expect(settled).toEqual([2]);
  });

  it('that is fixed leaves the hard bounds alone', async () => {
    const { begin, started, pipeline } = create({ maxConcurrent: 2, interactiveReserve: 0, limiter: { kind: 'fixed' } });
    await expect(pipeline.run(() => Promise.reject(new Error('503')))).rejects.toThrow('503');
    for (const name of ['a', 'b', 'c']) void begin(name);
    expect(started).toEqual(['a', 'b']);
    expect(pipeline.snapshot().queue?.delayMs).toBe(0);
  });

  it('without an ear for waiting may be of the caller too', async () => {
    const limiter: Limiter = {
      delayMs: 0,
      windowFor: () => 1,
      readyAtMs: () => 0,
      started: () => undefined,
      settled: () => undefined,
    };
    const { begin, end, started } = create({ maxConcurrent: 3, limiter: { kind: 'custom', create: () => limiter } });
    void begin('a');
    void begin('b');
    expect(started).toEqual(['a']);
    await end('a');
    expect(started).toEqual(['a', 'b']);
  });
});

it('holds every bound in any order of calls, ends, aborts and waits', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('call' as const), priority: fc.constantFrom(...PRIORITIES) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 49, 50, 200) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(0, 50),
      fc.array(step, { maxLength: 30 }),
      fc.constantFrom<LimiterSpec>(
        { kind: 'fixed' },
        { kind: 'delay' },
        { kind: 'delay', law: 'as-written', maxMs: 1_000 },
        { kind: 'pacedWindow' },
        { kind: 'aimd' },
      ),
      async (max, minIntervalMs, steps, limiter) => {
        const clock = new ManualClock();
        const pipeline = createPipeline(
          { admission: { maxConcurrent: max, minIntervalMs, limiter }, attempt: { timeoutMs: 500, abandonedMs: 500 } },
          { key: 'x', clock, random: createSeededRandom(1) },
        );
        const running = new Map<number, { readonly priority: Priority; readonly resolve: () => void }>();
        const controllers: AbortController[] = [];
        const starts: number[] = [];
        let settled = 0;
        let mostRunning = 0;
        let mostBackground = 0;
        let calls = 0;
        for (const action of steps) {
          if (action.kind === 'call') {
            const id = calls++;
            const controller = new AbortController();
            controllers.push(controller);
            const done = (): void => void settled++;
            pipeline
              .run(
                () =>
                  new Promise<void>((resolve) => {
                    starts.push(clock.now());
                    running.set(id, { priority: action.priority, resolve });
                    mostRunning = Math.max(mostRunning, running.size);
                    const background = [...running.values()].filter(({ priority }) => priority === 'normal' || priority === 'low').length;
                    mostBackground = Math.max(mostBackground, background);
                    // An attempt that was given up keeps its slot for `abandonedMs`: after its timeout, or after the caller has left.
                    clock.after(999, () => running.delete(id));
                    controller.signal.addEventListener('abort', () => void clock.after(499, () => running.delete(id)));
                  }),
                { priority: action.priority, signal: controller.signal },
              )
              .then(done, done);
          } else if (action.kind === 'end') {
            const [id, call] = [...running][action.pick % Math.max(1, running.size)] ?? [];
            if (id === undefined || call === undefined) continue;
            running.delete(id);
            call.resolve();
          } else if (action.kind === 'abort') {
            controllers[action.pick % Math.max(1, controllers.length)]?.abort();
          } else {
            await clock.advance(action.ms);
          }
          await clock.advance(0);
        }
        await clock.advance(120_000);
        expect(settled).toBe(calls);
        expect(pipeline.snapshot().queue).toMatchObject({ active: 0, waiting: 0 });
        expect(clock.pendingCount).toBe(0);
        const gaps = starts.slice(1).map((startedAtMs, index) => startedAtMs - (starts[index] ?? 0));
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(minIntervalMs);
        expect(mostRunning).toBeLessThanOrEqual(max);
        expect(mostBackground).toBeLessThanOrEqual(Math.max(1, max - 1));
      },
    ),
    { numRuns: 300 },
  );
});
