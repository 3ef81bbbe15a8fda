import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { CallContext, RunOptions } from './call-context.ts';
import { createPipeline } from './pipeline.ts';
import type { PipelineSpec } from './spec.ts';

/** A call of one pipeline that makes a call of another one. */
function create(outerSpec: PipelineSpec, innerSpec: PipelineSpec) {
  const clock = new ManualClock();
  const outer = createPipeline(outerSpec, { key: 'outer', clock });
  const inner = createPipeline(innerSpec, { key: 'inner', clock });
  const nest = (callee: (context: CallContext) => unknown, options: { readonly outer?: RunOptions; readonly inner?: RunOptions } = {}) => {
    const seen = { atMs: Number.NaN, error: undefined as unknown };
    outer
      .run(async (context) => {
        await inner.run(callee, { ...options.inner, within: context }).catch((error: unknown) => {
          Object.assign(seen, { atMs: clock.now(), error });
        });
      }, options.outer)
      .catch(() => undefined);
    return seen;
  };
  return { clock, inner, nest };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('a call within another', () => {
  it('ends when the other one has no time left, and tells its callee how much there is', async () => {
    const { clock, nest } = create({ deadlineMs: 1_000 }, { deadlineMs: 5_000, attempt: { timeoutMs: 3_000 } });
    let leftMs = Number.NaN;
    const seen = nest((context) => {
      leftMs = context.remainingMs();
      return never();
    });
    await clock.advance(1_000);
    expect(leftMs).toBe(1_000);
    expect(seen).toMatchObject({ atMs: 1_000, error: { code: 'RESILIENCE_DEADLINE' } });
  });

  it('keeps a deadline of its own that is shorter', async () => {
    const { clock, nest } = create({ deadlineMs: 1_000 }, { deadlineMs: 400 });
    const seen = nest(never);
    await clock.advance(400);
    expect(seen).toMatchObject({ atMs: 400, error: { code: 'RESILIENCE_DEADLINE', key: 'inner' } });
  });

  it('does not blame its server for having been given too little time', async () => {
    const { clock, nest, inner } = create(
      { attempt: { timeoutMs: 50 } },
      { deadlineMs: 5_000, breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } },
    );
    nest(never);
    await clock.advance(100);
    expect(inner.snapshot()).toMatchObject({ breaker: { state: 'closed', failures: 0 }, calls: { canceled: 1, timeout: 0 } });
  });

  it('has the priority, the key for fairness and the signal of the other one, unless it has its own', async () => {
    const { clock, nest } = create({}, { admission: { maxConcurrent: 4 } });
    const seen: unknown[] = [];
    const note = ({ priority, fairKey, idempotent, signal }: CallContext): void => {
      seen.push([priority, fairKey, idempotent, signal.aborted]);
    };
    const outer: RunOptions = { priority: 'high', fairKey: 'ada', idempotent: true };
    nest(note, { outer });
    nest(note, { outer, inner: { priority: 'low', fairKey: 'bob', idempotent: true } });
    await clock.advance(0);
    expect(seen).toEqual([
      ['high', 'ada', false, false],
      ['low', 'bob', true, false],
    ]);
  });

  it('is given up with the other one', async () => {
    const { clock, nest } = create({}, {});
    const controller = new AbortController();
    let reason: unknown;
    const seen = nest(
      ({ signal }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        return never();
      },
      { outer: { signal: controller.signal } },
    );
    await clock.advance(10);
    controller.abort('gone');
    await clock.advance(0);
    expect(seen).toEqual({ atMs: 10, error: 'gone' });
    expect(reason).toBe('gone');
  });

  it('has as long as its own deadline where that is as short, and no deadline of the other where neither has one', async () => {
    const { clock, inner } = create({}, { deadlineMs: 400 });
    const controller = new AbortController();
    const within = (leftMs: number): CallContext =>
      ({ remainingMs: () => leftMs, signal: controller.signal, priority: 'normal' }) as CallContext;
    const left: number[] = [];
    const ask = (leftMs: number, options: RunOptions = {}): void => {
      void inner.run((context) => left.push(context.remainingMs()), { ...options, within: within(leftMs) });
    };
    ask(400);
    ask(500);
    ask(300);
    ask(500, { deadlineMs: 450 });
    ask(500, { lane: 'parked' });
    ask(Number.POSITIVE_INFINITY, { lane: 'parked' });
    await clock.advance(0);
    expect(left).toEqual([400, 400, 300, 450, 500, Number.POSITIVE_INFINITY]);
    expect(clock.pendingCount).toBeGreaterThan(0);
  });

  it('keeps a signal of its own', async () => {
    const { clock, inner } = create({}, {});
    const own = new AbortController();
    const context = { remainingMs: () => 1_000, signal: new AbortController().signal, priority: 'normal' } as CallContext;
    const call = inner.attempt(never, { within: context, signal: own.signal });
    own.abort('mine');
    await clock.advance(0);
    expect(await call).toMatchObject({ ok: false, error: 'mine' });
  });

  it('does not begin when no time is left', async () => {
    const { clock, inner } = create({}, {});
    const context = { remainingMs: () => 0, signal: new AbortController().signal, priority: 'normal' } as CallContext;
    let calls = 0;
    const call = inner.attempt(() => calls++, { within: context });
    await clock.advance(0);
    expect(await call).toMatchObject({ ok: false, error: { code: 'RESILIENCE_DEADLINE' } });
    expect(calls).toBe(0);
  });
});
