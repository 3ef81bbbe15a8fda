import { inspect } from 'node:util';
import { createSeededRandom, isOpsError, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff, exponentialBackoff } from './backoff.ts';
import type { CallContext, RunOptions } from './call-context.ts';
import type { ResilienceEvent } from './events.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { isResilienceError, ResilienceError } from './resilience-error.ts';
import type { PipelineSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

function create(spec: PipelineSpec) {
  const clock = new ManualClock();
  const events: ResilienceEvent[] = [];
  const pipeline = createPipeline(spec, { key: 'server-1', clock, random: createSeededRandom(1), onEvent: (event) => events.push(event) });
  /** Runs and keeps what came of it, so that a test can move time in between. */
  const watch = (callee: (context: CallContext) => unknown, options?: RunOptions) => {
    const watched = { state: 'pending' as 'pending' | 'resolved' | 'rejected', result: undefined as unknown };
    pipeline.run(callee, options).then(
      (value) => Object.assign(watched, { state: 'resolved', result: value }),
      (error: unknown) => Object.assign(watched, { state: 'rejected', result: error }),
    );
    return watched;
  };
  return { clock, events, pipeline, watch };
}

const never = (): Promise<never> => new Promise(() => undefined);
const refuse = (): Promise<never> => Promise.reject(new Error('refused'));
const BREAKER = { trip: { kind: 'consecutive', failures: 2 }, openMs: 30_000 } as const;

describe('run', () => {
  it('gives the value of a callee, asynchronous or not', async () => {
    const { pipeline } = create({});
    await expect(pipeline.run(async () => 42)).resolves.toBe(42);
    await expect(pipeline.run(() => 43)).resolves.toBe(43);
    expect(pipeline.key).toBe('server-1');
    await expect(pipeline.run(() => null)).resolves.toBeNull();
    expect(pipeline.snapshot()).toMatchObject({ key: 'server-1', breaker: null, queue: null, calls: { total: 3, ok: 3 } });
  });

  it('passes on what a callee throws or rejects with, unchanged', async () => {
    const { pipeline } = create({});
    const error = new Error('no');
    await expect(pipeline.run(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      pipeline.run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(pipeline.snapshot().calls).toMatchObject({ ok: 0, failed: 2 });
  });

  it('says who asks for what', async () => {
    const { pipeline } = create({});
    const seen = await pipeline.run(({ op, key, priority, idempotent, attempt }) => ({ op, key, priority, idempotent, attempt }), {
      op: 'list machines',
      priority: 'high',
      idempotent: true,
    });
    expect(seen).toEqual({ op: 'list machines', key: 'server-1', priority: 'high', idempotent: true, attempt: 1 });
  });

  it('refuses a specification that cannot work', () => {
    expect(() => create({ deadlineMs: 0 })).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });

  it('turns calls away once closed', async () => {
    const { pipeline } = create({});
    pipeline.close();
    await expect(pipeline.run(() => 1, { op: 'x' })).rejects.toMatchObject({ code: 'RESILIENCE_CLOSED' });
  });

  it('turns away who waits when it is closed, and repeats nothing', async () => {
    const { pipeline, watch, clock } = create({ admission: { maxConcurrent: 1 }, retry: { attempts: 2, backoff: constantBackoff(10) } });
    let attempts = 0;
    const pausing = watch(() => Promise.reject(new Error(`attempt ${++attempts}`)), { idempotent: true });
    await clock.advance(0);
    const running = watch(() => new Promise((resolve) => void clock.after(50, () => resolve('done'))));
    const waiting = watch(() => 1);
    pipeline.close();
    await clock.advance(0);
    expect(waiting.result).toMatchObject({ code: 'RESILIENCE_CLOSED' });
    await clock.advance(100);
    expect(running.result).toBe('done');
    expect(pausing.result).toMatchObject({ code: 'RESILIENCE_CLOSED', details: { attempts: 1 } });
    expect(attempts).toBe(1);
    expect(pipeline.snapshot().queue).toMatchObject({ waiting: 0, active: 0 });
  });

  it('uses system time when no clock is given', async () => {
    await expect(createPipeline({}, { key: 'x' }).run((context) => context.remainingMs())).resolves.toBe(Number.POSITIVE_INFINITY);
  });

  it('is not harmed by a listener that throws; its error surfaces by itself', async () => {
    const surfaced = new Promise((resolve) => process.once('unhandledRejection', resolve));
    const pipeline = createPipeline(
      { breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1 } },
      {
        key: 'x',
        clock: new ManualClock(),
        onEvent: () => {
          throw new Error('listener');
        },
      },
    );
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    expect(await surfaced).toMatchObject({ message: 'listener' });
  });
});

describe('rejections', () => {
  it('are errors to everybody who asks', async () => {
    const { pipeline } = create({ breaker: BREAKER });
    for (let call = 0; call < 2; call++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    const first: unknown = await pipeline.run(() => 1, { op: 'list' }).catch((error: unknown) => error);
    const second: unknown = await pipeline.run(() => 1, { op: 'power' }).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(ResilienceError);
    expect(first).toBeInstanceOf(Error);
    expect(isOpsError(first) && isResilienceError(first)).toBe(true);
    expect(first).not.toBe(second);
    expect(first).toMatchObject({
      code: 'RESILIENCE_CIRCUIT_OPEN',
      key: 'server-1',
      retryAfterMs: 30_000,
      message: 'Circuit breaker of server-1 is open; list was not sent, try again in 30000 ms.',
      details: { key: 'server-1', op: 'list', attempts: 0, retryAfterMs: 30_000 },
    });
    expect(second).toMatchObject({ message: expect.stringContaining('power') });
    expect(inspect(first)).toContain('RESILIENCE_CIRCUIT_OPEN');
    expect(String(first)).toContain('list was not sent');
  });
});

describe('attempt', () => {
  it('answers with an outcome and never rejects', async () => {
    const { pipeline, clock } = create({ breaker: BREAKER });
    const good = pipeline.attempt(async () => 7);
    await expect(good).resolves.toEqual({ ok: true, value: 7, meta: { attempts: 1, waitedMs: 0, tookMs: 0 } });
    for (let call = 0; call < 2; call++)
      await expect(pipeline.attempt(refuse)).resolves.toMatchObject({ ok: false, error: { message: 'refused' } });
    const rejected = await pipeline.attempt(async () => 7);
    await clock.advance(10);
    expect(rejected).toMatchObject({ ok: false, meta: { attempts: 0 } });
    const error = rejected.ok ? undefined : rejected.error;
    expect(error).toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    expect(rejected.ok ? undefined : rejected.error).toBe(error);
  });
});

describe('attempt timeout', () => {
  it('answers in time even if the callee ignores its signal', async () => {
    const { clock, watch, pipeline } = create({ attempt: { timeoutMs: 1_000 } });
    const call = watch(never, { op: 'list' });
    await clock.advance(999);
    expect(call.state).toBe('pending');
    await clock.advance(1);
    expect(call.result).toMatchObject({ code: 'RESILIENCE_ATTEMPT_TIMEOUT', details: { op: 'list', attempts: 1 } });
    expect(pipeline.snapshot().calls).toMatchObject({ timeout: 1, abandoned: 1 });
  });

  it('aborts the signal of its own attempt and of no other', async () => {
    const { clock, watch } = create({ attempt: { timeoutMs: 1_000 } });
    const signals: AbortSignal[] = [];
    const keep = ({ signal }: CallContext): Promise<never> => {
      signals.push(signal);
      return never();
    };
    const call = watch(keep);
    await clock.advance(500);
    watch(keep);
    await clock.advance(500);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toBe(call.result);
  });

  it('shows an aborted signal to a callee that asks for it too late', async () => {
    const { clock, watch } = create({ attempt: { timeoutMs: 1_000 } });
    let context: CallContext | undefined;
    const call = watch((given) => {
      context = given;
      return never();
    });
    await clock.advance(1_000);
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toBe(call.result);
    expect(context?.signal).toBe(context?.signal);
  });

  it('starts when the attempt leaves the queue', async () => {
    const { clock, watch } = create({ admission: { maxConcurrent: 1 }, attempt: { timeoutMs: 1_000, abandonedMs: 0 } });
    watch(never);
    const second = watch(never);
    await clock.advance(1_999);
    expect(second.state).toBe('pending');
    await clock.advance(1);
    expect(second.state).toBe('rejected');
  });

  it('ends the call for good: neither its deadline nor its signal matters any more', async () => {
    const { clock, watch, pipeline } = create({ deadlineMs: 2_000, attempt: { timeoutMs: 1_000 } });
    const controller = new AbortController();
    watch(never, { signal: controller.signal });
    await clock.advance(1_000);
    controller.abort();
    await clock.advance(2_000);
    expect(pipeline.snapshot().calls).toMatchObject({ timeout: 1, canceled: 0, rejected: 0, abandoned: 1 });
  });

  it('takes no notice of an answer that comes after all', async () => {
    const { clock, watch, pipeline } = create({ attempt: { timeoutMs: 1_000, abandonedMs: 500 }, admission: { maxConcurrent: 1 } });
    const call = watch(() => new Promise((resolve) => void clock.after(2_000, () => resolve('late'))));
    await clock.advance(1_500);
    expect(pipeline.snapshot()).toMatchObject({ calls: { abandoned: 0 }, queue: { active: 0 } });
    await clock.advance(1_000);
    expect(call.result).toMatchObject({ code: 'RESILIENCE_ATTEMPT_TIMEOUT' });
    expect(pipeline.snapshot()).toMatchObject({ calls: { abandoned: 0, ok: 0 }, queue: { active: 0 } });
  });

  it('is replaced by what the call says', async () => {
    const { clock, watch } = create({ attempt: { timeoutMs: 1_000 } });
    const call = watch(never, { timeoutMs: 200 });
    await clock.advance(200);
    expect(call.state).toBe('rejected');
  });

  it('tells the callee how much time is left', async () => {
    const { clock, watch } = create({ deadlineMs: 5_000, attempt: { timeoutMs: 1_000 } });
    let context: CallContext | undefined;
    watch((given) => {
      context = given;
      return never();
    });
    await clock.advance(400);
    expect(context?.remainingMs()).toBe(600);
    await clock.advance(4_000);
    expect(context?.remainingMs()).toBe(0);
  });
});

describe('timeout of an operation', () => {
  it('stands in place of the usual one, and gives way to that of the call', async () => {
    const { clock, watch } = create({ attempt: { timeoutMs: 1_000, timeoutMsByOp: { install: 5_000 } } });
    const usual = watch(never, { op: 'toString' });
    const long = watch(never, { op: 'install' });
    const own = watch(never, { op: 'install', timeoutMs: 2_000 });
    await clock.advance(1_000);
    expect([usual.state, long.state, own.state]).toEqual(['rejected', 'pending', 'pending']);
    await clock.advance(1_000);
    expect([long.state, own.state]).toEqual(['pending', 'rejected']);
    await clock.advance(3_000);
    expect(long.result).toMatchObject({ code: 'RESILIENCE_ATTEMPT_TIMEOUT' });
  });

  it('takes no part in what adapts', async () => {
    const { clock, watch } = create({
      attempt: { timeoutMs: 10_000, timeoutMsByOp: { install: 9_000 }, adaptive: { quantile: 0.5, factor: 1, minMs: 1, samples: 1 } },
    });
    watch(() => clock.advance(8_000), { op: 'install' });
    await clock.advance(8_000);
    const usual = watch(never);
    await clock.advance(9_999);
    expect(usual.state).toBe('pending');
  });
});

describe('deadline', () => {
  it('may be infinite, which is none', async () => {
    const { clock, watch } = create({ deadlineMs: 100 });
    const endless = watch(never, { deadlineMs: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY });
    await clock.advance(1_000_000);
    expect(endless.state).toBe('pending');
    expect(clock.pendingCount).toBe(0);
  });

  it('covers queue, attempts and pauses together', async () => {
    const { clock, watch, pipeline } = create({ deadlineMs: 1_000, admission: { maxConcurrent: 1 } });
    const running = watch(never, { deadlineMs: 10_000 });
    const queued = watch(() => 1);
    await clock.advance(1_000);
    expect(queued.result).toMatchObject({ code: 'RESILIENCE_DEADLINE' });
    expect(running.state).toBe('pending');
    expect(pipeline.snapshot().queue?.waiting).toBe(0);
    await clock.advance(9_000);
    expect(running.result).toMatchObject({ code: 'RESILIENCE_DEADLINE' });
  });

  it('ends a pause before a repetition', async () => {
    const { clock, watch } = create({ deadlineMs: 1_000, retry: { attempts: 3, backoff: constantBackoff(600) } });
    let calls = 0;
    const call = watch(
      () => {
        calls++;
        return refuse();
      },
      { idempotent: true },
    );
    await clock.advance(600);
    expect(call).toMatchObject({ state: 'rejected', result: { message: 'refused' } });
    expect(calls).toBe(2);
  });

  it('blames the server only where there is no attempt timeout to do it', async () => {
    const judged = create({ breaker: BREAKER });
    for (let call = 0; call < 2; call++) judged.watch(never, { deadlineMs: 100 });
    await judged.clock.advance(100);
    expect(judged.pipeline.breaker?.state).toBe('open');
    const spared = create({ breaker: BREAKER, attempt: { timeoutMs: 1_000 } });
    for (let call = 0; call < 2; call++) spared.watch(never, { deadlineMs: 100 });
    await spared.clock.advance(100);
    expect(spared.pipeline.breaker?.state).toBe('closed');
    expect(spared.pipeline.snapshot().calls).toMatchObject({ canceled: 2, timeout: 0 });
  });

  it('that is over at the start is a rejection', async () => {
    const { pipeline } = create({});
    await expect(pipeline.run(() => 1, { deadlineMs: 0 })).rejects.toMatchObject({ code: 'RESILIENCE_DEADLINE' });
  });

  it('leaves no trace of a call that ends in time', async () => {
    const { pipeline, clock } = create({ deadlineMs: 1_000 });
    await pipeline.run(() => 1);
    await clock.advance(1_000);
    expect(clock.pendingCount).toBe(0);
    expect(pipeline.snapshot().calls).toMatchObject({ ok: 1, rejected: 0 });
  });
});

describe('retry', () => {
  const RETRY = { attempts: 3, backoff: exponentialBackoff({ firstMs: 1_000, capMs: 10_000, jitter: 'none' }) };
  const failing = (times: number) => {
    const state = { calls: 0, callee: async (): Promise<string> => (++state.calls <= times ? refuse() : 'done') };
    return state;
  };

  it('repeats an idempotent call after growing pauses', async () => {
    const { clock, watch, events, pipeline } = create({ retry: RETRY });
    const server = failing(2);
    const call = watch(server.callee, { idempotent: true, op: 'list' });
    await clock.advance(999);
    expect(server.calls).toBe(1);
    await clock.advance(1);
    expect(server.calls).toBe(2);
    await clock.advance(2_000);
    expect(call).toEqual({ state: 'resolved', result: 'done' });
    expect(events).toMatchObject([
      { kind: 'call.retried', op: 'list', attempt: 1, attempts: 3, delayMs: 1_000, key: 'server-1', error: { message: 'refused' } },
      { kind: 'call.retried', attempt: 2, delayMs: 2_000 },
    ]);
    expect(pipeline.snapshot().calls).toMatchObject({ total: 1, retries: 2, ok: 1, failed: 2 });
  });

  it('gives the last error after all attempts', async () => {
    const { clock, watch } = create({ retry: RETRY });
    const server = failing(9);
    const call = watch(server.callee, { idempotent: true });
    await clock.advance(60_000);
    expect(call).toMatchObject({ state: 'rejected', result: { message: 'refused' } });
    expect(server.calls).toBe(3);
  });

  it('never repeats what was not said to be idempotent', async () => {
    const { pipeline } = create({ retry: RETRY });
    const server = failing(1);
    await expect(pipeline.run(server.callee)).rejects.toThrow('refused');
    expect(server.calls).toBe(1);
  });

  it.each<[Verdict, number]>([
    [{ kind: 'failure', transient: true }, 2],
    [{ kind: 'failure', transient: false }, 1],
    [{ kind: 'throttled' }, 2],
    [{ kind: 'timeout' }, 2],
    [{ kind: 'ignored' }, 1],
    [{ kind: 'canceled' }, 1],
  ])('after %j makes %d attempts', async (verdict, expected) => {
    const { clock, watch } = create({ retry: { ...RETRY, attempts: 2 }, classify: () => verdict });
    const server = failing(9);
    const call = watch(server.callee, { idempotent: true });
    await clock.advance(60_000);
    expect(call.state).toBe('rejected');
    expect(server.calls).toBe(expected);
  });

  it('repeats a value that is judged a failure, and returns the last one', async () => {
    const { clock, watch } = create({
      retry: RETRY,
      classify: (settlement) => (settlement.ok && settlement.value === 503 ? { kind: 'throttled' } : { kind: 'success' }),
    });
    const answers = [503, 200];
    const recovered = watch(() => answers.shift(), { idempotent: true });
    const hopeless = watch(() => 503, { idempotent: true });
    await clock.advance(60_000);
    expect(recovered).toEqual({ state: 'resolved', result: 200 });
    expect(hopeless).toEqual({ state: 'resolved', result: 503 });
  });

  it('waits as long as the server asks, and gives up when that is too long', async () => {
    const { clock, watch } = create({
      retry: { ...RETRY, retryAfterCapMs: 5_000 },
      classify: (settlement) =>
        settlement.ok ? { kind: 'success' } : { kind: 'throttled', retryAfterMs: Number((settlement.error as Error).message) },
    });
    const polite = failing(0);
    let isFirst = true;
    const obedient = watch(
      () => {
        if (!isFirst) return polite.callee();
        isFirst = false;
        throw new Error('4000');
      },
      { idempotent: true },
    );
    const refused = watch(() => Promise.reject(new Error('5001')), { idempotent: true });
    const patient = watch((context) => (context.attempt === 1 ? Promise.reject(new Error('5000')) : 'done'), { idempotent: true });
    await clock.advance(3_999);
    expect(obedient.state).toBe('pending');
    expect(refused).toMatchObject({ state: 'rejected', result: { message: '5001' } });
    await clock.advance(1);
    expect(obedient).toEqual({ state: 'resolved', result: 'done' });
    await clock.advance(1_000);
    expect(patient).toEqual({ state: 'resolved', result: 'done' });
  });

  it('keeps its own pause when the server asks for less, or for the cap that nobody set', async () => {
    const { clock, watch } = create({
      retry: RETRY,
      classify: (settlement) => (settlement.ok ? { kind: 'success' } : { kind: 'throttled', retryAfterMs: 1 }),
    });
    const server = failing(1);
    const call = watch(server.callee, { idempotent: true });
    await clock.advance(999);
    expect(call.state).toBe('pending');
    await clock.advance(1);
    expect(call.state).toBe('resolved');
  });

  it('repeats after an attempt timeout while the old attempt keeps its slot', async () => {
    const { clock, watch, pipeline } = create({
      retry: { attempts: 2, backoff: constantBackoff(0) },
      attempt: { timeoutMs: 100 },
      admission: { maxConcurrent: 2, interactiveReserve: 0 },
    });
    const call = watch((context) => (context.attempt === 1 ? never() : 'second'), { idempotent: true });
    await clock.advance(100);
    expect(call).toEqual({ state: 'resolved', result: 'second' });
    expect(pipeline.snapshot().queue?.active).toBe(1);
    await clock.advance(60_000);
    expect(pipeline.snapshot().queue?.active).toBe(0);
  });
});

describe('classifier', () => {
  it('that throws is reported to the caller and not held against the server', async () => {
    const { pipeline } = create({
      breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } },
      classify: () => {
        throw new Error('defect');
      },
    });
    await expect(pipeline.run(() => 1)).rejects.toThrow('defect');
    expect(pipeline.breaker?.state).toBe('closed');
  });

  it('by default leaves alone what an inner pipeline has already counted', async () => {
    const inner = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 }, attempt: { timeoutMs: 10 } });
    const outer = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } });
    await expect(inner.pipeline.run(refuse)).rejects.toThrow('refused');
    await expect(outer.pipeline.run(() => inner.pipeline.run(() => 1))).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    expect(outer.pipeline.breaker?.state).toBe('closed');
    await expect(
      outer.pipeline.run(() => Promise.reject(new ResilienceError({ code: 'RESILIENCE_ATTEMPT_TIMEOUT', message: 'late' }))),
    ).rejects.toThrow('late');
    expect(outer.pipeline.breaker?.state).toBe('open');
  });
});

describe('listeners that act', () => {
  /** A pipeline whose listener aborts one call, or resets the breaker, at a certain event. */
  function createActing(spec: PipelineSpec, at: ResilienceEvent['kind'], act: (pipeline: Pipeline, controller: AbortController) => void) {
    const clock = new ManualClock();
    const controller = new AbortController();
    const pipeline: Pipeline = createPipeline(spec, {
      key: 'server-1',
      clock,
      random: createSeededRandom(1),
      onEvent: (event) => {
        if (event.kind === at) act(pipeline, controller);
      },
    });
    return { clock, pipeline, signal: controller.signal };
  }
  const abort = (_pipeline: Pipeline, controller: AbortController): void => controller.abort('heard enough');
  const reset = (pipeline: Pipeline): void => pipeline.breaker?.reset();

  it('may cancel a call that is about to be repeated', async () => {
    const retry = { attempts: 3, backoff: constantBackoff(10) };
    const { clock, pipeline, signal } = createActing({ retry }, 'call.retried', abort);
    await expect(pipeline.run(refuse, { idempotent: true, signal })).rejects.toBe('heard enough');
    await clock.advance(1_000);
    expect(pipeline.snapshot().calls).toMatchObject({ failed: 1, canceled: 1 });
  });

  it('may cancel a call whose failure has just opened the breaker', async () => {
    const spec: PipelineSpec = {
      breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } },
      retry: { attempts: 3, backoff: constantBackoff(60_000) },
    };
    const { clock, pipeline, signal } = createActing(spec, 'breaker.opened', abort);
    await expect(pipeline.run(refuse, { idempotent: true, signal })).rejects.toBe('heard enough');
    await clock.advance(600_000);
    expect(pipeline.snapshot().calls).toMatchObject({ failed: 1, canceled: 1, retries: 0 });
  });

  it.each([{}, { admission: { maxConcurrent: 1 } }])('may cancel the call that becomes the probe (%j)', async (more) => {
    const spec: PipelineSpec = { breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } }, ...more };
    const { clock, pipeline, signal } = createActing(spec, 'breaker.half-opened', abort);
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(30_000);
    let calls = 0;
    await expect(pipeline.run(() => calls++, { signal })).rejects.toBe('heard enough');
    expect(calls).toBe(0);
    await expect(pipeline.run(() => 'served')).resolves.toBe('served');
    expect(pipeline.snapshot().queue?.active ?? 0).toBe(0);
  });

  it.each<[string, PipelineSpec, RunOptions, unknown]>([
    ['timed out', { attempt: { timeoutMs: 100 } }, {}, 'heard enough'],
    ['run out of time', {}, { deadlineMs: 100 }, expect.objectContaining({ code: 'RESILIENCE_DEADLINE' })],
  ])('may cancel a call that has just %s, which ends it once', async (_what, more, options, error) => {
    const spec: PipelineSpec = {
      breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } },
      admission: { maxConcurrent: 1 },
      retry: { attempts: 2, backoff: constantBackoff(60_000) },
      ...more,
    };
    const { clock, pipeline, signal } = createActing(spec, 'breaker.opened', abort);
    const call = pipeline.attempt(never, { ...options, signal, idempotent: true });
    await clock.advance(100);
    await expect(call).resolves.toMatchObject({ ok: false, error });
    expect(pipeline.snapshot()).toMatchObject({ calls: { abandoned: 1, timeout: 1 }, queue: { active: 1 } });
    await clock.advance(60_000);
    expect(pipeline.snapshot()).toMatchObject({ calls: { abandoned: 0, retries: 0 }, queue: { active: 0 } });
  });

  it('may cancel one waiting call while another one is turned away', async () => {
    const spec: PipelineSpec = { breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } }, admission: { maxConcurrent: 1 } };
    const { pipeline, signal } = createActing(spec, 'call.rejected', abort);
    const failing = pipeline.attempt(refuse);
    const rejected = pipeline.attempt(() => 1);
    const canceled = pipeline.attempt(() => 1, { signal });
    await expect(failing).resolves.toMatchObject({ ok: false });
    await expect(rejected).resolves.toMatchObject({ ok: false, error: { code: 'RESILIENCE_CIRCUIT_OPEN' } });
    await expect(canceled).resolves.toMatchObject({ ok: false, error: 'heard enough' });
    expect(pipeline.snapshot()).toMatchObject({ calls: { rejected: 1, canceled: 1 }, queue: { waiting: 0, active: 0 } });
  });

  it('may cancel a waiting call that becomes the probe', async () => {
    const spec: PipelineSpec = {
      breaker: { ...BREAKER, openMs: 100, trip: { kind: 'consecutive', failures: 1 } },
      admission: { maxConcurrent: 1, minIntervalMs: 1_000 },
    };
    const { clock, pipeline, signal } = createActing(spec, 'breaker.half-opened', abort);
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(500);
    let calls = 0;
    const canceled = pipeline.attempt(() => calls++, { signal });
    const next = pipeline.attempt(() => 'served');
    await clock.advance(2_000);
    await expect(canceled).resolves.toMatchObject({ ok: false, error: 'heard enough' });
    await expect(next).resolves.toMatchObject({ ok: true, value: 'served' });
    expect(calls).toBe(0);
    expect(pipeline.snapshot().queue).toMatchObject({ active: 0, waiting: 0 });
  });

  it('may reset the breaker that has just opened, and nobody who waits is turned away', async () => {
    const spec: PipelineSpec = { breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } }, admission: { maxConcurrent: 1 } };
    const { pipeline } = createActing(spec, 'breaker.opened', reset);
    const failing = pipeline.attempt(refuse);
    const waiting = pipeline.attempt(() => 'served');
    await expect(failing).resolves.toMatchObject({ ok: false });
    await expect(waiting).resolves.toMatchObject({ ok: true });
  });

  it('may reset the breaker that has just become half-open', async () => {
    const spec: PipelineSpec = { breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 1 } } };
    const { clock, pipeline } = createActing(spec, 'breaker.half-opened', reset);
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(30_000);
    await expect(pipeline.run(() => 'served')).resolves.toBe('served');
    expect(pipeline.breaker?.state).toBe('closed');
  });
});

describe('parked lane', () => {
  const SPEC: PipelineSpec = {
    deadlineMs: 1_000,
    retry: { attempts: 3, backoff: constantBackoff(1) },
    breaker: BREAKER,
    admission: { maxConcurrent: 1, minIntervalMs: 500, limiter: { kind: 'delay' } },
    attempt: { timeoutMs: 100 },
  };

  it('takes no slot, waits for no interval and has no timeout', async () => {
    const { clock, watch, pipeline } = create(SPEC);
    const parked = [watch(never, { lane: 'parked' }), watch(never, { lane: 'parked' })];
    const call = watch(() => 1);
    await clock.advance(60_000);
    expect(call.state).toBe('resolved');
    expect(parked.map(({ state }) => state)).toEqual(['pending', 'pending']);
    expect(pipeline.snapshot().queue).toMatchObject({ active: 0, started: 1 });
  });

  it('is stopped by the breaker, feeds it, and is not repeated', async () => {
    const { watch, pipeline, clock } = create(SPEC);
    const failed = watch(refuse, { lane: 'parked', idempotent: true });
    await clock.advance(0);
    expect(failed.state).toBe('rejected');
    await expect(pipeline.run(refuse, { lane: 'parked' })).rejects.toThrow('refused');
    await expect(pipeline.run(() => 1, { lane: 'parked' })).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
  });

  it('heeds the limits that its own options name, and its signal', async () => {
    const { watch, clock, pipeline } = create(SPEC);
    const timed = watch(never, { lane: 'parked', timeoutMs: 200 });
    const limited = watch(never, { lane: 'parked', deadlineMs: 300 });
    const controller = new AbortController();
    const aborted = watch(never, { lane: 'parked', signal: controller.signal });
    await clock.advance(300);
    expect(timed.result).toMatchObject({ code: 'RESILIENCE_ATTEMPT_TIMEOUT' });
    expect(limited.result).toMatchObject({ code: 'RESILIENCE_DEADLINE' });
    controller.abort('gone');
    await clock.advance(0);
    expect(aborted.result).toBe('gone');
    await clock.advance(120_000);
    expect(pipeline.snapshot().calls.abandoned).toBe(0);
  });

  it('as a probe does not hold up others for longer than five seconds', async () => {
    const { watch, clock, pipeline } = create(SPEC);
    for (let call = 0; call < 2; call++) watch(refuse, { lane: 'parked' });
    await clock.advance(30_000);
    watch(never, { lane: 'parked' });
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    await clock.advance(5_000);
    const probe = watch(() => 1);
    await clock.advance(0);
    expect(probe.state).toBe('resolved');
    expect(pipeline.breaker?.state).toBe('closed');
  });
});

describe('breaker control', () => {
  it('gives permits for calls that are made elsewhere', async () => {
    const { pipeline, clock } = create({ breaker: BREAKER });
    const permit = pipeline.breaker?.permit();
    permit?.settle({ kind: 'timeout' });
    permit?.settle({ kind: 'timeout' });
    expect(pipeline.breaker?.state).toBe('closed');
    pipeline.breaker?.permit()?.settle({ kind: 'timeout' });
    expect(pipeline.breaker?.state).toBe('open');
    expect(pipeline.breaker?.permit()).toBeNull();
    await clock.advance(10_000);
    expect(pipeline.breaker?.retryAfterMs).toBe(20_000);
    pipeline.breaker?.reset();
    expect(pipeline.breaker?.state).toBe('closed');
    expect(pipeline.breaker?.retryAfterMs).toBe(0);
  });
});

it('measures how long answers take, and neither failures nor parked calls', async () => {
  const { pipeline, watch, clock } = create({});
  const after = (delayMs: number, ending: 'resolve' | 'reject') => () =>
    new Promise((resolve, reject) => void clock.after(delayMs, () => (ending === 'resolve' ? resolve(1) : reject(new Error('late')))));
  watch(after(100, 'resolve'));
  watch(after(9_000, 'reject'));
  watch(after(9_000, 'resolve'), { lane: 'parked' });
  await clock.advance(10_000);
  expect(pipeline.snapshot().calls.p99Ms).toBeLessThan(115);
  expect(pipeline.snapshot().calls.p50Ms).toBeGreaterThan(85);
});

it('lends a probe its permit for the attempt timeout and five seconds', async () => {
  const { pipeline, clock } = create({ breaker: { ...BREAKER, openMs: 1_000 }, attempt: { timeoutMs: 2_000 } });
  for (let call = 0; call < 2; call++) pipeline.breaker?.permit()?.settle({ kind: 'timeout' });
  await clock.advance(1_000);
  expect(pipeline.breaker?.permit()).not.toBeNull();
  await clock.advance(6_999);
  expect(pipeline.breaker?.permit()).toBeNull();
  await clock.advance(1);
  expect(pipeline.breaker?.permit()).not.toBeNull();
});

it('adds up the figures of all that can happen', async () => {
  const verdicts: Verdict[] = [
    { kind: 'success' },
    { kind: 'failure', transient: false },
    { kind: 'throttled' },
    { kind: 'timeout' },
    { kind: 'ignored' },
    { kind: 'canceled' },
  ];
  const { pipeline, clock } = create({ classify: () => verdicts.shift() ?? { kind: 'success' } });
  for (let call = 0; call < 6; call++) await pipeline.run(() => 1);
  const slow = pipeline.run(() => clock.advance(100));
  await slow;
  expect(pipeline.snapshot().calls).toMatchObject({
    total: 7,
    ok: 2,
    failed: 1,
    throttled: 1,
    timeout: 1,
    ignored: 1,
    canceled: 1,
    rejected: 0,
  });
  expect(pipeline.snapshot().calls.p99Ms).toBeGreaterThan(85);
  expect(pipeline.snapshot().calls.p99Ms).toBeLessThan(115);
});
