import type { HostStepReport } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { describeCode } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';

const LOOKS = {
  changed: 'operation-succeeded',
  unchanged: '',
  degraded: 'operation-unknown',
  skipped: '',
  failed: 'operation-failed',
} as const;

/** What became of each step. */
export function StepTable({ steps }: { readonly steps: readonly HostStepReport[] }): ReactNode {
  const { t, format } = useWords();
  return (
    <table className="table stacking" aria-label={t('host_steps.title')}>
      <thead>
        <tr>
          <th scope="col">{t('host_steps.module')}</th>
          <th scope="col">{t('host_steps.step')}</th>
          <th scope="col">{t('host_steps.result')}</th>
          <th scope="col">{t('host_steps.took')}</th>
          <th scope="col">{t('host_steps.attempts')}</th>
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => (
          <tr key={step.step_id}>
            <td data-label={t('host_steps.module')}>
              <code>{step.module}</code>
            </td>
            <td data-label={t('host_steps.step')} lang="en">
              {step.title}
            </td>
            <td data-label={t('host_steps.result')}>
              <div className={`outcome ${LOOKS[step.result]}`}>
                <span className="outcome-word">{t(`host_result.${step.result}`)}</span>
                {step.reason === null ? null : (
                  <span className="outcome-why">{describeCode(t, { code: step.code, fallback: step.reason })}</span>
                )}
              </div>
            </td>
            <td data-label={t('host_steps.took')}>
              {/* Told beside the figure where the heads of the columns are not shown. */}
              <span className="cell-label">{t('host_steps.took')}: </span>
              {format.span(step.took_ms)}
            </td>
            <td data-label={t('host_steps.attempts')}>
              <span className="cell-label">{t('host_steps.attempts')}: </span>
              {format.number(step.attempts)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
