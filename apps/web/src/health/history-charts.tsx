import type { RequestClass, ResilienceHistory } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { findWorstWaits, sumErrors, toBands, toRows, type Values } from './history-series.ts';
import { type Line, LineChart } from './line-chart.tsx';

const CLASSES = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const satisfies readonly RequestClass[];
const CLASS_COLOURS = { CRITICAL: '--error', HIGH: '--warn', NORMAL: '--info', LOW: '--off' } as const;
const TABLE_ROWS = 12;

/** Pause, waits and errors over the same time, with the breaker behind them; and all of it as text. */
export function HistoryCharts({ history }: { readonly history: ResilienceHistory }): ReactNode {
  const { t, format } = useWords();
  if (history.at_ms.length === 0) return <p className="muted">{t('chart.none')}</p>;
  const bands = toBands(history.breaker);
  const toMs = (value: number): string => format.span(Math.round(value));
  const toCount = (value: number): string => format.number(value);
  const summarize = (what: string, values: Values, toText: (value: number) => string): string => {
    const known = values.flatMap((value) => value ?? []);
    if (known.length === 0) return `${what}: –`;
    return t('chart.summary', {
      what,
      min: toText(Math.min(...known)),
      max: toText(Math.max(...known)),
      last: toText(known.at(-1) ?? 0),
      open: format.number(history.breaker.filter((level) => level === 2).length),
      steps: format.number(history.breaker.length),
    });
  };
  const charts: readonly {
    readonly name: 'delay' | 'waits' | 'errors';
    readonly lines: readonly Line[];
    readonly values: Values;
    readonly toText: (value: number) => string;
  }[] = [
    {
      name: 'delay',
      lines: [{ label: t('chart.delay'), colour: '--accent', values: history.delay_ms }],
      values: history.delay_ms,
      toText: toMs,
    },
    {
      name: 'waits',
      lines: CLASSES.map((name) => ({
        label: t(`request_class.${name}`),
        colour: CLASS_COLOURS[name],
        values: history.waits[name].p95_ms,
      })),
      values: findWorstWaits(history),
      toText: toMs,
    },
    {
      name: 'errors',
      lines: [{ label: t('chart.errors'), colour: '--error', values: sumErrors(history) }],
      values: sumErrors(history),
      toText: toCount,
    },
  ];
  return (
    <>
      <div className="charts">
        {charts.map(({ name, lines, values, toText }) => (
          <figure key={name} className="chart">
            <figcaption>{t(`chart.${name}`)}</figcaption>
            <LineChart
              atMs={history.at_ms}
              lines={lines}
              bands={bands}
              toText={toText}
              summary={summarize(t(`chart.${name}`), values, toText)}
            />
            {lines.length < 2 ? null : (
              <ul className="chart-legend" aria-hidden="true">
                {lines.map(({ label, colour }) => (
                  <li key={label}>
                    <span className="chart-key" style={{ background: `var(${colour})` }} />
                    {label}
                  </li>
                ))}
              </ul>
            )}
          </figure>
        ))}
      </div>
      {bands.length === 0 ? null : <p className="muted small-text">{t('chart.bands')}</p>}
      <HistoryTable history={history} />
    </>
  );
}

function HistoryTable({ history }: { readonly history: ResilienceHistory }): ReactNode {
  const { t, format } = useWords();
  const toText = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value));
  const toMs = (value: number): string => format.span(Math.round(value));
  return (
    <details className="chart-table">
      <summary>{t('chart.table')}</summary>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('chart.time')}</th>
            <th scope="col">{t('chart.breaker')}</th>
            <th scope="col">{t('chart.delay')}</th>
            <th scope="col">{t('chart.worst_wait')}</th>
            <th scope="col">{t('chart.errors')}</th>
          </tr>
        </thead>
        <tbody>
          {toRows(history, TABLE_ROWS).map((row) => (
            <tr key={row.atMs}>
              <th scope="row">{format.time(row.atMs)}</th>
              <td>{row.breaker === null ? '–' : t(`breaker_state.${row.breaker}`)}</td>
              <td>{toText(row.delayMs, toMs)}</td>
              <td>{toText(row.waitMs, toMs)}</td>
              <td>{toText(row.errors, format.number)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
