export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly value: number;
  /** The parts of histograms and summaries. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** All samples of one name. The names of counters end in `_total`. */
export interface MetricFamily {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** Prometheus text 0.0.4, which every collector reads, or OpenMetrics 1.0. */
export type MetricsFormat = 'prometheus' | 'openmetrics';

export const METRICS_CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Writes families as a collector reads them. Text in labels may be anything. */
export function formatMetrics(families: readonly MetricFamily[], options: { readonly format?: MetricsFormat } = {}): string {
  const { format = 'prometheus' } = options;
  const texts = families.map((family) => formatFamily(family, format));
  // OpenMetrics tells a whole answer from one that was cut off by its last line.
  return format === 'openmetrics' ? `${texts.join('')}# EOF\n` : texts.join('');
}

function formatFamily({ name, kind, help, samples }: MetricFamily, format: MetricsFormat): string {
  // In OpenMetrics `_total` belongs to the sample and not to the family.
  const family = format === 'openmetrics' && kind === 'counter' ? name.replace(/_total$/, '') : name;
  const lines = samples.map((sample) => `${name}${sample.suffix ?? ''}${formatLabels(sample.labels)} ${formatNumber(sample.value)}\n`);
  return `# HELP ${family} ${escapeHelp(help, format)}\n# TYPE ${family} ${kind}\n${lines.join('')}`;
}

function formatLabels(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escapeQuoted(text)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escapeQuoted = (text: string): string => escapeLines(text).replaceAll('"', '\\"');
const escapeLines = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeHelp = (text: string, format: MetricsFormat): string => (format === 'openmetrics' ? escapeQuoted(text) : escapeLines(text));

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
