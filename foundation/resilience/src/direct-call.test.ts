import { type Clock, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import type { CallContext } from './call-context.ts';
import { createPipeline } from './pipeline.ts';
import type { PipelineSpec } from './spec.ts';

const BREAKER = { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_000 } as const;
const refuse = (): Promise<never> => Promise.reject(new Error('refused'));

/** Counts how often time is read. */
function create(spec: PipelineSpec) {
  const clock = new ManualClock();
  const seen = { reads: 0 };
  const counting: Clock = {
    now: () => {
      seen.reads++;
      return clock.now();
    },
    wall: () => clock.wall(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
  return { clock, seen, pipeline: createPipeline(spec, { key: 'server-1', clock: counting }) };
}

describe('a call that only its callee ends', () => {
  it('is timed at first, and later one of sixteen', async () => {
    const { pipeline, seen, clock } = create({ breaker: BREAKER });
    const call = (): Promise<void> => pipeline.run(() => clock.advance(5));
    for (let time = 0; time < 128; time++) await call();
    expect(seen.reads).toBe(256);
    for (let time = 0; time < 160; time++) await call();
    expect(seen.reads).toBe(256 + 20);
    expect(pipeline.snapshot().calls).toMatchObject({ total: 288, ok: 288 });
    expect(pipeline.snapshot().calls.p50Ms).toBe(5.5);
  });

  it('always has its time where slow calls count', async () => {
    const trip = { kind: 'count-window', calls: 10, minCalls: 10, slowRate: 0.5, slowMs: 10 } as const;
    const { pipeline, clock } = create({ breaker: { trip, openMs: 1_000 } });
    for (let time = 0; time < 200; time++) await pipeline.run(() => 1);
    for (let time = 0; time < 5; time++) await pipeline.run(() => clock.advance(11));
    expect(pipeline.breaker?.state).toBe('open');
  });

  it('opens the breaker by its failures, however late they come', async () => {
    const { pipeline, clock } = create({ breaker: BREAKER });
    for (let time = 0; time < 200; time++) await pipeline.run(() => 1);
    await clock.advance(60_000);
    for (let time = 0; time < 2; time++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN', retryAfterMs: 1_000 });
    expect(pipeline.snapshot().calls).toMatchObject({ total: 203, ok: 200, failed: 2, rejected: 1 });
  });

  it('does not count what ended after the breaker had opened', async () => {
    const { pipeline } = create({ breaker: BREAKER });
    let fail: (error: Error) => void = () => undefined;
    const late = pipeline.run(
      () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    );
    pipeline.breaker?.trip('test');
    pipeline.breaker?.reset();
    fail(new Error('late'));
    await expect(late).rejects.toThrow('late');
    expect(pipeline.snapshot().breaker).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('is judged by the classifier, of which the caller hears when it throws', async () => {
    const { pipeline } = create({
      breaker: BREAKER,
      classify: ({ ok }, { op, attempt }) => {
        if (op === 'broken') throw new RangeError(`attempt ${attempt}`);
        return ok && op === 'throttled' ? { kind: 'throttled' } : { kind: 'success' };
      },
    });
    await expect(pipeline.run(() => 'value', { op: 'throttled' })).resolves.toBe('value');
    await expect(pipeline.run(() => 1, { op: 'broken' })).rejects.toThrow('attempt 1');
    await expect(pipeline.run(refuse, { op: 'broken' })).rejects.toThrow('attempt 1');
    expect(pipeline.snapshot()).toMatchObject({ breaker: { failures: 1 }, calls: { throttled: 1, ignored: 2, ok: 0 } });
  });

  it('earns repetitions for others, and is not direct where it may be repeated itself', async () => {
    const { pipeline, clock } = create({
      retry: { attempts: 2, backoff: constantBackoff(10), budget: { capacity: 1, share: 0.5, perSecond: 0 } },
    });
    let attempts = 0;
    const repeat = async (): Promise<void> => {
      const call = pipeline.attempt(
        () => {
          attempts++;
          return refuse();
        },
        { idempotent: true },
      );
      await clock.advance(10);
      await call;
    };
    await repeat();
    await repeat();
    expect(attempts).toBe(3);
    await pipeline.run(() => 1);
    await pipeline.run(() => 1);
    await repeat();
    expect(attempts).toBe(5);
  });

  it('shows its callee what any other call shows', async () => {
    const { pipeline } = create({ breaker: BREAKER });
    const look = ({ op, key, priority, fairKey, idempotent, attempt, signal, ...rest }: CallContext): unknown => ({
      op,
      key,
      priority,
      fairKey,
      idempotent,
      attempt,
      isAborted: signal.aborted,
      rest,
    });
    const own = await pipeline.run((context) => ({ ...(look(context) as object), leftMs: context.remainingMs() }), {
      op: 'read',
      fairKey: 'ada',
    });
    const long = await pipeline.attempt((context) => ({ ...(look(context) as object), leftMs: context.remainingMs() }), {
      op: 'read',
      fairKey: 'ada',
    });
    expect(own).toMatchObject({
      op: 'read',
      key: 'server-1',
      priority: 'normal',
      fairKey: 'ada',
      idempotent: false,
      attempt: 1,
      isAborted: false,
    });
    expect({ ...own, rest: null }).toEqual({ ...(long.ok ? (long.value as object) : {}), rest: null });
  });

  it('is called a call where nobody gives it a name', async () => {
    const { pipeline } = create({});
    expect(await pipeline.run(({ op, idempotent }) => [op, idempotent])).toEqual(['call', false]);
  });

  it('is timed when it fails, its duration counts, and canceled ones count nowhere', async () => {
    const { pipeline, clock } = create({
      classify: ({ ok }, { op }) => ({ kind: op === 'left' ? 'canceled' : ok ? 'success' : 'ignored' }),
    });
    const take = (op: string, durationMs: number): Promise<void> => pipeline.run(() => clock.advance(durationMs), { op });
    await take('read', 10);
    await take('left', 10_000);
    expect(pipeline.snapshot().calls).toMatchObject({ ok: 1, canceled: 1, durations: { count: 1, sumMs: 10 } });
    expect(pipeline.snapshot().calls.p99Ms).toBeLessThan(12);
    const failing = pipeline.run(() => clock.advance(500).then(refuse), { op: 'read' });
    await expect(failing).rejects.toThrow('refused');
    expect(pipeline.snapshot().calls).toMatchObject({ ignored: 1, durations: { count: 2, sumMs: 510 } });
    expect(pipeline.snapshot().calls.p99Ms).toBeLessThan(12);
  });

  it('needs no clock where nothing is timed, with and without a breaker', async () => {
    for (const spec of [{}, { breaker: BREAKER }]) {
      const { pipeline, seen } = create(spec);
      for (let time = 0; time < 129; time++) await pipeline.run(() => 1);
      const before = seen.reads;
      for (let time = 0; time < 15; time++) await pipeline.run(() => 1);
      expect(seen.reads).toBe(before);
      await expect(pipeline.run(refuse)).rejects.toThrow('refused');
      expect(pipeline.snapshot().calls).toMatchObject({ total: 145, ok: 144 });
    }
  });

  it('is given up where it has a timeout or a deadline of its own', async () => {
    const { pipeline, clock } = create({});
    const never = (): Promise<never> => new Promise(() => undefined);
    const keep = (error: unknown): unknown => error;
    const ended = Promise.all([pipeline.run(never, { timeoutMs: 10 }).catch(keep), pipeline.run(never, { deadlineMs: 10 }).catch(keep)]);
    await clock.advance(10);
    expect(await ended).toMatchObject([{ code: 'RESILIENCE_ATTEMPT_TIMEOUT' }, { code: 'RESILIENCE_DEADLINE' }]);
  });

  it('is turned away when the pipeline is closed', async () => {
    const { pipeline } = create({});
    pipeline.close();
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CLOSED' });
  });
});
