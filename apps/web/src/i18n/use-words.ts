import type { TFunction } from 'i18next';
import { use } from 'react';
import { useTranslation } from 'react-i18next';
import type { Formatter } from './format.ts';
import { FormatterContext } from './formatter-context.ts';

export interface Words {
  readonly t: TFunction;
  readonly format: Formatter;
}

/** Texts and formats of the reader's language. */
export function useWords(): Words {
  const { t } = useTranslation();
  const format = use(FormatterContext);
  if (format === null) throw new Error('FormatterContext is missing');
  return { t, format };
}
