import type { ReactNode } from 'react';
import { ApiError } from '../api/api-error.ts';
import { describeCode, describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { ErrorLine } from '../ui/message.tsx';

/** What failed in the reader's words, and below it what the host or the portal said, which names the very thing. */
export function FailureText(props: { readonly code: string | null; readonly message: string | null }): ReactNode {
  const { t } = useWords();
  const words = describeCode(t, { code: props.code, fallback: props.message });
  return (
    <div className="error-line failure">
      <Icon name="alert" />
      <div>
        <p lang={words === props.message ? 'en' : undefined}>{words}</p>
        {props.message === null || props.message === words ? null : (
          <p className="muted small-text failure-words" lang="en">
            {props.message}
          </p>
        )}
      </div>
    </div>
  );
}

/** The same for a request that was refused; announced when it appears. */
export function RequestFailure({ error }: { readonly error: unknown }): ReactNode {
  const { t } = useWords();
  if (!(error instanceof ApiError) || !error.code.startsWith('HOST_')) return <ErrorLine>{describeError(t, error)}</ErrorLine>;
  return (
    <div role="alert">
      <FailureText code={error.code} message={error.message} />
    </div>
  );
}
