import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff, exponentialBackoff, type Jitter } from './backoff.ts';
import { createPipeline } from './pipeline.ts';
import { INSTALLER_TIMEOUTS_MS } from './presets/installer.ts';
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

  it('failures of an hour ago do not count in a window of ten seconds', async () => {
    const trip = { kind: 'time-window', windowMs: 10_000, minCalls: 4, failureRate: 0.5 } as const;
    const { clock, pipeline } = create({ breaker: { trip, openMs: 1_000 } });
    for (let call = 0; call < 3; call++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(3_600_000);
    for (let call = 0; call < 3; call++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    expect(pipeline.snapshot().breaker).toMatchObject({ state: 'closed', failures: 3 });
  });

  it('says when the circuit opened, and not when it was made', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 60_000 } });
    await clock.advance(50_000);
    const openedAtWallMs = clock.wall();
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(20_000);
    expect(pipeline.snapshot().breaker).toMatchObject({ openedAtWallMs, retryAfterMs: 40_000 });
  });

  it('the rate is that of finished calls: slow ones under way and rejected ones do not hide an outage', async () => {
    const trip = { kind: 'count-window', calls: 60, minCalls: 60, failureRate: 0.9 } as const;
    const { clock, pipeline } = create({ breaker: { trip, openMs: 1_000 } });
    for (let call = 0; call < 100; call++) observe(clock, pipeline.run(never));
    for (let call = 0; call < 60; call++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    expect(pipeline.breaker?.state).toBe('open');
  });
});

/** Where the programs of spec 02, 04 and 05 do something else than their documents say. Ours does what the documents mean. */
describe('what the documents mean', () => {
  it('a timeout that a server names slows background calls down at once', async () => {
    const { clock, pipeline } = create({
      admission: { maxConcurrent: 4, limiter: { kind: 'delay' } },
      classify: ({ ok }) => (ok ? { kind: 'success' } : { kind: 'throttled' }),
    });
    observe(
      clock,
      pipeline.run(() => Promise.reject(new Error('connect timeout=30')), { priority: 'low' }),
    );
    await clock.advance(0);
    expect(pipeline.snapshot().queue?.delayMs).toBe(10_000);
  });

  it('who waits is served by priority, and a pause between calls holds no slot', async () => {
    const { clock, pipeline } = create({ admission: { maxConcurrent: 1, minIntervalMs: 1_000 } });
    const served: string[] = [];
    for (const priority of ['low', 'normal', 'high', 'critical'] as const)
      observe(
        clock,
        pipeline.run(() => served.push(priority), { priority }),
      );
    await clock.advance(500);
    expect(pipeline.snapshot().queue).toMatchObject({ active: 0, waiting: 3 });
    await clock.advance(3_000);
    expect(served).toEqual(['low', 'critical', 'high', 'normal']);
  });

  it('a failure that comes late does not make the circuit stay open longer', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 30_000 } });
    observe(
      clock,
      pipeline.run(() => clockDelay(clock, 20_000)),
    );
    await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(30_000);
    await expect(pipeline.run(() => 'probe')).resolves.toBe('probe');
  });

  it('an open circuit lets a probe through by itself when its time is over', async () => {
    const { clock, pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 5 }, openMs: 60_000 } });
    for (let call = 0; call < 5; call++) await expect(pipeline.run(refuse)).rejects.toThrow('refused');
    await clock.advance(59_999);
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    await clock.advance(1);
    await expect(pipeline.run(() => 1)).resolves.toBe(1);
    expect(pipeline.breaker?.state).toBe('closed');
  });

  it('five failures are five attempts, and what is left of the repetitions is not sent', async () => {
    const { clock, pipeline } = create({
      retry: { attempts: 3, backoff: constantBackoff(1_000) },
      breaker: { trip: { kind: 'consecutive', failures: 5 }, openMs: 60_000 },
    });
    let sent = 0;
    const operation = () =>
      pipeline.attempt(
        () => {
          sent++;
          return refuse();
        },
        { idempotent: true },
      );
    const first = operation();
    await clock.advance(10_000);
    expect(await first).toMatchObject({ ok: false, meta: { attempts: 3 } });
    expect(pipeline.breaker?.state).toBe('closed');
    const second = operation();
    await clock.advance(10_000);
    expect(await second).toMatchObject({ ok: false, error: { message: 'refused' }, meta: { attempts: 2 } });
    expect(sent).toBe(5);
    expect(pipeline.breaker?.state).toBe('open');
  });

  it('attempts count the first one, and jitter never lifts a pause above its cap unless that is asked for', () => {
    const highest = (jitter: Jitter): number =>
      exponentialBackoff({ firstMs: 1_000, capMs: 30_000, jitter }).delayMs(20, 30_000, () => 1 - Number.EPSILON);
    for (const jitter of ['none', 'full', 'equal', 'decorrelated'] as const) expect(highest(jitter)).toBeLessThanOrEqual(30_000);
    expect(highest({ proportional: 0.1 })).toBeCloseTo(33_000);
    const floored = exponentialBackoff({ firstMs: 1_000, floorMs: 4_000, capMs: 10_000, jitter: 'none' });
    expect([0, 1, 2, 3, 4].map((retry) => floored.delayMs(retry, 0, () => 0.5))).toEqual([4_000, 4_000, 4_000, 8_000, 10_000]);
  });

  it('every operation of the installer has a timeout', async () => {
    const { clock, pipeline } = create({ attempt: { timeoutMs: 30_000, timeoutMsByOp: INSTALLER_TIMEOUTS_MS } });
    const calls = Object.keys(INSTALLER_TIMEOUTS_MS).map((op) => ({ op, seen: observe(clock, pipeline.run(never, { op })) }));
    await clock.advance(1_800_000);
    expect(Object.fromEntries(calls.map(({ op, seen }) => [op, seen.atMs]))).toEqual(INSTALLER_TIMEOUTS_MS);
  });

  it('a success shortens the learned pause to nine tenths, and it stays between half a second and ten seconds', async () => {
    const { clock, pipeline } = create({
      admission: { maxConcurrent: 1, limiter: { kind: 'delay' } },
      classify: ({ ok }) => (ok ? { kind: 'success' } : { kind: 'throttled' }),
    });
    const delayMs = (): number => pipeline.snapshot().queue?.delayMs ?? Number.NaN;
    const call = async (callee: () => unknown): Promise<number> => {
      observe(clock, pipeline.run(callee, { priority: 'low' }));
      await clock.advance(20_000);
      return delayMs();
    };
    const slowed: number[] = [];
    for (let time = 0; time < 8; time++) slowed.push(await call(refuse));
    expect(Math.max(...slowed)).toBe(10_000);
    expect(await call(() => 1)).toBeCloseTo(9_000);
    expect(await call(() => 1)).toBeCloseTo(8_100);
    const recovered: number[] = [];
    for (let time = 0; time < 40; time++) recovered.push(await call(() => 1));
    expect(recovered.filter((ms) => ms > 0 && ms < 500)).toEqual([]);
  });

  it('a herd that failed together comes back apart: a tenth of jitter leaves it together, full jitter does not', () => {
    const most = (jitter: Jitter): number => {
      const random = createSeededRandom(1);
      const backoff = exponentialBackoff({ firstMs: 1_000, capMs: 30_000, jitter });
      const counts = new Map<number, number>();
      for (let client = 0; client < 100; client++) {
        const slice = Math.floor(backoff.delayMs(0, 0, random) / 100);
        counts.set(slice, (counts.get(slice) ?? 0) + 1);
      }
      return Math.max(...counts.values());
    };
    expect(most({ proportional: 0.1 })).toBe(100);
    expect(most('full')).toBeLessThan(25);
  });
});

function clockDelay(clock: ManualClock, delayMs: number): Promise<never> {
  return new Promise((_resolve, reject) => void clock.after(delayMs, () => reject('late failure')));
}
