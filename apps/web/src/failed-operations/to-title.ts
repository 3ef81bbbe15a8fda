import type { DeadLetterView } from '@breakwater/contract';
import type { TFunction } from 'i18next';

/** `Power off: web-01`, in the reader's language. */
export const toTitle = (t: TFunction, letter: DeadLetterView): string =>
  t('operation.on', { verb: t(`verb.${letter.verb}`), name: letter.machine_name });
