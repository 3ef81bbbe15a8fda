import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import type { RunOptions } from './call-context.ts';
import { createPipeline } from './pipeline.ts';
import { createSharedBreakers } from './shared-breakers.ts';
import type { BreakerSpec, PipelineSpec } from './spec.ts';
import { createMemorySharedServer } from './testing/memory-shared-store.ts';

const BREAKER: BreakerSpec = { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_000, counts: 'operation' };
const RETRY = { attempts: 3, backoff: constantBackoff(10) };

function create(spec: PipelineSpec = {}) {
  const clock = new ManualClock();
  const pipeline = createPipeline({ retry: RETRY, breaker: BREAKER, ...spec }, { key: 'server-1', clock, random: createSeededRandom(1) });
  let attempts = 0;
  /** Each letter is what one attempt ends with: `f`ailure, `s`uccess, `-` never. */
  const call = async (script: string, options: RunOptions = {}, timeMs = 1_000): Promise<void> => {
    let at = 0;
    const ended = pipeline.attempt(
      () => {
        attempts++;
        const letter = script[at++];
        if (letter === 's') return 'fine';
        return letter === 'f' ? Promise.reject(new Error('refused')) : new Promise(() => undefined);
      },
      { idempotent: true, ...options },
    );
    await clock.advance(timeMs);
    await ended;
  };
  const failures = () => pipeline.snapshot().breaker?.failures;
  const state = () => pipeline.breaker?.state;
  return { clock, pipeline, call, failures, state, attempts: () => attempts };
}

describe('a breaker that counts operations', () => {
  it('counts a call once, however often it was repeated', async () => {
    const { call, failures, state, attempts } = create();
    await call('fff');
    expect([failures(), state(), attempts()]).toEqual([1, 'closed', 3]);
    await call('fff', {}, 20);
    expect([failures(), state(), attempts()]).toEqual([2, 'open', 6]);
  });

  it('counts nothing where a repetition succeeds, also in a window', async () => {
    const windowed = create({ breaker: { ...BREAKER, trip: { kind: 'count-window', calls: 9, minCalls: 2, failureRate: 0.5 } } });
    await windowed.call('ffs');
    await windowed.call('fs');
    expect(windowed.pipeline.snapshot().breaker).toMatchObject({ state: 'closed', failures: 0, failureRate: 0 });
    await windowed.call('fff');
    expect(windowed.pipeline.snapshot().breaker?.failureRate).toBeCloseTo(1 / 3);
    const inARow = create();
    await inARow.call('fff');
    await inARow.call('ffs');
    await inARow.call('fff');
    expect([inARow.failures(), inARow.state()]).toEqual([1, 'closed']);
  });

  it('counts a call that is not repeated at once', async () => {
    const { call, failures } = create();
    await call('f', { idempotent: false }, 0);
    expect(failures()).toBe(1);
  });

  it('counts each attempt where it is not asked to do otherwise', async () => {
    const { call, state, attempts } = create({ breaker: { ...BREAKER, counts: 'attempt' } });
    await call('fff');
    expect([state(), attempts()]).toEqual(['open', 2]);
  });

  it('counts what was found before when the deadline cuts the last attempt short', async () => {
    const { call, failures, pipeline } = create({ attempt: { timeoutMs: 500 } });
    await call('f-', { deadlineMs: 100 });
    expect(failures()).toBe(1);
    await call('-', { deadlineMs: 100 });
    expect(failures()).toBe(1);
    expect(pipeline.snapshot().calls).toMatchObject({ failed: 1, canceled: 2 });
  });

  it('counts the deadline once where it is the judge itself', async () => {
    const { call, failures } = create();
    await call('f-', { deadlineMs: 100 });
    expect(failures()).toBe(1);
  });

  it('counts a timeout that is not repeated', async () => {
    const { call, failures } = create({ attempt: { timeoutMs: 100 } });
    await call('---');
    expect(failures()).toBe(1);
  });

  it('counts a call that failed and finds no place for its repetition', async () => {
    const { clock, pipeline, failures } = create({ admission: { maxConcurrent: 1, queue: { maxWaiting: 0 } } });
    const refuse = () => Promise.reject(new Error('refused'));
    const first = pipeline.attempt(refuse, { idempotent: true });
    await clock.advance(0);
    void pipeline.attempt(() => new Promise(() => undefined));
    await clock.advance(10);
    await expect(first).resolves.toMatchObject({ ok: false, error: { code: 'RESILIENCE_QUEUE_FULL' } });
    expect(failures()).toBe(1);
  });

  it('counts nothing of a call that its own caller cancels', async () => {
    const { clock, pipeline, failures } = create();
    for (const afterMs of [0, 10]) {
      const stop = new AbortController();
      let attempts = 0;
      const ended = pipeline.attempt(
        () => (++attempts === 1 ? Promise.reject(new Error('refused')) : new Promise<never>(() => undefined)),
        { idempotent: true, signal: stop.signal },
      );
      await clock.advance(afterMs);
      stop.abort();
      await expect(ended).resolves.toMatchObject({ ok: false });
      expect([attempts, failures()]).toEqual([afterMs === 0 ? 1 : 2, 0]);
    }
  });

  it('drops what was found before somebody reset the breaker', async () => {
    const { clock, pipeline, failures } = create();
    const ended = pipeline.attempt(() => Promise.reject(new Error('refused')), { idempotent: true, deadlineMs: 1_000 });
    await clock.advance(10);
    pipeline.breaker?.reset();
    await clock.advance(10);
    await ended;
    // The third attempt began after the reset.
    expect(failures()).toBe(1);
    pipeline.breaker?.reset();
    const cut = pipeline.attempt(() => Promise.reject(new Error('refused')), { idempotent: true });
    await clock.advance(0);
    pipeline.breaker?.reset();
    pipeline.close();
    await clock.advance(10);
    await expect(cut).resolves.toMatchObject({ ok: false, error: { code: 'RESILIENCE_CLOSED' } });
    expect(failures()).toBe(0);
  });

  it('takes every attempt for a probe while it is half-open', async () => {
    const { clock, call, state, attempts } = create();
    await call('fff');
    await call('fff');
    await clock.advance(1_000);
    await call('fs', {}, 20);
    expect([state(), attempts()]).toEqual(['open', 7]);
    await clock.advance(1_000);
    await call('s');
    expect(state()).toBe('closed');
  });

  it('opens with the first probe that fails, though another one may be sent', async () => {
    const { clock, call, state } = create({ breaker: { ...BREAKER, halfOpen: { probes: 2 } } });
    await call('fff');
    await call('fff');
    await clock.advance(1_000);
    await call('fs', {}, 20);
    expect(state()).toBe('open');
  });

  it('passes on to the others at once what the server asks for', async () => {
    const clock = new ManualClock();
    const server = createMemorySharedServer({ clock });
    const shared = createSharedBreakers({ store: server.connect(), clock, random: createSeededRandom(1) });
    const pipeline = createPipeline(
      { retry: RETRY, breaker: BREAKER, classify: () => ({ kind: 'throttled', retryAfterMs: 200 }) },
      { key: 'server-1', clock, shared },
    );
    await clock.advance(0);
    const call = pipeline.attempt(() => 'busy', { idempotent: true });
    await clock.advance(0);
    expect(server.record('server-1').holdUntilMs).toBe(clock.now() + 1_000_000 + 200);
    expect(pipeline.snapshot().breaker?.failures).toBe(0);
    await clock.advance(400);
    await call;
    expect(pipeline.snapshot().breaker?.failures).toBe(1);
    pipeline.close();
    await shared.close();
  });
});
