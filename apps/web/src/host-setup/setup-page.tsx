import type { HostSetup } from '@breakwater/contract';
import { useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react';
import { useFleet, useServices } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { focusSoon } from '../ui/focus-soon.ts';
import { QueryState } from '../ui/query-state.tsx';
import { ApplyForm } from './apply-form.tsx';
import { MachineFrame } from './machine-frame.tsx';
import { OutcomeView } from './outcome-view.tsx';
import { PlanAgainLink } from './plan-again-link.tsx';
import { PlanView } from './plan-view.tsx';
import { ProgressView } from './progress-view.tsx';
import { SetupList } from './setup-list.tsx';
import { SetupState } from './setup-state.tsx';
import { StepTable } from './step-table.tsx';
import { SETUPS_KEY, useSetup } from './use-setups.ts';

/** One set-up, from its plan to its end. */
export function SetupPage(): ReactNode {
  const { serverId, moid, setupId } = useParams({ from: '/signed-in/home/machines/$serverId/$moid/setup/$setupId' });
  return (
    <MachineFrame id={{ server_id: serverId, moid }}>
      {(machine) => (
        <>
          <Setup id={setupId} />
          <SetupList machine={machine} shownId={setupId} />
        </>
      )}
    </MachineFrame>
  );
}

function Setup({ id }: { readonly id: string }): ReactNode {
  const setup = useSetup(id);
  const queries = useQueryClient();
  const begun = (): Promise<void> => queries.invalidateQueries({ queryKey: SETUPS_KEY });
  return (
    <>
      <QueryState query={setup} />
      {setup.data === undefined ? null : (
        <>
          <SetupFacts setup={setup.data} />
          <LiveStage setup={setup.data} onBegun={begun} />
        </>
      )}
    </>
  );
}

function SetupFacts({ setup }: { readonly setup: HostSetup }): ReactNode {
  const { t, format } = useWords();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [t('operation.outcome'), <SetupState key="state" state={setup.state} />],
    [t('host_setup.where'), t('host_setup.address_value', { host: setup.host, port: setup.port })],
    [t('host_setup.login'), t('host_setup.login_option', { name: setup.login_name, user: setup.user })],
    [t('host_setup.profile'), setup.profile ?? t('host_setup.own_config')],
    [t('operation.who'), setup.requested_by],
    [
      t('operation.when'),
      <time key="time" dateTime={setup.created_at}>
        {format.dateTime(setup.created_at)}
      </time>,
    ],
  ];
  return (
    <dl className="facts inline setup-facts">
      {facts.map(([label, value]) => (
        <div key={label} className="fact">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/**
 * A new state brings other controls, and the one that had the focus may be gone: then the focus is here, and not at the top of the page. The state itself is
 * told to screen readers.
 */
function LiveStage(props: { readonly setup: HostSetup; readonly onBegun: () => Promise<void> }): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const stage = useRef<HTMLDivElement>(null);
  const { state } = props.setup;
  const last = useRef(state);
  const tell = useEffectEvent(() => notices.announce(t(`host_state.${state}`)));
  useEffect(() => {
    if (last.current === state) return;
    last.current = state;
    tell();
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) focusSoon(() => stage.current);
  }, [state]);
  return (
    <div ref={stage} tabIndex={-1} className="setup-stage">
      <Stage {...props} />
    </div>
  );
}

/** What belongs on the page in this state of the set-up. */
function Stage({ setup, onBegun }: { readonly setup: HostSetup; readonly onBegun: () => Promise<void> }): ReactNode {
  const operation = useFleet('operations', (store) => store.operations().find(({ id }) => id === setup.operation_id));
  const { plan, state } = setup;
  switch (state) {
    case 'planning':
    case 'applying':
    case 'rolling_back':
      return (
        <>
          <ProgressView setup={setup} operation={operation} />
          <FoldedParts setup={setup} />
        </>
      );
    case 'planned':
      if (plan === null) return null;
      return (
        <>
          <PlanView plan={plan} />
          {setup.actions.includes('apply') ? (
            <ApplyForm setup={setup} plan={plan} onBegun={onBegun} />
          ) : (
            <div className="button-row">
              <PlanAgainLink setup={setup} words="change" />
            </div>
          )}
        </>
      );
    case 'plan_failed':
    case 'succeeded':
    case 'degraded':
    case 'failed':
    case 'canceled':
    case 'interrupted':
    case 'rolled_back':
      return (
        <>
          <OutcomeView setup={setup} state={state} onBegun={onBegun} />
          {setup.steps.length === 0 ? null : <StepTable steps={setup.steps} />}
          <FoldedParts setup={setup} />
        </>
      );
  }
}

/** What was planned and wished, for who wants to look it up. */
function FoldedParts({ setup }: { readonly setup: HostSetup }): ReactNode {
  const { t } = useWords();
  return (
    <>
      {setup.plan === null ? null : (
        <details className="fold">
          <summary>{t('host_setup.the_plan')}</summary>
          <PlanView plan={setup.plan} />
        </details>
      )}
      {setup.config === '' ? null : (
        <details className="fold">
          <summary>{t('host_setup.the_config')}</summary>
          <pre className="command">
            <code>{setup.config}</code>
          </pre>
        </details>
      )}
    </>
  );
}
