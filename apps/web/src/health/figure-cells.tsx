import type { RequestClass, ServerResilience } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

interface CellProps {
  readonly server: ServerResilience;
}

const CLASSES = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const satisfies readonly RequestClass[];

export function RequestsCell({ server }: CellProps): ReactNode {
  const { t, format } = useWords();
  const { active, max, waiting } = server.requests;
  return (
    <div className="cell-lines">
      <span>{t('health.in_flight', { active: format.number(active), max: format.number(max) })}</span>
      <span className="muted small-text">{t('health.waiting', { count: waiting })}</span>
    </div>
  );
}

export function WaitsCell({ server }: CellProps): ReactNode {
  const { t, format } = useWords();
  const toText = (ms: number | null): string => (ms === null ? '–' : format.span(Math.round(ms)));
  return (
    <div className="cell-lines">
      <span className="muted small-text">{t('health.wait_head')}</span>
      <dl className="wait-list">
        {CLASSES.map((name) => {
          const { p50_ms: p50, p95_ms: p95 } = server.waits[name];
          return (
            <div key={name}>
              <dt>{t(`request_class.${name}`)}</dt>
              <dd>{p50 === null ? '–' : t('health.wait_value', { p50: toText(p50), p95: toText(p95) })}</dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}

/** How far the pause is on its way from the least to the longest one. */
export function PaceCell({ server }: CellProps): ReactNode {
  const { t, format } = useWords();
  const { now_ms: now, min_ms: min, max_ms: max } = server.delay;
  const share = max <= min ? 0 : Math.max(0, Math.min(1, (now - min) / (max - min)));
  return (
    <div className="cell-lines">
      <span>{format.span(now)}</span>
      <span className="meter-track" aria-hidden="true">
        <span className="meter-fill" style={{ transform: `scaleX(${share})` }} />
      </span>
      <span className="muted small-text">{t('health.pace_range', { min: format.span(min), max: format.span(max) })}</span>
    </div>
  );
}

export function ErrorsCell({ server }: CellProps): ReactNode {
  const { t } = useWords();
  const { calls, throttled, timed_out: timedOut, failed, rejected } = server.last_hour;
  const lines = [
    throttled === 0 ? null : t('health.throttled', { count: throttled }),
    timedOut === 0 ? null : t('health.timed_out', { count: timedOut }),
    failed === 0 ? null : t('health.failed', { count: failed }),
    rejected === 0 ? null : t('health.rejected', { count: rejected }),
  ].filter((line) => line !== null);
  return (
    <div className="cell-lines">
      {lines.length === 0 ? <span>{t('health.none')}</span> : lines.map((line) => <span key={line}>{line}</span>)}
      <span className="muted small-text">{t('health.calls', { count: calls })}</span>
    </div>
  );
}

export function PoolCell({ server }: CellProps): ReactNode {
  const { t, format } = useWords();
  const { active, size, reconnects, errors_last_hour: errors } = server.pool;
  return (
    <div className="cell-lines">
      <span>{t('health.pool_used', { used: format.number(active), size: format.number(size) })}</span>
      <span className="muted small-text">{t('health.reconnects', { count: reconnects })}</span>
      {errors === 0 ? null : <span className="small-text">{t('health.pool_errors', { count: errors })}</span>}
    </div>
  );
}

export function ScreensCell({ server }: CellProps): ReactNode {
  const { t, format } = useWords();
  const { cycle_ms: cycleMs, refreshed, total } = server.screens;
  const hits = server.cache_hit_percent;
  return (
    <div className="cell-lines">
      <span>
        {cycleMs === null
          ? t('health.no_cycle')
          : t('health.cycle', { done: format.number(refreshed), total: format.number(total), time: format.span(cycleMs) })}
      </span>
      {hits === null ? null : <span className="muted small-text">{t('health.cache_hits', { percent: format.percent(hits) })}</span>}
    </div>
  );
}
