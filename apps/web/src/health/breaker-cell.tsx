import type { ServerResilience } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { HoldText } from './hold-text.tsx';

/** State of the breaker in shape, word and colour, with since when and what comes next. */
export function BreakerCell({ server }: { readonly server: ServerResilience }): ReactNode {
  const { t, format } = useWords();
  const now = useNow(1_000);
  const { state, since, next_probe_at: nextProbeAt, failures, failure_threshold: threshold, isolated } = server.breaker;
  if (!server.linked) return <span className="muted">{t('health.not_linked')}</span>;
  const nextInMs = nextProbeAt === null ? null : Date.parse(nextProbeAt) - now;
  return (
    <div className="cell-lines">
      <span className={`word breaker-${state}`}>
        <svg className="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
          <path className="outline" d={SHAPES[state]} />
        </svg>
        {t(`breaker_state.${state}`)}
      </span>
      {since === null ? null : <span className="muted small-text">{t('health.since', { time: format.time(since) })}</span>}
      {isolated === null ? (
        nextInMs === null || nextInMs <= 0 ? null : (
          <span className="small-text">{t('health.next_probe', { time: format.duration(nextInMs) })}</span>
        )
      ) : (
        <span className="small-text">
          {t('health.isolated')} <HoldText hand={isolated} />
        </span>
      )}
      {isolated?.reason == null ? null : <span className="small-text">{isolated.reason}</span>}
      <span className="muted small-text">{t('health.failures', { count: failures, threshold: format.number(threshold) })}</span>
    </div>
  );
}

/** A switch seen from above: closed, open, and about to close. */
const SHAPES = {
  closed: 'M1.5 8h13M4.5 8h.01M11.5 8h.01',
  open: 'M1.5 11h3l6-7M11.5 11h3',
  half_open: 'M1.5 11h3l6-3.5M11.5 11h3',
} as const satisfies Record<ServerResilience['breaker']['state'], string>;
