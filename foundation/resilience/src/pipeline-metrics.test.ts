import { createSeededRandom, ManualClock, PRIORITIES } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import { formatMetrics } from './metrics-text.ts';
import type { PipelineSnapshot } from './pipeline.ts';
import { PIPELINE_METRICS, toMetricFamilies } from './pipeline-metrics.ts';
import { createRuntime } from './runtime.ts';
import type { PipelineSpec } from './spec.ts';

const SPEC: PipelineSpec = {
  retry: { attempts: 2, backoff: constantBackoff(50), budget: {} },
  breaker: { trip: { kind: 'consecutive', failures: 3 }, openMs: 2_000 },
  admission: { maxConcurrent: 1, minIntervalMs: 100, limiter: { kind: 'delay' }, queue: { maxWaiting: 5 } },
  attempt: { timeoutMs: 1_000 },
};

/** Every sample by its name and labels. */
function read(snapshots: readonly PipelineSnapshot[]): ReadonlyMap<string, number> {
  const lines = formatMetrics(toMetricFamilies(snapshots)).split('\n');
  return new Map(lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => splitLine(line)));
}

function splitLine(line: string): [string, number] {
  const at = line.lastIndexOf(' ');
  return [line.slice(0, at), Number(line.slice(at + 1))];
}

describe('figures of a runtime', () => {
  it('tell requests, waits and durations', async () => {
    const clock = new ManualClock();
    const runtime = createRuntime({ clock });
    const pipeline = runtime.pipeline(SPEC, 'esx "1"');
    const first = pipeline.run(() => new Promise((resolve) => clock.after(40, () => resolve(1))), { priority: 'high' });
    const second = pipeline.run(() => 2, { priority: 'low' });
    await clock.advance(200);
    await Promise.all([first, second]);
    const figures = read(runtime.snapshots());
    const key = 'key="esx \\"1\\""';
    expect(Object.fromEntries(figures)).toMatchObject({
      [`resilience_breaker_state{${key}}`]: 0,
      [`resilience_requests_total{${key},class="HIGH"}`]: 1,
      [`resilience_requests_total{${key},class="CRITICAL"}`]: 0,
      [`resilience_request_outcomes_total{${key},outcome="ok"}`]: 2,
      [`resilience_request_duration_seconds_bucket{${key},le="0.025"}`]: 1,
      [`resilience_request_duration_seconds_bucket{${key},le="0.05"}`]: 2,
      [`resilience_request_duration_seconds_bucket{${key},le="+Inf"}`]: 2,
      [`resilience_request_duration_seconds_count{${key}}`]: 2,
      [`resilience_request_duration_seconds_sum{${key}}`]: 0.04,
      [`resilience_queue_wait_seconds_bucket{${key},class="LOW",le="0.05"}`]: 0,
      [`resilience_queue_wait_seconds_bucket{${key},class="LOW",le="0.1"}`]: 1,
      [`resilience_queue_wait_seconds_bucket{${key},class="LOW",le="1.0"}`]: 1,
      [`resilience_queue_wait_seconds_sum{${key},class="LOW"}`]: 0.1,
      [`resilience_queue_wait_seconds_count{${key},class="HIGH"}`]: 1,
    });
  });

  it('leave out what a pipeline has not, and take other names and labels', () => {
    const runtime = createRuntime({ clock: new ManualClock() });
    runtime.pipeline({}, 'a');
    const families = toMetricFamilies(runtime.snapshots(), { prefix: 'portal_host', labels: (key) => ({ host: key.toUpperCase() }) });
    const samplesOf = (name: string) => families.find((family) => family.name === name)?.samples;
    expect(samplesOf('portal_host_breaker_state')).toEqual([]);
    expect(samplesOf('portal_host_requests_rejected_total')).toEqual([{ labels: { host: 'A' }, value: 0 }]);
  });

  it('never count down, whatever happens to the calls', async () => {
    const clock = new ManualClock();
    const random = createSeededRandom(11);
    const runtime = createRuntime({ clock, random });
    const counters = PIPELINE_METRICS.filter(({ kind }) => kind !== 'gauge').map(({ name }) => `resilience_${name}`);
    let before: ReadonlyMap<string, number> = new Map();
    let compared = 0;
    for (let turn = 0; turn < 300; turn++) {
      const pipeline = runtime.pipeline(SPEC, random() < 0.5 ? 'a' : 'b');
      const takesMs = random() * 1_500;
      const fails = random() < 0.4;
      const controller = new AbortController();
      void pipeline.attempt(
        () => new Promise((resolve, reject) => clock.after(takesMs, () => (fails ? reject(new Error('connect timeout=30')) : resolve(1)))),
        { priority: PRIORITIES[Math.floor(random() * 4)] ?? 'low', idempotent: random() < 0.5, signal: controller.signal },
      );
      if (random() < 0.1) controller.abort();
      if (random() < 0.02) pipeline.breaker?.reset();
      await clock.advance(random() * 400);
      const now = read(runtime.snapshots());
      for (const [name, value] of before) {
        if (!counters.some((counter) => name.startsWith(counter))) continue;
        compared++;
        expect(now.get(name), name).toBeGreaterThanOrEqual(value);
      }
      before = now;
    }
    expect(compared).toBeGreaterThan(10_000);
    expect(before.get('resilience_breaker_opens_total{key="a"}')).toBeGreaterThan(0);
    expect(before.get('resilience_request_outcomes_total{key="a",outcome="timeout"}')).toBeGreaterThan(0);
    expect(before.get('resilience_request_outcomes_total{key="a",outcome="canceled"}')).toBeGreaterThan(0);
  });
});
