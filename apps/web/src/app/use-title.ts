import { useEffect } from 'react';
import { useWords } from '../i18n/use-words.ts';

/** Names the tab after the page. */
export function useTitle(page: string): void {
  const { t } = useWords();
  const title = t('app.title', { page });
  useEffect(() => {
    document.title = title;
  }, [title]);
}
