import { ManualClock } from '@breakwater/kernel';
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, it } from 'vitest';
import { createMeterBridge } from './otel-meter.ts';
import { createRuntime } from './runtime.ts';

it("gives the figures of a runtime to OpenTelemetry's own meter", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })] });
  const bridge = createMeterBridge(provider.getMeter('breakwater'));
  const clock = new ManualClock();
  const runtime = createRuntime({ clock, onEvent: bridge.onEvent });
  let reads = 0;
  bridge.observe(() => {
    reads++;
    return runtime.snapshots();
  });
  const pipeline = runtime.pipeline(
    { admission: { maxConcurrent: 1, minIntervalMs: 400 }, breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } },
    'esx-1',
  );
  const calls = [
    pipeline.run(() => 1, { op: 'list', priority: 'high' }),
    pipeline.attempt(() => Promise.reject(new Error('no')), { op: 'power', priority: 'critical' }),
  ];
  await clock.advance(1_000);
  await Promise.all(calls);
  await provider.forceFlush();
  const [collected] = exporter.getMetrics();
  const metrics = collected?.scopeMetrics[0]?.metrics ?? [];
  const pointsOf = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  expect(pointsOf('resilience.breaker_state')).toMatchObject([{ attributes: { key: 'esx-1' }, value: 2 }]);
  expect(pointsOf('resilience.request_outcomes')).toContainEqual(
    expect.objectContaining({ attributes: { key: 'esx-1', outcome: 'failed' }, value: 1 }),
  );
  const waits = pointsOf('resilience.queue_wait').map(({ attributes, value }) => [attributes['priority'], (value as Histogram).sum]);
  expect(waits).toEqual([
    ['high', 0],
    ['critical', 0.4],
  ]);
  const durations = pointsOf('resilience.call_duration');
  expect(durations.map(({ attributes }) => attributes)).toEqual([
    { key: 'esx-1', op: 'list', outcome: 'success' },
    { key: 'esx-1', op: 'power', outcome: 'failure' },
  ]);
  expect(durations[1]?.value).toMatchObject({ buckets: { boundaries: expect.arrayContaining([0.5]) } });
  const readsBefore = reads;
  bridge.close();
  await provider.forceFlush();
  expect([readsBefore, reads]).toEqual([1, 1]);
  await provider.shutdown();
});
