import { describe, expect, it } from 'vitest';
import { formatMetrics, type MetricFamily } from './metrics-text.ts';

const COUNTER: MetricFamily = {
  name: 'x_requests_total',
  kind: 'counter',
  help: 'Requests "sent",\nwith a \\.',
  samples: [{ labels: { host: 'a"b\\c\nd', class: 'LOW' }, value: 3 }, { value: 0.5 }],
};

describe('figures as text', () => {
  it('keep any text inside its label, in the format that every collector reads', () => {
    expect(formatMetrics([COUNTER])).toBe(
      [
        '# HELP x_requests_total Requests "sent",\\nwith a \\\\.',
        '# TYPE x_requests_total counter',
        'x_requests_total{host="a\\"b\\\\c\\nd",class="LOW"} 3',
        'x_requests_total 0.5',
        '',
      ].join('\n'),
    );
  });

  it('name the family of a counter without _total in OpenMetrics, and say where the answer ends', () => {
    expect(formatMetrics([COUNTER], { format: 'openmetrics' })).toBe(
      [
        '# HELP x_requests Requests \\"sent\\",\\nwith a \\\\.',
        '# TYPE x_requests counter',
        'x_requests_total{host="a\\"b\\\\c\\nd",class="LOW"} 3',
        'x_requests_total 0.5',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('write what is no finite number as collectors spell it', () => {
    const samples = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-7].map((value) => ({ value }));
    expect(formatMetrics([{ name: 'x', kind: 'gauge', help: 'X.', samples }])).toBe(
      '# HELP x X.\n# TYPE x gauge\nx NaN\nx +Inf\nx -Inf\nx 1e-7\n',
    );
  });

  it('tell of a family without samples too', () => {
    expect(formatMetrics([{ name: 'x', kind: 'gauge', help: 'X.', samples: [] }])).toBe('# HELP x X.\n# TYPE x gauge\n');
  });
});
