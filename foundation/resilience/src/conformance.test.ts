import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import { createPipeline } from './pipeline.ts';
import type { PipelineSpec } from './spec.ts';

/** Faults that are known of resilience libraries in wide use. Each test is one that they fail. */
function create(spec: PipelineSpec) {
  const clock = new ManualClock();
  return { clock, pipeline: createPipeline(spec, { key: 'server-1', clock, random: createSeededRandom(1) }) };
}

const never = (): Promise<never> => new Promise(() => undefined);
const refuse = (): Promise<never> => Promise.reject(new Error('refused'));

/** When and how a promise settles on the test's clock. */
function observe(clock: ManualClock, promise: Promise<unknown>) {
  const seen = { atMs: Number.NaN, error: undefined as unknown };
  const settle = (error?: unknown): void => void Object.assign(seen, { atMs: clock.now(), error });
  promise.then(() => settle(), settle);
  return seen;
}

describe('conformance', () => {
  it('an abort during a pause ends the call at once and makes no further attempt', async () => {
    const { clock, pipeline } = create({ retry: { attempts: 3, backoff: constantBackoff(1_500) } });
    const controller = new AbortController();
    let attempts = 0;
    const call = observe(
      clock,
      pipeline.run(
        () => {
          attempts++;
          return refuse();
        },
        { idempotent: true, signal: controller.signal },
      ),
    );
    await clock.advance(100);
    controller.abort('gone');
    await clock.advance(10_000);
    expect(call).toEqual({ atMs: 100, error: 'gone' });
    expect(attempts).toBe(1);
    expect(clock.pendingCount).toBe(0);
  });

  it('results of calls that began before the outage do not open a healthy circuit again', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_000 } });
    const slow = Array.from({ length: 5 }, () =>
      observe(
        clock,
        pipeline.run(() => clockDelay(clock, 5_000)),
      ),
    );
    for (let call = 0; call < 2; call++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(1_000);
    await pipeline.run(() => 1);
    await clock.advance(4_000);
    expect(slow.map(({ error }) => error)).toEqual(Array(5).fill('late failure'));
    expect(pipeline.breaker?.state).toBe('closed');
  });

  it('while one probe runs, five hundred callers fail at once instead of waiting and then rushing in', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } });
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(1_000);
    const probe = observe(clock, pipeline.run(never));
    const callers = Array.from({ length: 500 }, () =>
      observe(
        clock,
        pipeline.run(() => 1),
      ),
    );
    await clock.advance(0);
    expect(callers.filter(({ error }) => error !== undefined)).toHaveLength(500);
    expect(probe.atMs).toBeNaN();
  });

  it('an aborted call leaves the queue at once', async () => {
    const { clock, pipeline } = create({ admission: { maxConcurrent: 1 } });
    const controller = new AbortController();
    observe(clock, pipeline.run(never));
    const queued = observe(
      clock,
      pipeline.run(() => 1, { signal: controller.signal }),
    );
    await clock.advance(50);
    controller.abort('gone');
    await clock.advance(0);
    expect(queued).toEqual({ atMs: 50, error: 'gone' });
    expect(pipeline.snapshot().queue?.waiting).toBe(0);
  });

  it('a timeout aborts its own call and no innocent one', async () => {
    const { clock, pipeline } = create({ attempt: { timeoutMs: 1_000 } });
    const aborted: string[] = [];
    const hang = (name: string) =>
      pipeline.run(({ signal }) => {
        signal.addEventListener('abort', () => aborted.push(name));
        return never();
      });
    observe(clock, hang('first'));
    await clock.advance(600);
    observe(clock, hang('second'));
    await clock.advance(400);
    expect(aborted).toEqual(['first']);
  });

  it('a probe that never ends does not block the circuit for ever', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } });
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(1_000);
    observe(clock, pipeline.run(never));
    await clock.advance(60_000);
    await expect(pipeline.run(() => 'served')).resolves.toBe('served');
    expect(pipeline.breaker?.state).toBe('closed');
  });

  it('a slot stays taken while a timed-out call still runs: a limit of one is never four', async () => {
    const { clock, pipeline } = create({ admission: { maxConcurrent: 1 }, attempt: { timeoutMs: 100, abandonedMs: 10_000 } });
    let running = 0;
    let most = 0;
    for (let call = 0; call < 4; call++) {
      observe(
        clock,
        pipeline.run(async () => {
          most = Math.max(most, ++running);
          await clockDelay(clock, 350).catch(() => undefined);
          running--;
        }),
      );
    }
    await clock.advance(5_000);
    expect(most).toBe(1);
    expect(pipeline.snapshot()).toMatchObject({ queue: { active: 0, started: 4 }, calls: { timeout: 4, abandoned: 0 } });
  });

  it('a retry does not sleep through its pause against a circuit known to stay open, and an open circuit says for how long', async () => {
    const { clock, pipeline } = create({
      retry: { attempts: 5, backoff: constantBackoff(2_000) },
      breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 60_000 },
    });
    const call = observe(clock, pipeline.run(refuse, { idempotent: true }));
    await clock.advance(0);
    expect(call).toMatchObject({ atMs: 0, error: { message: 'refused' } });
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN', retryAfterMs: 60_000 });
  });

  it('a wall clock set back by an hour does not keep the circuit open for that hour', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } });
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    clock.jumpWall(-3_600_000);
    await clock.advance(1_000);
    await expect(pipeline.run(() => 'served')).resolves.toBe('served');
  });

  it('calls that their own callers cancel do not open the circuit', async () => {
    const { clock, pipeline } = create({
      breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_000 },
      admission: { maxConcurrent: 10 },
    });
    for (let call = 0; call < 5; call++) {
      const controller = new AbortController();
      const seen = observe(
        clock,
        pipeline.run(
          ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
          { signal: controller.signal },
        ),
      );
      await clock.advance(10);
      controller.abort('gone');
      await clock.advance(0);
      expect(seen.error).toBe('gone');
    }
    await expect(pipeline.run(() => 1, { signal: AbortSignal.abort('never meant') })).rejects.toBe('never meant');
    expect(pipeline.breaker?.state).toBe('closed');
    expect(pipeline.snapshot()).toMatchObject({ breaker: { failures: 0 }, calls: { canceled: 6, failed: 0 }, queue: { active: 0 } });
  });

  it('a canceled probe gives its permit back', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } });
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(1_000);
    const controller = new AbortController();
    observe(clock, pipeline.run(never, { signal: controller.signal }));
    controller.abort('gone');
    await expect(pipeline.run(() => 'served')).resolves.toBe('served');
  });
});

function clockDelay(clock: ManualClock, delayMs: number): Promise<never> {
  return new Promise((_resolve, reject) => void clock.after(delayMs, () => reject('late failure')));
}
