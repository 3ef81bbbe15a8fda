import type { ServerTest } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { describeCode } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';

/** How far a test came, step by step. */
export function TestSteps({ test }: { readonly test: ServerTest }): ReactNode {
  const { t, format } = useWords();
  const summary = test.success
    ? test.vm_count === null
      ? t('server_form.test_ok')
      : t('server_form.test_ok_machines', { count: test.vm_count })
    : t('server_form.test_failed');
  return (
    <div className="test">
      <p role="status" className={test.success ? 'ok-line' : 'warn-line'}>
        <Icon name={test.success ? 'check' : 'alert'} />
        <span>
          {summary} {test.success ? (test.product ?? '') : describeCode(t, { code: test.code, fallback: test.message })}
        </span>
      </p>
      <ol className="plain-list steps">
        {test.steps.map((step) => (
          <li key={step.name} className={step.ok ? 'ok' : 'failed'}>
            <Icon name={step.ok ? 'check' : 'close'} />
            <span className="step-name">
              {t(`test_step.${step.name}`)}
              <span className="visually-hidden">: {step.ok ? t('test_step.ok') : t('test_step.failed')}</span>
            </span>
            <span className="step-detail muted">
              {step.detail} · {format.number(step.took_ms)} ms
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
