import { describe, expect, it } from 'vitest';
import { AimdLimiter } from './aimd-limiter.ts';
import { createLimiter } from './create-limiter.ts';
import { DelayLimiter } from './delay-limiter.ts';
import type { LimiterSpec } from './limiter-spec.ts';
import { PacedWindowLimiter } from './paced-window-limiter.ts';
import { validateSpec } from './spec.ts';
import { WrittenDelayLimiter } from './written-delay-limiter.ts';

const validate = (limiter: LimiterSpec): void => validateSpec({ admission: { maxConcurrent: 2, limiter } });

describe('limiter specification', () => {
  it.each<[string, LimiterSpec]>([
    ['a paced window of nothing', { kind: 'pacedWindow', initialWindow: 0 }],
    ['a rate that may end', { kind: 'pacedWindow', leastPerSecond: 0 }],
    ['a decrease to nothing', { kind: 'pacedWindow', decrease: 0 }],
    ['a decrease that increases', { kind: 'pacedWindow', decrease: 1.1 }],
    ['a timeout that increases', { kind: 'pacedWindow', timeoutDecrease: 2 }],
    ['a recovery in no time', { kind: 'pacedWindow', recoverMs: 0 }],
    ['a gain that starves', { kind: 'pacedWindow', gain: 0.9 }],
    ['a negative cap', { kind: 'pacedWindow', retryAfterCapMs: -1 }],
    ['a negative calm time', { kind: 'pacedWindow', calmMs: -1 }],
    ['the written law without a least pause', { kind: 'delay', law: 'as-written', minMs: 0 }],
    ['the written law with a decrease that increases', { kind: 'delay', law: 'as-written', decrease: 1.1 }],
    ['half an attempt', { kind: 'aimd', initialWindow: 1.5 }],
    ['an aimd decrease that increases', { kind: 'aimd', decrease: 1.5 }],
  ])('with %s is refused', (_name, limiter) => {
    expect(() => validate(limiter)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });

  it.each<LimiterSpec>([
    { kind: 'fixed' },
    { kind: 'aimd', initialWindow: 1, decrease: 1 },
    { kind: 'delay', law: 'as-written', minMs: 1, maxMs: 1, increase: 1, decrease: 1, margin: 0.1 },
    { kind: 'custom', create: () => new AimdLimiter({ kind: 'aimd' }) },
    {
      kind: 'pacedWindow',
      initialWindow: 1,
      leastPerSecond: 0.01,
      decrease: 1,
      timeoutDecrease: 1,
      recoverMs: 1,
      gain: 1,
      retryAfterCapMs: 0,
      calmMs: 0,
    },
  ])('of kind $kind is accepted', (limiter) => {
    expect(() => validate(limiter)).not.toThrow();
  });

  it('makes the limiter that it names', () => {
    const own = new AimdLimiter({ kind: 'aimd' });
    expect(createLimiter({ kind: 'fixed' }, {})).toBeNull();
    expect(createLimiter({ kind: 'delay' }, {})).toBeInstanceOf(DelayLimiter);
    expect(createLimiter({ kind: 'delay', law: 'repaired' }, {})).toBeInstanceOf(DelayLimiter);
    expect(createLimiter({ kind: 'delay', law: 'as-written' }, {})).toBeInstanceOf(WrittenDelayLimiter);
    expect(createLimiter({ kind: 'aimd' }, {})).toBeInstanceOf(AimdLimiter);
    expect(createLimiter({ kind: 'pacedWindow' }, {})).toBeInstanceOf(PacedWindowLimiter);
    expect(createLimiter({ kind: 'custom', create: () => own }, {})).toBe(own);
  });
});
