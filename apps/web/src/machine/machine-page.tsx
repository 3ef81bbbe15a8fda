import type { Machine, Server } from '@breakwater/contract';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { useFleet } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { useTitle } from '../app/use-title.ts';
import { describeScreenProblem } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { toKey } from '../live/fleet-store.ts';
import { isStale } from '../machines/freshness.ts';
import { ScreenPicture } from '../machines/screen-picture.tsx';
import { useVisibleReport } from '../machines/use-visible-report.ts';
import { OperationHistory } from '../operations/operations-page.tsx';
import { usePower } from '../operations/power-context.ts';
import { Icon } from '../ui/icon.tsx';
import { PowerShape, ServerShape } from '../ui/state-shape.tsx';
import { MachineFacts } from './machine-facts.tsx';
import { MachineGauges } from './machine-gauges.tsx';
import { NoMachine } from './no-machine.tsx';
import { SetUpLink } from './set-up-link.tsx';

export function MachinePage(): ReactNode {
  const { serverId, moid } = useParams({ from: '/signed-in/home/machines/$serverId/$moid' });
  const key = toKey({ server_id: serverId, moid });
  const machine = useFleet(`machine:${key}`, (store) => store.machine(key));
  const server = useFleet(`server:${serverId}`, (store) => store.server(serverId));
  const { t } = useWords();
  useTitle(machine?.name ?? t('machines.details'));
  useVisibleReport(useMemo(() => [key], [key]));
  if (machine === undefined) return <NoMachine />;
  return (
    <article className="machine-page" data-stale={isStale(server) ? 'yes' : 'no'}>
      <MachineHead machine={machine} server={server} machineKey={key} />
      {machine.question === null ? null : <Question question={machine.question} />}
      <div className="machine-columns">
        <MachineScreen machine={machine} />
        <div className="machine-side">
          <MachineGauges machine={machine} />
          <MachineFacts machine={machine} server={server} />
        </div>
      </div>
      <section aria-labelledby="machine-operations">
        <h2 id="machine-operations">{t('machine.operations')}</h2>
        <OperationHistory question={{ server_id: serverId, moid }} />
      </section>
    </article>
  );
}

function MachineHead(props: { readonly machine: Machine; readonly server: Server | undefined; readonly machineKey: string }): ReactNode {
  const { machine, server } = props;
  const { t, format } = useWords();
  const power = usePower();
  const now = useNow(30_000);
  return (
    <div className="page-head">
      <div>
        <Link to="/" className="back-link">
          <Icon name="back" />
          {t('app.back')}
        </Link>
        <h1>{machine.name}</h1>
        <p className="head-line">
          <span className={`word power-${machine.power_state}`}>
            <PowerShape state={machine.power_state} />
            {t(`power.${machine.power_state}`)}
          </span>
          {server === undefined ? null : (
            <span className={`word server-${server.state}`}>
              <ServerShape state={server.state} />
              {t('machines.on_server', { server: server.name })}
            </span>
          )}
          {isStale(server) && server !== undefined && server.data_at !== null ? (
            <span className="badge warn">
              {t('machines.stale')} · {t('strip.age', { age: format.duration(now - Date.parse(server.data_at)) })}
            </span>
          ) : null}
        </p>
      </div>
      <div className="button-row">
        <Link to="/console/$serverId/$moid" params={{ serverId: machine.server_id, moid: machine.moid }} className="button primary">
          <Icon name="console" />
          {t('machines.console')}
        </Link>
        <button
          type="button"
          className="button"
          aria-haspopup="menu"
          onClick={(event) => power.openMenu(props.machineKey, event.currentTarget)}
        >
          <Icon name="power" />
          {t('machines.power')}
          <Icon name="down" />
        </button>
        <SetUpLink machine={machine} />
      </div>
    </div>
  );
}

function MachineScreen({ machine }: { readonly machine: Machine }): ReactNode {
  const { t, format } = useWords();
  const [troubled, setTroubled] = useState<string | null>(null);
  const onTrouble = useCallback((hash: string) => setTroubled(hash), []);
  const changed = machine.screen_at === null ? null : t('machine.screen_changed', { time: format.dateTime(machine.screen_at) });
  return (
    <section className="machine-screen" aria-label={t('machine.screen')}>
      {machine.screen_hash !== null && machine.power_state !== 'poweredOff' ? (
        <ScreenPicture hash={machine.screen_hash} alt={changed ?? t('machine.screen')} onTrouble={onTrouble} />
      ) : (
        <div className="no-screen">
          <PowerShape state={machine.power_state} />
          <p>{machine.power_state === 'poweredOff' ? t('machine.off') : describeScreenProblem(t, machine.screen_problem)}</p>
        </div>
      )}
      {changed === null || machine.power_state === 'poweredOff' ? null : (
        <p className="muted small-text">
          {changed}
          {troubled === machine.screen_hash && troubled !== null ? ` · ${t('machines.screen_failed')}` : ''}
        </p>
      )}
    </section>
  );
}

function Question({ question }: { readonly question: NonNullable<Machine['question']> }): ReactNode {
  const { t } = useWords();
  return (
    <section className="callout warn" aria-label={t('machine.question_title')}>
      <Icon name="question" />
      <div>
        <h2>{t('machine.question_title')}</h2>
        <p>{question.text}</p>
        <p className="muted">{t('machine.question_hint', { choices: question.choices.map((choice) => choice.label).join(', ') })}</p>
      </div>
    </section>
  );
}
