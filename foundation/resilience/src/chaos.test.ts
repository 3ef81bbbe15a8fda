import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallContext } from './call-context.ts';
import { type ChaosSpec, createChaos } from './chaos.ts';
import { createPipeline } from './pipeline.ts';

const ALL: ChaosSpec = {
  latency: { share: 0.5, minMs: 10, maxMs: 100 },
  hang: { share: 0.1 },
  fault: { share: 0.3, create: ({ op }) => new Error(`chaos in ${op}`) },
  outcome: { share: 0.3, create: () => 'replaced' },
};

async function play(seed: number, spec = ALL) {
  const clock = new ManualClock();
  const chaos = createChaos(spec, { random: createSeededRandom(seed), clock });
  const pipeline = createPipeline({ attempt: { timeoutMs: 1_000 } }, { key: 'server-1', clock });
  chaos.start();
  const seen: string[] = [];
  for (let call = 0; call < 30; call++) {
    const startedAtMs = clock.now();
    const outcome = pipeline.attempt(
      chaos.inject(() => 'real'),
      { op: 'list' },
    );
    let endedAtMs = startedAtMs;
    void outcome.then(() => {
      endedAtMs = clock.now();
    });
    await clock.advance(1_000);
    const result = await outcome;
    seen.push(`${result.ok ? result.value : (result.error as Error).message} ${Math.round(endedAtMs - startedAtMs)}`);
  }
  return { seen, figures: chaos.figures(), calls: pipeline.snapshot().calls };
}

describe('chaos', () => {
  it('does the same again with the same seed, and each kind of trouble as often as it counts', async () => {
    const first = await play(7);
    expect(await play(7)).toEqual(first);
    expect((await play(8)).seen).not.toEqual(first.seen);
    const { figures, calls, seen } = first;
    expect(figures.calls).toBe(30);
    expect(figures.delayed).toBeGreaterThan(5);
    expect(calls.timeout).toBe(figures.hung);
    expect(seen.filter((text) => text.startsWith('chaos in list'))).toHaveLength(figures.failed);
    expect(seen.filter((text) => text.startsWith('replaced'))).toHaveLength(figures.replaced);
    expect(figures.hung * figures.failed * figures.replaced).toBeGreaterThan(0);
  });

  it('is nothing at all until it is started, and after it is stopped', async () => {
    const chaos = createChaos({ fault: { share: 1, create: () => new Error('chaos') } }, { random: Math.random });
    const call = () => createPipeline({}, { key: 'x' }).run(chaos.inject(() => 1));
    await expect(call()).resolves.toBe(1);
    chaos.start();
    expect(chaos.isActive).toBe(true);
    await expect(call()).rejects.toThrow('chaos');
    chaos.stop();
    await expect(call()).resolves.toBe(1);
    expect(chaos.figures()).toEqual({ calls: 1, delayed: 0, hung: 0, failed: 1, replaced: 0 });
  });

  it('ends a call that hangs, or waits, with its attempt', async () => {
    const reason = new Error('gave up');
    const context = { signal: AbortSignal.abort(reason) } as CallContext;
    for (const spec of [{ hang: { share: 1 } }, { latency: { share: 1, minMs: 5, maxMs: 5 } }]) {
      const chaos = createChaos(spec, { random: () => 0, clock: new ManualClock() });
      chaos.start();
      await expect(chaos.inject(() => 1)(context)).rejects.toBe(reason);
    }
  });

  it('delays within its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.nat(500), fc.nat(400), async (seed, minMs, span) => {
        const { seen } = await play(seed, { latency: { share: 1, minMs, maxMs: minMs + span } });
        for (const text of seen) {
          const tookMs = Number(text.split(' ')[1]);
          expect(tookMs).toBeGreaterThanOrEqual(minMs);
          expect(tookMs).toBeLessThanOrEqual(minMs + span);
        }
      }),
      { numRuns: 10 },
    );
  });

  it.each<ChaosSpec>([
    { hang: { share: 1.1 } },
    { fault: { share: Number.NaN, create: () => null } },
    { latency: { share: 1, minMs: -1, maxMs: 1 } },
    { latency: { share: 1, minMs: 2, maxMs: 1 } },
  ])('refuses %j', (spec) => {
    expect(() => createChaos(spec, { random: () => 0 })).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });
});
