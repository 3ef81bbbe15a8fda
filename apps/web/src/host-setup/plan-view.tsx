import type { HostPlan } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { PlanModule } from './plan-module.tsx';

/** All that a set-up would do, or was to do: what it would break first, then module by module. */
export function PlanView({ plan }: { readonly plan: HostPlan }): ReactNode {
  const { t } = useWords();
  const { changes, problems, unchanged } = plan.counts;
  const isNothing = changes + problems === 0;
  return (
    <div className="plan">
      <dl className="facts inline">
        <div className="fact">
          <dt>{t('host_plan.hostname')}</dt>
          <dd>{plan.hostname}</dd>
        </div>
        <div className="fact">
          <dt>{t('machines.os')}</dt>
          <dd>{plan.os}</dd>
        </div>
        <div className="fact">
          <dt>{t('host_plan.steps')}</dt>
          <dd>
            {t('host_plan.changes', { count: changes })} · {t('host_plan.unchanged', { count: unchanged })}
            {problems === 0 ? '' : ` · ${t('host_plan.problems', { count: problems })}`}
          </dd>
        </div>
      </dl>
      {isNothing ? (
        <p className="ok-line">
          <Icon name="check" />
          <span>{t('host_plan.nothing')}</span>
        </p>
      ) : null}
      {plan.dangers.length === 0 ? null : <Dangers dangers={plan.dangers} />}
      {plan.notes.length === 0 ? null : (
        <ul className="plan-notes muted" lang="en">
          {plan.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {plan.modules.map((module) => (
        <PlanModule key={module.name} module={module} />
      ))}
    </div>
  );
}

function Dangers({ dangers }: { readonly dangers: readonly string[] }): ReactNode {
  const { t } = useWords();
  return (
    <section className="dangers" aria-labelledby="plan-dangers">
      <h3 id="plan-dangers">
        <Icon name="alert" />
        {t('host_plan.dangers', { count: dangers.length })}
      </h3>
      <ul lang="en">
        {dangers.map((danger) => (
          <li key={danger}>{danger}</li>
        ))}
      </ul>
    </section>
  );
}
