import type { HostPlan, HostSetup } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import { useDeed } from '../app/use-deed.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { FailureText, RequestFailure } from './failure-text.tsx';
import { PlanAgainLink } from './plan-again-link.tsx';
import { applySetup } from './requests.ts';

/** The plan that stands above, and no other one, is done; what it would break has to be accepted first. */
export function ApplyForm(props: { readonly setup: HostSetup; readonly plan: HostPlan; readonly onBegun: () => Promise<void> }): ReactNode {
  const { plan, setup } = props;
  const { t } = useWords();
  const [isAccepted, setAccepted] = useState(false);
  const [keepsGoing, setKeepsGoing] = useState(false);
  const [wasTried, setTried] = useState(false);
  const { failure, isBusy, run } = useDeed();
  const isRefused = plan.dangers.length > 0 && !isAccepted;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (isRefused) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    await run(async () => {
      await applySetup(setup.id, { plan_hash: plan.hash, accept_dangers: isAccepted, keep_going: keepsGoing });
      await props.onBegun();
    });
  };
  return (
    <form className="panel form" noValidate aria-labelledby="apply-title" onSubmit={(event) => void submit(event)}>
      <h2 id="apply-title">{t('host_apply.title')}</h2>
      {setup.error_code === null ? null : (
        <div className="key-compare">
          <p>{t('host_apply.last_try')}</p>
          <FailureText code={setup.error_code} message={setup.error} />
        </div>
      )}
      <p>{t('host_apply.text', { count: plan.counts.changes })}</p>
      {plan.dangers.length === 0 ? null : (
        <CheckField
          label={t('host_apply.accept', { count: plan.dangers.length })}
          checked={isAccepted}
          error={wasTried && isRefused ? t('host_apply.accept_needed') : null}
          onChange={(event) => setAccepted(event.target.checked)}
        />
      )}
      <CheckField
        label={t('host_apply.keep_going')}
        hint={t('host_apply.keep_going_hint')}
        checked={keepsGoing}
        onChange={(event) => setKeepsGoing(event.target.checked)}
      />
      {failure === null ? null : <RequestFailure error={failure} />}
      <div className="button-row">
        <button type="submit" className={plan.dangers.length > 0 ? 'button danger' : 'button primary'} disabled={isBusy}>
          {isBusy ? t('host_apply.beginning') : t('host_apply.apply')}
        </button>
        <PlanAgainLink
          setup={setup}
          words={failure instanceof ApiError && failure.code === 'HOST_PREFLIGHT_PLAN_MOVED' ? 'again' : 'change'}
        />
      </div>
    </form>
  );
}
