import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { PopoverButton } from '../ui/popover-button.tsx';

export const COLUMNS = ['breaker', 'requests', 'waits', 'pace', 'errors', 'pool', 'screens'] as const;
export type Column = (typeof COLUMNS)[number];

/** A column's name, with a button that says what it is, why it matters, and what can be changed. */
export function ColumnHelp({ column }: { readonly column: Column }): ReactNode {
  const { t } = useWords();
  const name = t(`health_col.${column}`);
  return (
    <PopoverButton
      label={t('health.explain', { what: name })}
      title={name}
      content={() => (
        <>
          <h3>{name}</h3>
          <dl className="column-help">
            <dt>{t('health.what')}</dt>
            <dd>{t(`health_what.${column}`)}</dd>
            <dt>{t('health.why')}</dt>
            <dd>{t(`health_why.${column}`)}</dd>
            <dt>{t('health.change')}</dt>
            <dd>{t(`health_change.${column}`)}</dd>
          </dl>
        </>
      )}
    >
      <span aria-hidden="true">{name}</span>
      <Icon name="question" />
    </PopoverButton>
  );
}
