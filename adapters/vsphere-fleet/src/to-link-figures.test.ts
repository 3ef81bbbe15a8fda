import { queueStatsSchema } from '@breakwater/contract';
import { ManualClock, OpsError } from '@breakwater/kernel';
import { createPipeline, esxiPreset } from '@breakwater/resilience';
import { describe, expect, it } from 'vitest';
import { toLinkFigures } from './to-link-figures.ts';

const POOL = { size: 6, active: 2, idle: 1, opened: 9, reconnects: 3, errors: 4 };

describe('figures of a link', () => {
  it('tell limits and counts in the units of the statistics', async () => {
    const clock = new ManualClock();
    const pipeline = createPipeline(esxiPreset({ limits: { maxConcurrent: 3, minIntervalMs: 200, failureThreshold: 2 } }), {
      key: 'a',
      clock,
    });
    const answered = pipeline.run(async () => 'ok', { priority: 'critical' });
    await clock.advance(1_000);
    await answered;
    const figures = toLinkFigures(pipeline.snapshot(), POOL);
    expect(queueStatsSchema.shape.queue.parse(figures.queue)).toMatchObject({
      max_concurrent: 3,
      min_interval: 0.2,
      total_requests: 1,
      current_delay: 0,
      by_priority: { CRITICAL: { total_requests: 1 }, LOW: { total_requests: 0 } },
    });
    expect(figures.breaker).toMatchObject({
      state: 'closed',
      failure_threshold: 2,
      recovery_timeout: 30,
      opened_at: null,
      time_until_retry: null,
      total_calls: 1,
    });
    expect(figures.pool).toEqual({
      pool_size: 6,
      available_connections: 4,
      active_connections: 2,
      total_connections: 9,
      reconnects: 3,
      errors: 4,
    });
  });

  it('tell when an open breaker lets the next call through', async () => {
    const clock = new ManualClock();
    const pipeline = createPipeline(esxiPreset({ limits: { failureThreshold: 2 } }), { key: 'a', clock });
    for (let turn = 0; turn < 2; turn++) {
      const failed = pipeline.attempt(async () => {
        throw new OpsError({ code: 'TRANSPORT_RESET', message: 'reset' });
      });
      await clock.advance(1_000);
      await failed;
    }
    await clock.advance(9_000);
    const { breaker } = toLinkFigures(pipeline.snapshot(), POOL);
    expect(breaker).toMatchObject({ state: 'open', failure_count: 2 });
    expect(breaker.time_until_retry).toBeGreaterThan(19);
    expect(breaker.time_until_retry).toBeLessThan(21.1);
    expect(breaker.opened_at).toMatch(/^2026-01-01T00:00:0/);
  });
});
