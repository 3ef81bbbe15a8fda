import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { EventListener, ResilienceEvent } from './events.ts';
import { PipelineCore } from './pipeline-core.ts';
import type { PipelineSpec } from './spec.ts';

function create(spec: PipelineSpec, onEvent?: EventListener) {
  const clock = new ManualClock();
  return { clock, core: new PipelineCore(spec, { key: 'server-1', clock, random: () => 0.5, onEvent }) };
}

const BREAKER = { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } as const;

describe('what all calls of a pipeline share', () => {
  it.each<[PipelineSpec, boolean]>([
    [{}, true],
    [{ breaker: BREAKER }, true],
    [{ deadlineMs: 5 }, false],
    [{ attempt: { timeoutMs: 5 } }, false],
    [{ admission: { maxConcurrent: 5 } }, false],
  ])('with %j knows whether anything ends a call or makes it wait', (spec, isUntimed) => {
    expect(create(spec).core.isUntimed).toBe(isUntimed);
  });

  it('expects of no call to be quicker than nearly all have been, once there were enough', () => {
    const { core } = create({});
    expect(core.leastLatencyMs()).toBe(0);
    core.latency.add(40);
    for (let call = 0; call < 18; call++) core.latency.add(1_000);
    expect(core.leastLatencyMs()).toBe(0);
    core.latency.add(1_000);
    // One of twenty was quicker.
    expect(core.leastLatencyMs()).toBeGreaterThan(30);
    expect(core.leastLatencyMs()).toBeLessThan(60);
    core.latency.add(1_000);
    expect(core.leastLatencyMs()).toBeLessThan(1_100);
  });

  it('has the timeout of an operation, of all others, or none', () => {
    expect(create({}).core.timeoutMsOf('copy')).toBeUndefined();
    const { core } = create({ attempt: { timeoutMs: 100, timeoutMsByOp: { copy: 500 } } });
    expect(['copy', 'read', 'constructor', undefined].map((op) => core.timeoutMsOf(op))).toEqual([500, 100, 100, 100]);
    expect(create({ attempt: { timeoutMs: 100 } }).core.hasOwnTimeout('copy')).toBe(false);
  });

  it('learns a timeout from what succeeded or was too slow, but not from operations that have their own', () => {
    const attempt = { timeoutMs: 10_000, timeoutMsByOp: { copy: 500 }, adaptive: { minMs: 1, factor: 1, samples: 2, quantile: 1 } };
    const { core } = create({ attempt });
    for (const kind of ['ignored', 'canceled'] as const) for (let time = 0; time < 2; time++) core.learnTimeout('read', { kind }, 5);
    for (let time = 0; time < 2; time++) core.learnTimeout('copy', { kind: 'success' }, 5);
    core.learnTimeout('read', { kind: 'success' }, 5);
    expect(core.timeoutMsOf('read')).toBe(10_000);
    core.learnTimeout(undefined, { kind: 'timeout' }, 5);
    expect(core.timeoutMsOf('read')).toBeLessThan(10);
    expect(core.timeoutMsOf('copy')).toBe(500);
    create({ attempt: { timeoutMs: 5 } }).core.learnTimeout('read', { kind: 'success' }, 5);
  });

  it('counts each verdict where it belongs', () => {
    const { core } = create({});
    core.countAttempt({ kind: 'success' }, null);
    for (let time = 0; time < 2; time++) core.countAttempt({ kind: 'failure', transient: false }, null);
    for (let time = 0; time < 3; time++) core.countAttempt({ kind: 'timeout' }, null);
    for (let time = 0; time < 4; time++) core.countAttempt({ kind: 'throttled' }, null);
    for (let time = 0; time < 5; time++) core.countAttempt({ kind: 'ignored' }, null);
    for (let time = 0; time < 6; time++) core.countAttempt({ kind: 'canceled' }, null);
    expect(core.callFigures()).toMatchObject({ ok: 1, failed: 2, timeout: 3, throttled: 4, ignored: 5, canceled: 6 });
  });

  it('is made once, and only when somebody needs it', () => {
    const { core } = create({});
    expect(core.counts).toBe(core.counts);
    expect(core.aborts).toBe(core.aborts);
    expect(core.deadlines).toBe(core.deadlines);
    expect(core.rejections).toBe(core.rejections);
    expect([core.breaker, core.gate, core.retryBudget, core.adaptiveTimeout, core.createOperationCount()]).toEqual(Array(5).fill(null));
  });
});

describe('what a pipeline tells', () => {
  it('has its time and key, and is told only to those that want it', () => {
    const events: ResilienceEvent[] = [];
    const hear = Object.assign((event: ResilienceEvent) => void events.push(event), {
      hears: (kind: ResilienceEvent['kind']) => kind === 'call.rejected',
    });
    const { core, clock } = create({}, hear);
    core.emit({ kind: 'breaker.half-opened' });
    core.countRejection({ op: 'read', priority: 'low' }, 'RESILIENCE_CLOSED');
    expect(events).toEqual([
      { kind: 'call.rejected', op: 'read', priority: 'low', code: 'RESILIENCE_CLOSED', atWallMs: clock.wall(), key: 'server-1' },
    ]);
    expect([core.hears('call.rejected'), core.hears('call.ended'), create({}).core.hears('call.rejected')]).toEqual([true, false, false]);
    expect(core.callFigures().rejected).toBe(1);
    create({}).core.countRejection({ op: 'read', priority: 'low' }, 'RESILIENCE_CLOSED');
  });
});

describe('the lease of a probe', () => {
  it.each<[PipelineSpec, number]>([
    [{ breaker: BREAKER }, 60_000],
    [{ breaker: BREAKER, attempt: { timeoutMs: 1_000 } }, 6_000],
    [{ breaker: { ...BREAKER, halfOpen: { leaseMs: 700 } }, attempt: { timeoutMs: 1_000 } }, 700],
  ])('with %j lasts %d ms', async (spec, leaseMs) => {
    const { core, clock } = create(spec);
    core.breaker?.trip('test');
    await clock.advance(1_000);
    core.breaker?.admit(clock.now());
    expect(core.breaker?.retryAfterMs(clock.now())).toBe(leaseMs);
  });
});
