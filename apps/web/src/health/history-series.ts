import type { RequestClass, ResilienceHistory } from '@breakwater/contract';

export type Values = readonly (number | null)[];

/** A stretch of time in which the breaker was not closed, as indexes into the series; `to` is included. */
export interface Band {
  readonly state: 'open' | 'half_open';
  readonly from: number;
  readonly to: number;
}

export function toBands(breaker: Values): readonly Band[] {
  const bands: Band[] = [];
  for (const [index, level] of breaker.entries()) {
    if (level === null || level === 0) continue;
    const state = level === 2 ? 'open' : 'half_open';
    const last = bands.at(-1);
    if (last?.state === state && last.to === index - 1) bands[bands.length - 1] = { ...last, to: index };
    else bands.push({ state, from: index, to: index });
  }
  return bands;
}

/** All that went wrong within each step. */
export function sumErrors({ throttled, timed_out: timedOut, failed }: ResilienceHistory): Values {
  return throttled.map((value, index) => {
    const parts = [value, timedOut[index] ?? null, failed[index] ?? null];
    return parts.every((part) => part === null) ? null : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
  });
}

/** The longest 95th percentile among the classes. */
export function findWorstWaits({ waits }: ResilienceHistory): Values {
  const classes: readonly RequestClass[] = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'];
  const series = classes.map((name) => waits[name].p95_ms);
  return (series[0] ?? []).map((_, index) => {
    const known = series.flatMap((values) => values[index] ?? []);
    return known.length === 0 ? null : Math.max(...known);
  });
}

export interface HistoryRow {
  readonly atMs: number;
  readonly delayMs: number | null;
  readonly waitMs: number | null;
  readonly errors: number | null;
  readonly calls: number | null;
  readonly breaker: 'closed' | 'half_open' | 'open' | null;
}

const LEVELS = ['closed', 'half_open', 'open'] as const;

/** About a dozen rows for a table: the worst of each stretch, and sums of what is counted. */
export function toRows(history: ResilienceHistory, rowCount: number): readonly HistoryRow[] {
  const size = Math.max(1, Math.ceil(history.at_ms.length / rowCount));
  const errors = sumErrors(history);
  const waits = findWorstWaits(history);
  const rows: HistoryRow[] = [];
  for (let start = 0; start < history.at_ms.length; start += size) {
    const known = (values: Values): number[] => values.slice(start, start + size).flatMap((value) => value ?? []);
    const worst = (values: Values): number | null => (known(values).length === 0 ? null : Math.max(...known(values)));
    const sum = (values: Values): number | null =>
      known(values).length === 0 ? null : known(values).reduce((total, value) => total + value, 0);
    const level = worst(history.breaker);
    rows.push({
      atMs: history.at_ms[Math.min(history.at_ms.length, start + size) - 1] ?? 0,
      delayMs: worst(history.delay_ms),
      waitMs: worst(waits),
      errors: sum(errors),
      calls: sum(history.calls),
      breaker: level === null ? null : (LEVELS[level] ?? null),
    });
  }
  return rows.toReversed();
}
