import type { Hand } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';

/** Who set something by hand, and when it ends by itself. */
export function HoldText({ hand }: { readonly hand: Hand }): ReactNode {
  const { t, format } = useWords();
  const now = useNow(1_000);
  const { actor, until } = hand;
  if (until === null) return t('health.held', { actor });
  const rest = format.duration(Math.max(0, Date.parse(until) - now));
  return t('health.held_until', { actor, rest, time: format.time(until) });
}
