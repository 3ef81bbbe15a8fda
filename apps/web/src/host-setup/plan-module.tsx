import type { HostPlan } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { describeCode } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { ChangeDetail } from './change-detail.tsx';

type Module = HostPlan['modules'][number];
type Step = Module['steps'][number];

/** Modules that change nothing stay folded: who reads a plan looks for what it changes. */
export function PlanModule({ module }: { readonly module: Module }): ReactNode {
  const { t } = useWords();
  const unchanged = module.steps.filter((step) => step.outcome.kind === 'unchanged');
  const others = module.steps.filter((step) => step.outcome.kind !== 'unchanged');
  const problems = others.filter((step) => step.outcome.kind === 'problem').length;
  const isQuiet = others.length === 0 && module.findings.length === 0;
  return (
    <details className="panel fold plan-module" open={!isQuiet}>
      <summary>
        <h3>
          <code>{module.name}</code>
        </h3>
        <span className="muted" lang="en">
          {module.description}
        </span>
        <span className="badge">
          {others.length === 0 ? t('host_plan.as_wanted') : t('host_plan.changes', { count: others.length - problems })}
          {problems === 0 ? '' : ` · ${t('host_plan.problems', { count: problems })}`}
          {module.is_mandatory ? '' : ` · ${t('host_plan.optional')}`}
        </span>
      </summary>
      {module.findings.map((finding) => (
        <div key={finding.text} className={finding.severity === 'error' ? 'error-line' : 'warn-line'}>
          <Icon name="alert" />
          <div lang="en">
            <p>{finding.text}</p>
            {finding.hint === '' ? null : <p className="muted small-text">{finding.hint}</p>}
          </div>
        </div>
      ))}
      <ol className="plain-list plan-steps">
        {others.map((step) => (
          <PlanStep key={step.id} step={step} />
        ))}
      </ol>
      {unchanged.length === 0 ? null : (
        <details className="fold small-text">
          <summary>{t('host_plan.unchanged', { count: unchanged.length })}</summary>
          <ul className="plan-unchanged muted" lang="en">
            {unchanged.map((step) => (
              <li key={step.id}>{step.title}</li>
            ))}
          </ul>
        </details>
      )}
    </details>
  );
}

function PlanStep({ step }: { readonly step: Step }): ReactNode {
  const { t } = useWords();
  const { outcome } = step;
  return (
    <li className="plan-step">
      <h4>
        <span lang="en">{step.title}</span>
        {step.is_optional ? <span className="badge">{t('host_plan.optional')}</span> : null}
      </h4>
      {outcome.kind === 'problem' ? (
        <div className="warn-line">
          <Icon name="alert" />
          <div>
            <p>{describeCode(t, { code: outcome.code, fallback: outcome.text })}</p>
            <p className="muted small-text" lang="en">
              {outcome.text}
            </p>
          </div>
        </div>
      ) : null}
      {outcome.kind === 'change' ? (
        <>
          {outcome.summary === '' || outcome.summary === step.title ? null : (
            <p className="muted" lang="en">
              {outcome.summary}
            </p>
          )}
          {outcome.dangers.map((danger) => (
            <p key={danger} className="step-danger">
              <Icon name="alert" />
              <span lang="en">{danger}</span>
            </p>
          ))}
          {outcome.details.map((detail, index) => (
            // Details have no name of their own, and a plan never changes.
            <ChangeDetail key={index} detail={detail} />
          ))}
        </>
      ) : null}
    </li>
  );
}
