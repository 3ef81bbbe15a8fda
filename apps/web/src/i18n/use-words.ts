import type { TFunction } from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { createFormatter, type Formatter } from './format.ts';
import { isLanguage } from './languages.ts';

export interface Words {
  readonly t: TFunction;
  readonly format: Formatter;
}

/** Texts and formats of the reader's language. */
export function useWords(): Words {
  const { t, i18n } = useTranslation();
  const language = isLanguage(i18n.language) ? i18n.language : 'en';
  const format = useMemo(() => createFormatter(language), [language]);
  return { t, format };
}
