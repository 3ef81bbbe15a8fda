import { ManualClock } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import { createPipeline } from './pipeline.ts';
import { RetryBudget, validateRetryBudget } from './retry-budget.ts';

describe('RetryBudget', () => {
  it('starts full, runs dry, and earns by calls and by time', () => {
    const budget = new RetryBudget({ share: 0.5, perSecond: 0.1, capacity: 2 }, 0);
    expect([budget.tryTake(0), budget.tryTake(0), budget.tryTake(0)]).toEqual([true, true, false]);
    budget.earn();
    budget.earn();
    expect(budget.tryTake(0)).toBe(true);
    expect(budget.tryTake(9_000)).toBe(false);
    expect(budget.tryTake(10_001)).toBe(true);
    expect(budget.tryTake(10_002)).toBe(false);
    expect(budget.snapshot(1e9)).toEqual({ tokens: 2, spent: 4, refused: 3 });
  });

  it('never spends more than it has started with and earned', () => {
    const step = fc.oneof(fc.constant('call' as const), fc.constant('retry' as const), fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { maxLength: 20, size: 'max' }),
        (share, capacity, steps) => {
          const budget = new RetryBudget({ share, perSecond: 0.2, capacity }, 0);
          let nowMs = 0;
          let calls = 0;
          for (const each of steps) {
            if (each === 'call') {
              budget.earn();
              calls++;
            } else if (each === 'retry') budget.tryTake(nowMs);
            else nowMs += each;
          }
          const { spent, tokens } = budget.snapshot(nowMs);
          expect(spent).toBeLessThanOrEqual(capacity + calls * share + (nowMs / 1_000) * 0.2 + 1e-6);
          expect(tokens).toBeLessThanOrEqual(capacity);
        },
      ),
      { numRuns: 10_000 },
    );
  }, 60_000);

  it.each([
    [{ share: -1 }, 'retry.budget.share must be 0 or more, not -1.'],
    [{ perSecond: Number.NaN }, 'retry.budget.perSecond must be 0 or more, not NaN.'],
    [{ capacity: 0.5 }, 'retry.budget.capacity must be 1 or more, not 0.5.'],
  ])('refuses %j: %s', (spec, message) => {
    expect(() => validateRetryBudget(spec)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID', message }));
  });
});

describe('a pipeline with a budget', () => {
  it('sends a server that fails every call hardly more than the calls themselves', async () => {
    const clock = new ManualClock();
    const pipeline = createPipeline(
      { retry: { attempts: 4, backoff: constantBackoff(1), budget: { share: 0.1, perSecond: 0, capacity: 5 } } },
      { key: 'server-1', clock },
    );
    let sent = 0;
    for (let call = 0; call < 100; call++) {
      const outcome = pipeline.attempt(() => Promise.reject(new Error(`no ${++sent}`)), { idempotent: true });
      await clock.advance(10);
      expect(await outcome).toMatchObject({ ok: false });
    }
    expect(sent).toBeGreaterThanOrEqual(113);
    expect(sent).toBeLessThanOrEqual(115);
    const { retryBudget } = pipeline.snapshot();
    expect(retryBudget).toMatchObject({ tokens: 0, spent: sent - 100 });
    expect(retryBudget?.refused).toBeGreaterThan(80);
  });

  it('ends with the error of the callee when nothing is left, and spends nothing on what is not repeated', async () => {
    const clock = new ManualClock();
    const pipeline = createPipeline(
      { retry: { attempts: 2, backoff: constantBackoff(1), budget: { share: 0, perSecond: 0, capacity: 1 } } },
      { key: 'server-1', clock },
    );
    const fail = () => Promise.reject(new Error('no'));
    const once = pipeline.attempt(fail);
    await clock.advance(5);
    expect(await once).toMatchObject({ meta: { attempts: 1 } });
    expect(pipeline.snapshot().retryBudget).toEqual({ tokens: 1, spent: 0, refused: 0 });
    const twice = pipeline.attempt(fail, { idempotent: true });
    await clock.advance(5);
    expect(await twice).toMatchObject({ error: { message: 'no' }, meta: { attempts: 2 } });
    const last = pipeline.attempt(fail, { idempotent: true });
    await clock.advance(5);
    expect(await last).toMatchObject({ error: { message: 'no' }, meta: { attempts: 1 } });
    expect(createPipeline({}, { key: 'x', clock }).snapshot().retryBudget).toBeNull();
  });
});
