import type { ReactNode } from 'react';
import { LanguageField } from '../app/account-menu.tsx';
import { useWords } from '../i18n/use-words.ts';
import { Logo } from '../ui/logo.tsx';

/** The quiet page around sign-in, first run and one-time links. */
export function AccessFrame({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  const { t } = useWords();
  return (
    <div className="access">
      <main className="access-card">
        <p className="brand">
          <Logo />
          <span>{t('app.name')}</span>
        </p>
        <h1>{title}</h1>
        {children}
      </main>
      <footer className="access-foot">
        <LanguageField />
      </footer>
    </div>
  );
}
