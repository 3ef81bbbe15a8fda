import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { createFormatter } from './format.ts';
import { FormatterContext } from './formatter-context.ts';
import { isLanguage, pickLocale } from './languages.ts';

/** One set of formats for the whole page: building them costs a millisecond, and every card asks for them. */
export function FormatProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { i18n } = useTranslation();
  const language = isLanguage(i18n.language) ? i18n.language : 'en';
  const format = useMemo(() => createFormatter(language, { locale: pickLocale(language, navigator.languages) }), [language]);
  return <FormatterContext value={format}>{children}</FormatterContext>;
}
