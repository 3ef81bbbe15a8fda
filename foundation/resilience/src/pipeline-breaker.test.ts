import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import type { ResilienceEvent } from './events.ts';
import { createPipeline } from './pipeline.ts';

function create() {
  const clock = new ManualClock();
  const events: ResilienceEvent[] = [];
  const pipeline = createPipeline(
    {
      breaker: { trip: { kind: 'count-window', calls: 4, minCalls: 2, failureRate: 1 }, openMs: 1_000 },
      retry: { attempts: 5, backoff: constantBackoff(10) },
      admission: { maxConcurrent: 1 },
    },
    { key: 'server-1', clock, onEvent: (event) => events.push(event) },
  );
  const { breaker } = pipeline;
  if (breaker === null) throw new Error('This pipeline has a breaker.');
  return { clock, events, pipeline, breaker };
}

describe('a breaker in the hands of somebody', () => {
  it('turns away who calls and who waits while it is isolated, without naming a time', async () => {
    const { clock, pipeline, breaker, events } = create();
    const running = pipeline.attempt(() => new Promise((resolve) => void clock.after(50, () => resolve('done'))));
    const waiting = pipeline.attempt(() => 1);
    breaker.isolate('being repaired');
    const late = pipeline.attempt(() => 1);
    await clock.advance(100);
    await expect(running).resolves.toMatchObject({ ok: true, value: 'done' });
    for (const outcome of [await waiting, await late]) {
      expect(outcome).toMatchObject({ ok: false, error: { code: 'RESILIENCE_CIRCUIT_OPEN', retryAfterMs: undefined } });
      expect((outcome as { error: Error }).error.message).toBe('Circuit breaker of server-1 is open; call was not sent.');
    }
    expect(breaker).toMatchObject({ state: 'open', retryAfterMs: 2_147_483_647 });
    expect(events[0]).toMatchObject({ kind: 'breaker.opened', cause: 'by-hand', reason: 'being repaired', key: 'server-1' });
    breaker.reset('repaired');
    await expect(pipeline.run(() => 2)).resolves.toBe(2);
  });

  it('may have its probe canceled at the sight of its success', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const pipeline = createPipeline(
      { breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 }, admission: { maxConcurrent: 1 } },
      {
        key: 'server-1',
        clock,
        onEvent: ({ kind }) => {
          if (kind === 'breaker.closed') stop.abort('seen enough');
        },
      },
    );
    pipeline.breaker?.trip('test');
    await clock.advance(1_000);
    await expect(pipeline.run(() => 'fine', { signal: stop.signal })).rejects.toBe('seen enough');
    expect(pipeline.snapshot()).toMatchObject({ breaker: { state: 'closed' }, queue: { active: 0 }, calls: { ok: 1 } });
  });

  it('does not let a retry wait for what is isolated', async () => {
    const { clock, pipeline, breaker } = create();
    const call = pipeline.attempt(
      () => {
        breaker.isolate('being repaired', { expiresMs: 60_000 });
        return Promise.reject(new Error('refused'));
      },
      { idempotent: true },
    );
    await clock.advance(0);
    await expect(call).resolves.toMatchObject({ ok: false, error: { message: 'refused' }, meta: { attempts: 1 } });
  });

  it('admits everything in another mode, and is a circuit again when it is switched on', async () => {
    const { clock, pipeline, breaker } = create();
    breaker.trip('drill');
    breaker.reset();
    breaker.setMode('metrics-only');
    const failing = async () => {
      const outcome = pipeline.attempt(() => Promise.reject(new Error('refused')));
      await clock.advance(0);
      return (await outcome) as { readonly error: unknown };
    };
    for (let time = 0; time < 3; time++) expect((await failing()).error).toMatchObject({ message: 'refused' });
    breaker.setMode('active');
    expect(breaker.mode).toBe('active');
    await failing();
    await failing();
    expect((await failing()).error).toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
  });
});
