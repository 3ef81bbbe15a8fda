import { Link, useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { signInByLink } from '../api/portal.ts';
import { useTitle } from '../app/use-title.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { ErrorLine } from '../ui/message.tsx';
import { AccessFrame } from './access-frame.tsx';
import { useEnter } from './use-enter.ts';

/** Uses a one-time link. Where it leads replaces it in the history, so that going back does not try the used token again. */
export function LinkPage(): ReactNode {
  const { t } = useWords();
  const { token } = useParams({ from: '/link/$token' });
  const enter = useEnter();
  const [failure, setFailure] = useState<unknown>(null);
  // One attempt only: a second one with the same token would be refused and hide the first one's success.
  const wasUsed = useRef(false);
  useTitle(t('access.link_title'));

  useEffect(() => {
    if (wasUsed.current) return;
    wasUsed.current = true;
    signInByLink(token)
      .then(() => enter('/'))
      .catch((error: unknown) => setFailure(error));
  }, [token, enter]);

  if (failure === null) {
    return (
      <AccessFrame title={t('access.link_title')}>
        <p role="status">{t('access.link_waiting')}</p>
      </AccessFrame>
    );
  }
  return (
    <AccessFrame title={t('access.link_failed')}>
      <ErrorLine>{describeError(t, failure)}</ErrorLine>
      <p>{t('access.link_failed_text')}</p>
      <Link to="/sign-in" className="button primary wide">
        {t('access.sign_in')}
      </Link>
    </AccessFrame>
  );
}
