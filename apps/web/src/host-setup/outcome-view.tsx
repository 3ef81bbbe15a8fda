import type { HostSetup, HostStepReport } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useDeed } from '../app/use-deed.ts';
import { useWords } from '../i18n/use-words.ts';
import { CopyField } from '../ui/copy-field.tsx';
import { Icon } from '../ui/icon.tsx';
import { FailureText, RequestFailure } from './failure-text.tsx';
import { PlanAgainLink } from './plan-again-link.tsx';
import { resumeSetup } from './requests.ts';
import { RollBackButton } from './roll-back-button.tsx';

type Ended = 'plan_failed' | 'succeeded' | 'degraded' | 'failed' | 'canceled' | 'interrupted' | 'rolled_back';

const LOOKS = {
  plan_failed: 'warn-line',
  succeeded: 'ok-line',
  degraded: 'warn-line',
  failed: 'warn-line',
  canceled: 'warn-line',
  interrupted: 'warn-line',
  rolled_back: 'ok-line',
} as const;

/** How it ended, what is missing, and what can be done about it. */
export function OutcomeView(props: { readonly setup: HostSetup; readonly state: Ended; readonly onBegun: () => Promise<void> }): ReactNode {
  const { setup, state } = props;
  const { t } = useWords();
  const { failure, isBusy, run } = useDeed();
  const look = LOOKS[state];
  const missing = setup.steps.filter((step) => step.result === 'degraded' || step.result === 'failed');
  return (
    <section className="panel outcome-view" aria-labelledby="outcome-title">
      <h2 id="outcome-title">{t(`host_state.${state}`)}</h2>
      <p className={look}>
        <Icon name={look === 'ok-line' ? 'check' : 'alert'} />
        <span>{t(`host_outcome.${state}`)}</span>
      </p>
      {/* What is missing stands below, step by step. */}
      {state === 'degraded' || setup.error_code === null ? null : <FailureText code={setup.error_code} message={setup.error} />}
      {missing.map((step) => (
        <MissingStep key={step.step_id} step={step} />
      ))}
      {failure === null ? null : <RequestFailure error={failure} />}
      <div className="button-row">
        {setup.actions.includes('resume') ? (
          <button
            type="button"
            className="button primary"
            disabled={isBusy}
            onClick={() =>
              void run(async () => {
                await resumeSetup(setup.id);
                await props.onBegun();
              })
            }
          >
            {t('host_setup.resume')}
          </button>
        ) : null}
        {setup.actions.includes('roll_back') ? <RollBackButton setup={setup} onBegun={props.onBegun} /> : null}
        <PlanAgainLink setup={setup} words={state === 'plan_failed' ? 'change' : 'again'} />
      </div>
      {setup.actions.includes('resume') ? <p className="muted small-text">{t('host_setup.resume_hint')}</p> : null}
    </section>
  );
}

/** A step that was left out or failed, why, and how to bring it to its end by hand. */
function MissingStep({ step }: { readonly step: HostStepReport }): ReactNode {
  const { t } = useWords();
  const hint = step.hint ?? '';
  return (
    <div className="missing-step">
      <h3>
        <code>{step.module}</code> <span lang="en">{step.title}</span>
      </h3>
      <FailureText code={step.code} message={step.reason} />
      {hint === '' ? null : step.result === 'degraded' ? (
        <CopyField label={t('host_outcome.finish_with')} text={hint} takesFocus="no" />
      ) : (
        <p lang="en">{hint}</p>
      )}
    </div>
  );
}
