import { type ReactNode, useSyncExternalStore } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { useServices } from './services.ts';

/** Short messages, and the one polite live region of the page. */
export function NoticeArea(): ReactNode {
  const { notices } = useServices();
  const { t } = useWords();
  const shown = useSyncExternalStore(notices.subscribe, notices.notices);
  const spoken = useSyncExternalStore(notices.subscribe, notices.spoken);
  return (
    <section aria-label={t('app.notifications')} className="notice-area">
      <p className="visually-hidden" aria-live="polite">
        {spoken}
      </p>
      <div className="toasts" aria-live="polite">
        {shown.map((notice) => (
          <div key={notice.id} className={`toast ${notice.kind}`}>
            <div className="toast-text">{notice.text}</div>
            <button
              type="button"
              className="button icon-button quiet"
              aria-label={t('app.dismiss')}
              onClick={() => notices.dismiss(notice.id)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </section>
  );
}
