import { ManualClock, sleep } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveTimeout, type AdaptiveTimeoutSpec, validateAdaptiveTimeout } from './adaptive-timeout.ts';
import { createPipeline } from './pipeline.ts';

describe('AdaptiveTimeout', () => {
  it('stays within its bounds whatever is measured, and at its longest until enough is known', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 60 }), (durations) => {
        const timeout = new AdaptiveTimeout({ minMs: 50, samples: 10 }, { maxMs: 30_000 });
        for (const [index, durationMs] of durations.entries()) {
          expect(timeout.timeoutMs).toBeGreaterThanOrEqual(50);
          expect(timeout.timeoutMs).toBeLessThanOrEqual(30_000);
          expect(index < 10 ? timeout.timeoutMs : 30_000).toBe(30_000);
          timeout.add(durationMs);
        }
      }),
    );
  });

  it('looks at 200 attempts and allows three times their 99th percentile unless told otherwise', () => {
    const timeout = new AdaptiveTimeout({ minMs: 1 }, { maxMs: 30_000 });
    for (let time = 0; time < 199; time++) timeout.add(time < 150 ? 10 : 1_000);
    expect(timeout.timeoutMs).toBe(30_000);
    timeout.add(1_000);
    expect(timeout.timeoutMs).toBeGreaterThan(2_700);
    expect(timeout.timeoutMs).toBeLessThan(3_600);
  });

  it('follows a server that becomes quicker and slower', () => {
    const timeout = new AdaptiveTimeout({ minMs: 50, samples: 20, quantile: 0.9, factor: 2 }, { maxMs: 30_000 });
    const feed = (durationMs: number): number => {
      for (let time = 0; time < 20; time++) timeout.add(durationMs);
      return timeout.timeoutMs;
    };
    expect(feed(400)).toBeGreaterThan(700);
    expect(timeout.timeoutMs).toBeLessThan(900);
    expect(feed(10)).toBe(50);
    expect(feed(4_000)).toBeGreaterThan(7_000);
  });

  it.each<AdaptiveTimeoutSpec>([
    { minMs: 0 },
    { minMs: 2_000 },
    { minMs: 1, quantile: 0 },
    { minMs: 1, quantile: 1.1 },
    { minMs: 1, factor: 0.5 },
    { minMs: 1, samples: 0 },
  ])('refuses %j', (spec) => {
    expect(() => validateAdaptiveTimeout(spec, 1_000)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });
});

describe('a pipeline with an adaptive timeout', () => {
  const create = () => {
    const clock = new ManualClock();
    const pipeline = createPipeline({ attempt: { timeoutMs: 30_000, adaptive: { minMs: 100, samples: 5 } } }, { key: 'server-1', clock });
    const call = async (tookMs: number, options = {}) => {
      const outcome = pipeline.attempt(({ signal }) => sleep(clock, tookMs, { signal }), options);
      await clock.advance(60_000);
      return outcome;
    };
    return { clock, pipeline, call };
  };

  it('gives up early on what usually is quick, and learns when it has become slow', async () => {
    const { call } = create();
    for (let time = 0; time < 5; time++) expect(await call(100)).toMatchObject({ ok: true });
    const given = await call(1_000);
    expect(given).toMatchObject({ ok: false, error: { code: 'RESILIENCE_ATTEMPT_TIMEOUT' } });
    expect(given.meta.tookMs).toBeGreaterThan(250);
    expect(given.meta.tookMs).toBeLessThan(350);
    let failed = 1;
    while (!(await call(1_000)).ok) failed++;
    expect(failed).toBeLessThanOrEqual(15);
  });

  it('leaves out calls with a timeout of their own, parked ones, and failures', async () => {
    const { call, pipeline, clock } = create();
    for (let time = 0; time < 9; time++) await call(1, { timeoutMs: 5_000 });
    for (let time = 0; time < 9; time++) await call(1, { lane: 'parked' });
    for (let time = 0; time < 9; time++) {
      const failing = pipeline.attempt(() => Promise.reject(new Error('no')));
      await clock.advance(0);
      await failing;
    }
    expect(await call(29_999)).toMatchObject({ ok: true });
  });
});
