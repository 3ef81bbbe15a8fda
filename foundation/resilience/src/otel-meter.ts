import { DURATION_BOUNDS_MS } from './duration-histogram.ts';
import type { EventListener, ResilienceEvent } from './events.ts';
import type { PipelineSnapshot } from './pipeline.ts';
import { PIPELINE_METRICS } from './pipeline-metrics.ts';

type Attributes = Readonly<Record<string, string | number>>;

interface InstrumentOptions {
  readonly description: string;
  readonly unit?: string;
  readonly advice?: { readonly explicitBucketBoundaries?: number[] };
}

/** Something a meter asks for its value; given back to the meter as it came. */
export type ObservableLike = object;

/** The part of OpenTelemetry's `Meter` that is used; any version that has it will do. */
export interface MeterLike {
  createObservableCounter(name: string, options: InstrumentOptions): ObservableLike;
  createObservableGauge(name: string, options: InstrumentOptions): ObservableLike;
  createHistogram(name: string, options: InstrumentOptions): { record(value: number, attributes: Attributes): void };
  addBatchObservableCallback(callback: BatchCallback, observables: ObservableLike[]): void;
  removeBatchObservableCallback(callback: BatchCallback, observables: ObservableLike[]): void;
}

type BatchCallback = (result: { observe(metric: ObservableLike, value: number, attributes: Attributes): void }) => void;

export interface MeterBridge {
  /** For `onEvent` of a pipeline or runtime: durations come from here. */
  readonly onEvent: EventListener;
  /** Whom to ask for everything else, each time the meter collects: `() => runtime.snapshots()`. */
  observe(read: () => readonly PipelineSnapshot[]): void;
  close(): void;
}

/** Figures of pipelines as instruments of OpenTelemetry: `resilience.breaker_state`, `resilience.call_duration` and so on, with `key`. */
export function createMeterBridge(meter: MeterLike): MeterBridge {
  const instruments = PIPELINE_METRICS.filter(({ kind }) => kind === 'counter' || kind === 'gauge').map((metric) => {
    const options = { description: metric.help, ...(metric.name.endsWith('_seconds') ? { unit: 's' } : {}) };
    const name = `resilience.${metric.name.replace(/_total$|_seconds$/, '')}`;
    return {
      metric,
      instrument: metric.kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options),
    };
  });
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: DURATION_BOUNDS_MS.map((boundMs) => boundMs / 1_000) } };
  const took = meter.createHistogram('resilience.call_duration', { ...seconds, description: 'Time from a call to its outcome.' });
  const waited = meter.createHistogram('resilience.queue_wait', { ...seconds, description: 'Time a call waited for its turn.' });
  const observables = instruments.map(({ instrument }) => instrument);
  const callbacks: BatchCallback[] = [];
  return {
    onEvent: Object.assign(
      (event: ResilienceEvent): void => {
        if (event.kind !== 'call.ended') return;
        const { key, op, outcome, priority } = event;
        took.record(event.tookMs / 1_000, { key, op, outcome });
        if (event.attempts > 0) waited.record(event.waitedMs / 1_000, { key, priority });
      },
      { hears: (kind: ResilienceEvent['kind']): boolean => kind === 'call.ended' },
    ),
    observe(read) {
      const callback: BatchCallback = (result) => {
        for (const snapshot of read()) {
          for (const { metric, instrument } of instruments) {
            for (const { value, labels } of metric.read(snapshot)) result.observe(instrument, value, { key: snapshot.key, ...labels });
          }
        }
      };
      callbacks.push(callback);
      meter.addBatchObservableCallback(callback, observables);
    },
    close() {
      for (const callback of callbacks.splice(0)) meter.removeBatchObservableCallback(callback, observables);
    },
  };
}
