import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createPipeline } from './pipeline.ts';

function create(spec: Parameters<typeof createPipeline>[0]) {
  const clock = new ManualClock();
  return { clock, pipeline: createPipeline(spec, { key: 'server-1', clock, random: createSeededRandom(1) }) };
}

describe('pipeline', () => {
  it('gives the value of the callee', async () => {
    const { pipeline } = create({});
    await expect(pipeline.run(async () => 42)).resolves.toBe(42);
  });

  it('rejects at once while the breaker is open', async () => {
    const { pipeline } = create({ breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 30_000 } });
    for (let call = 0; call < 2; call++) await expect(pipeline.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(pipeline.run(async () => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN', retryAfterMs: 30_000 });
  });
});
