import type { HistorySpan, ServerResilience } from '@breakwater/contract';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import { useMay } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { ErrorLine } from '../ui/message.tsx';
import { HistoryCharts } from './history-charts.tsx';
import { HoldText } from './hold-text.tsx';
import { LIMIT_NAMES } from './limit-names.ts';
import type { ProtectionAct } from './protection-dialog.tsx';
import { readHistory } from './requests.ts';

const SPANS = [
  ['1h', 'hour'],
  ['24h', 'day'],
] as const satisfies readonly (readonly [HistorySpan, string])[];
const REFRESH_MS = { '1h': 10_000, '24h': 300_000 } as const satisfies Record<HistorySpan, number>;

export function ServerDetails(props: { readonly server: ServerResilience; readonly onOpen: (act: ProtectionAct) => void }): ReactNode {
  const { server } = props;
  const { t, format } = useWords();
  const mayOperate = useMay('operator');
  const { origin, values, hand } = server.limits;
  return (
    <div className="health-details">
      {mayOperate ? <Acts server={server} onOpen={props.onOpen} /> : null}
      <section>
        <h3>
          {t('health.limits_now')}: {t(`limit_origin.${origin}`)}
        </h3>
        {hand === null ? null : (
          <p className="muted">
            <HoldText hand={hand} />
          </p>
        )}
        <dl className="facts inline">
          {LIMIT_NAMES.map((name) => (
            <div key={name} className="fact">
              <dt>{t(`limit.${name}`)}</dt>
              <dd>{format.number(values[name])}</dd>
            </div>
          ))}
        </dl>
      </section>
      <History server={server} />
    </div>
  );
}

function Acts(props: { readonly server: ServerResilience; readonly onOpen: (act: ProtectionAct) => void }): ReactNode {
  const { server } = props;
  const { t } = useWords();
  const isOpen = server.breaker.state !== 'closed';
  const acts: readonly ProtectionAct[] = [
    ...(isOpen || server.breaker.isolated !== null ? (['reset'] as const) : []),
    ...(server.linked && !isOpen ? (['trip'] as const) : []),
    'isolate',
    server.polling_paused === null ? 'pause' : 'resume',
    'limits',
    ...(server.limits.hand === null ? [] : (['revert'] as const)),
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in one line.
    <div className="button-row" role="group" aria-label={t('health.actions_of', { name: server.name })}>
      {acts.map((act) => (
        <button key={act} type="button" className="button small" onClick={() => props.onOpen(act)}>
          {t(`protect.${act}`)}
        </button>
      ))}
    </div>
  );
}

function History({ server }: { readonly server: ServerResilience }): ReactNode {
  const { t } = useWords();
  const name = useId();
  const [span, setSpan] = useState<HistorySpan>('1h');
  const history = useQuery({
    queryKey: ['resilience-history', server.id, span],
    queryFn: ({ signal }) => readHistory(server.id, { span, signal }),
    refetchInterval: REFRESH_MS[span],
  });
  return (
    <section>
      <fieldset className="chart-span">
        <legend className="visually-hidden">{t('chart.span')}</legend>
        <div className="segmented">
          {SPANS.map(([value, word]) => (
            <label key={value} className="segment">
              <input type="radio" name={name} value={value} checked={span === value} onChange={() => setSpan(value)} />
              <span>{t(`chart.${word}`)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {history.error === null ? null : <ErrorLine>{describeError(t, history.error)}</ErrorLine>}
      {history.data === undefined ? (
        history.error === null ? (
          <p role="status">{t('app.loading')}</p>
        ) : null
      ) : (
        <HistoryCharts history={history.data} />
      )}
    </section>
  );
}
