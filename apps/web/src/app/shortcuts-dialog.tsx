import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';

const KEYS = [
  ['search', ['/', 'Ctrl+K']],
  ['move', ['← ↑ ↓ →', 'Home', 'End', 'PgUp', 'PgDn']],
  ['open', ['Enter']],
  ['console', ['C', 'Shift+C']],
  ['power', ['P']],
  ['view', ['V']],
  ['leave_console', ['Ctrl+Alt+Shift+Q']],
  ['help', ['?']],
] as const;

export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  return (
    <Dialog title={t('shortcuts.title')} onClose={onClose}>
      <dl className="facts">
        {KEYS.map(([name, keys]) => (
          <div key={name} className="fact">
            <dt>{t(`shortcuts.${name}`)}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {t('app.close')}
        </button>
      </div>
    </Dialog>
  );
}
