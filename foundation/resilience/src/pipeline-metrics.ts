import { PRIORITIES } from '@breakwater/kernel';
import type { BreakerStateKind } from './breaker-report.ts';
import { DURATION_BOUNDS_MS, type DurationFigures } from './duration-histogram.ts';
import type { MetricFamily, MetricKind, MetricSample } from './metrics-text.ts';
import type { PipelineSnapshot } from './pipeline.ts';

/** One figure of a pipeline, in a way that every exporter can use. */
export interface PipelineMetric {
  /** Snake case, as Prometheus wants it: unit and `_total` included. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  /** Without labels of the pipeline itself. None where the pipeline has no such part. */
  readonly read: (snapshot: PipelineSnapshot) => readonly MetricSample[];
}

const STATES: Readonly<Record<BreakerStateKind, number>> = { closed: 0, 'half-open': 1, open: 2 };
const OUTCOMES = ['ok', 'failed', 'timeout', 'throttled', 'ignored', 'canceled'] as const;

/** Counters count since the pipeline was made and never go down; a pipeline that is made anew begins at 0, which collectors understand. */
export const PIPELINE_METRICS: readonly PipelineMetric[] = [
  {
    name: 'breaker_state',
    kind: 'gauge',
    help: 'Circuit breaker: 0 closed, 1 half open, 2 open.',
    read: ({ breaker }) => (breaker === null ? [] : [{ value: STATES[breaker.state] }]),
  },
  {
    name: 'breaker_failures',
    kind: 'gauge',
    help: 'Failures that the circuit breaker counts now.',
    read: ({ breaker }) => (breaker === null ? [] : [{ value: breaker.failures }]),
  },
  {
    name: 'breaker_opens_total',
    kind: 'counter',
    help: 'How often the circuit breaker has opened.',
    read: ({ breaker }) => (breaker === null ? [] : [{ value: breaker.opens }]),
  },
  {
    name: 'breaker_rejected_total',
    kind: 'counter',
    help: 'Requests that the circuit breaker has turned away.',
    read: ({ breaker }) => (breaker === null ? [] : [{ value: breaker.rejected }]),
  },
  {
    name: 'requests_total',
    kind: 'counter',
    help: 'Requests sent, by priority class.',
    read: ({ queue }) => (queue === null ? [] : byClass((priority) => queue.byPriority[priority].started)),
  },
  {
    name: 'request_outcomes_total',
    kind: 'counter',
    help: 'Requests that have ended, by what came of them.',
    read: ({ calls }) => OUTCOMES.map((outcome) => ({ labels: { outcome }, value: calls[outcome] })),
  },
  {
    name: 'request_duration_seconds',
    kind: 'histogram',
    help: 'Time from the start of a request to its end, without the time in the queue.',
    read: ({ calls }) => toHistogram(calls.durations),
  },
  {
    name: 'request_retries_total',
    kind: 'counter',
    help: 'Requests that repeated an earlier one.',
    read: ({ calls }) => [{ value: calls.retries }],
  },
  {
    name: 'requests_rejected_total',
    kind: 'counter',
    help: 'Calls that ended without a request: breaker open, queue full, out of time.',
    read: ({ calls }) => [{ value: calls.rejected }],
  },
  {
    name: 'requests_abandoned',
    kind: 'gauge',
    help: 'Requests that were given up and are still under way.',
    read: ({ calls }) => [{ value: calls.abandoned }],
  },
  {
    name: 'requests_active',
    kind: 'gauge',
    help: 'Requests that a server is working on.',
    read: ({ queue }) => (queue === null ? [] : [{ value: queue.active }]),
  },
  {
    name: 'requests_waiting',
    kind: 'gauge',
    help: 'Requests that wait for their turn.',
    read: ({ queue }) => (queue === null ? [] : [{ value: queue.waiting }]),
  },
  {
    name: 'request_delay_seconds',
    kind: 'gauge',
    help: 'Pause between requests that the adaptive limiter keeps now.',
    read: ({ queue }) => (queue === null ? [] : [{ value: queue.delayMs / 1_000 }]),
  },
  {
    name: 'queue_wait_seconds',
    kind: 'histogram',
    help: 'Time requests waited for their turn, by priority class.',
    read: ({ queue }) =>
      queue === null ? [] : PRIORITIES.flatMap((priority) => toHistogram(queue.byPriority[priority].waits, toClass(priority))),
  },
  {
    name: 'retry_budget_tokens',
    kind: 'gauge',
    help: 'Repetitions that could be made now.',
    read: ({ retryBudget }) => (retryBudget === null ? [] : [{ value: retryBudget.tokens }]),
  },
];

export interface MetricFamiliesOptions {
  /** What the names begin with, without the underscore. Default `resilience`. */
  readonly prefix?: string;
  /** Labels of a pipeline. Default: `key`. */
  readonly labels?: (key: string) => Readonly<Record<string, string>>;
}

/** The figures of pipelines, for `formatMetrics`. */
export function toMetricFamilies(snapshots: readonly PipelineSnapshot[], options: MetricFamiliesOptions = {}): readonly MetricFamily[] {
  const { prefix = 'resilience', labels = (key: string) => ({ key }) } = options;
  const labelled = snapshots.map((snapshot) => ({ snapshot, own: labels(snapshot.key) }));
  return PIPELINE_METRICS.map(({ name, kind, help, read }) => ({
    name: `${prefix}_${name}`,
    kind,
    help,
    samples: labelled.flatMap(({ snapshot, own }) => read(snapshot).map((sample) => ({ ...sample, labels: { ...own, ...sample.labels } }))),
  }));
}

/** The names of spec 02. */
const toClass = (priority: (typeof PRIORITIES)[number]): Readonly<Record<string, string>> => ({ class: priority.toUpperCase() });

function byClass(read: (priority: (typeof PRIORITIES)[number]) => number): readonly MetricSample[] {
  return PRIORITIES.map((priority) => ({ labels: toClass(priority), value: read(priority) }));
}

function toHistogram(durations: DurationFigures, labels: Readonly<Record<string, string>> = {}): readonly MetricSample[] {
  const { count, sumMs, atMost } = durations;
  return [
    ...DURATION_BOUNDS_MS.map((boundMs, index) => ({
      labels: { ...labels, le: toBoundText(boundMs / 1_000) },
      value: atMost[index] ?? 0,
      suffix: '_bucket' as const,
    })),
    { labels: { ...labels, le: '+Inf' }, value: count, suffix: '_bucket' },
    { labels, value: sumMs / 1_000, suffix: '_sum' },
    { labels, value: count, suffix: '_count' },
  ];
}

/** Collectors compare these texts: OpenMetrics writes whole numbers with `.0`. */
const toBoundText = (seconds: number): string => (Number.isInteger(seconds) ? `${seconds}.0` : String(seconds));
