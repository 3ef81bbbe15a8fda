import { formatInstant, ManualClock, parseInstant } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { toBreakerMetrics, toBreakerStats, toBreakerStatus, toQueueStats } from './documented-stats.ts';
import type { Pipeline } from './pipeline.ts';
import { esxiPreset } from './presets/esxi.ts';
import { installerPreset } from './presets/installer.ts';
import { mcpPreset } from './presets/mcp.ts';
import { createRuntime } from './runtime.ts';

const fail = (): Promise<never> => Promise.reject(new Error('no'));

async function repeat(
  pipeline: Pipeline,
  options: { readonly ok: number; readonly failed: number; readonly clock: ManualClock },
): Promise<void> {
  const { clock, ok, failed } = options;
  for (const callee of [...Array.from({ length: ok }, () => () => 1), ...Array.from({ length: failed }, () => fail)]) {
    const outcome = pipeline.attempt(callee);
    await clock.advance(1_000);
    await outcome;
  }
}

describe("the documents' figures", () => {
  it('has the keys of spec 01 while closed', () => {
    const runtime = createRuntime({ clock: new ManualClock() });
    const snapshot = runtime.pipeline(esxiPreset(), 'server-123').snapshot();
    expect(toBreakerStats(snapshot)).toMatchObject({ state: 'closed', failure_count: 0, failure_threshold: 5, time_until_retry: null });
    expect(toQueueStats(snapshot.queue)).toMatchObject({
      max_concurrent: 4,
      min_interval: 0.15,
      avg_wait_time: 0,
      active_requests: 0,
      waiting_requests: 0,
    });
  });

  it('tells since when and how long an open breaker waits', async () => {
    const clock = new ManualClock();
    const pipeline = createRuntime({ clock }).pipeline(esxiPreset(), 'server-123');
    await repeat(pipeline, { ok: 1, failed: 5, clock });
    await clock.advance(10_000);
    const stats = toBreakerStats(pipeline.snapshot());
    expect(stats).toMatchObject({
      state: 'open',
      failure_count: 5,
      fail_counter: 5,
      success_counter: 1,
      total_calls: 6,
      recovery_timeout: 30,
    });
    expect(stats.time_until_retry).toBe(19);
    expect(stats.opened_at).toBe(stats.last_failure);
    expect(stats.opened_at).toBe(formatInstant(clock.wall() - 11_000));
  });

  it("has spec 04's example", async () => {
    const clock = new ManualClock({ wallMs: parseInstant('2024-01-01T11:59:48.000Z') ?? 0 });
    const runtime = createRuntime({ clock });
    const pipeline = runtime.pipeline(mcpPreset(), 'pfsense_api');
    await repeat(pipeline, { ok: 10, failed: 2, clock });
    expect(toBreakerMetrics(pipeline.snapshot())).toEqual({
      name: 'pfsense_api',
      state: 'closed',
      fail_counter: 2,
      success_counter: 10,
      last_failure: '2024-01-01 11:59:59',
      opened_at: null,
    });
  });

  it("has spec 05's status of every service, and its open state in lower case", async () => {
    const clock = new ManualClock();
    const runtime = createRuntime({ clock });
    runtime.pipeline(installerPreset({ operation: 'http-request' }), 'github');
    await repeat(runtime.pipeline(installerPreset({ operation: 'http-request' }), 'apt_repository'), { ok: 1, failed: 4, clock });
    expect(toBreakerStatus(runtime.snapshots())).toEqual({
      github: { state: 'closed', failure_count: 0, total_calls: 0 },
      apt_repository: { state: 'open', failure_count: 3, total_calls: 5 },
    });
    await clock.advance(60_000);
    expect(runtime.find('apt_repository')?.breaker?.permit()).not.toBeNull();
    expect(toBreakerStatus(runtime.snapshots())['apt_repository']?.state).toBe('half_open');
  });

  it('shows a pipeline without breaker and queue as one that never stands in the way', () => {
    const snapshot = createRuntime({ clock: new ManualClock() }).pipeline({}, 'a').snapshot();
    expect(toBreakerStats(snapshot)).toMatchObject({ state: 'closed', failure_threshold: 0 });
    expect(toQueueStats(null)).toMatchObject({ max_concurrent: 0, by_priority: { LOW: { total_requests: 0 } } });
    expect(toBreakerMetrics(snapshot)).toMatchObject({ state: 'closed', last_failure: null });
  });
});
