import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AimdLimiter } from './aimd-limiter.ts';
import type { Verdict } from './verdict.ts';

function create(spec: Partial<ConstructorParameters<typeof AimdLimiter>[0]> = {}) {
  const limiter = new AimdLimiter({ kind: 'aimd', ...spec });
  const settle = (
    kind: 'success' | 'throttled' | 'timeout' | 'ignored',
    when: { readonly at: number; readonly from?: number },
    inFlight = 100,
  ) => limiter.settled({ verdict: { kind }, startedAtMs: when.from ?? when.at, nowMs: when.at, timeoutMs: undefined }, inFlight);
  return { limiter, settle };
}

describe('aimd limiter', () => {
  it('begins with four attempts and never asks for a pause', () => {
    const { limiter } = create();
    limiter.started();
    expect(limiter.windowFor()).toBe(4);
    expect(limiter.delayMs).toBe(0);
    expect(limiter.readyAtMs()).toBeLessThan(0);
  });

  it('grows by one with each success while half of the window is in use', () => {
    const { limiter, settle } = create();
    settle('success', { at: 1 }, 2);
    expect(limiter.windowFor()).toBe(5);
    settle('success', { at: 2 }, 2);
    expect(limiter.windowFor()).toBe(5);
  });

  it('halves at a rejection and at a timeout, down to one', () => {
    const { limiter, settle } = create({ initialWindow: 9 });
    settle('throttled', { at: 1 });
    expect(limiter.windowFor()).toBe(4);
    settle('timeout', { at: 2 });
    expect(limiter.windowFor()).toBe(2);
    settle('timeout', { at: 3 });
    settle('timeout', { at: 4 });
    expect(limiter.windowFor()).toBe(1);
  });

  it('takes a burst of parallel rejections for one', () => {
    const { limiter, settle } = create({ initialWindow: 10, decrease: 0.9 });
    for (let at = 10; at < 14; at++) settle('throttled', { at, from: 5 });
    expect(limiter.windowFor()).toBe(9);
    settle('throttled', { at: 20, from: 11 });
    expect(limiter.windowFor()).toBe(8);
  });

  it('learns nothing from what says nothing of load', () => {
    const { limiter, settle } = create();
    settle('ignored', { at: 1 });
    expect(limiter.windowFor()).toBe(4);
  });

  it('stays between one and a thousand whatever happens', () => {
    const kinds = fc.constantFrom<Verdict['kind'] & ('success' | 'throttled' | 'timeout')>('success', 'throttled', 'timeout');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.array(kinds, { maxLength: 50 }), (initialWindow, all) => {
        const { limiter, settle } = create({ initialWindow });
        for (const [at, kind] of all.entries()) {
          settle(kind, { at });
          expect(Number.isInteger(limiter.windowFor())).toBe(true);
          expect(limiter.windowFor()).toBeGreaterThanOrEqual(1);
          expect(limiter.windowFor()).toBeLessThanOrEqual(1_000);
        }
      }),
    );
  });
});
