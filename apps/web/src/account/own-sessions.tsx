import type { OwnSession } from '@breakwater/contract';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useRef, useState } from 'react';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { endOtherSessions, endOwnSession, readOwnSessions } from './requests.ts';

const AGES_EVERY_MS = 30_000;

type Opened = { readonly kind: 'one'; readonly session: OwnSession } | { readonly kind: 'others' };

/** Where the person is signed in, and a way to end what was forgotten somewhere. */
export function OwnSessions(): ReactNode {
  const { t } = useWords();
  const queries = useQueryClient();
  const heading = useRef<HTMLHeadingElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const sessions = useQuery({ queryKey: ['own-sessions'], queryFn: ({ signal }) => readOwnSessions({ signal }) });
  const others = sessions.data?.filter((session) => !session.current).length ?? 0;
  const ended = (): Promise<void> => queries.invalidateQueries({ queryKey: ['own-sessions'] });
  return (
    <section className="panel account-section" aria-labelledby="account-sessions">
      <h2 id="account-sessions" ref={heading} tabIndex={-1}>
        {t('account.sessions')}
      </h2>
      <QueryState query={sessions} />
      {sessions.data === undefined ? null : (
        <ul className="session-list">
          {sessions.data
            .toSorted((left, right) => Number(right.current) - Number(left.current))
            .map((session) => (
              <SessionLine key={session.id} session={session} onEnd={() => setOpened({ kind: 'one', session })} />
            ))}
        </ul>
      )}
      {others < 2 ? null : (
        <div>
          <button type="button" className="button" onClick={() => setOpened({ kind: 'others' })}>
            {t('account.session_end_others')}
          </button>
        </div>
      )}
      {opened === null ? null : (
        <ConfirmDialog
          title={opened.kind === 'one' ? t('account.session_end_title') : t('account.session_end_others_title')}
          text={t('account.session_end_text')}
          action={opened.kind === 'one' ? t('account.session_end') : t('account.session_end_others')}
          done={t('account.session_ended')}
          act={async () => {
            await (opened.kind === 'one' ? endOwnSession(opened.session.id) : endOtherSessions());
            await ended();
          }}
          onClose={() => setOpened(null)}
          focusAfter={heading}
        />
      )}
    </section>
  );
}

function SessionLine({ session, onEnd }: { readonly session: OwnSession; readonly onEnd: () => void }): ReactNode {
  const { t, format } = useWords();
  const now = useNow(AGES_EVERY_MS);
  const since = format.dateTime(session.created_at);
  const device = session.device ?? t('account.session_device_unknown');
  return (
    <li className="session-line">
      <div>
        <p>
          <strong>{device}</strong> {session.current ? <span className="badge">{t('account.session_this')}</span> : null}
        </p>
        <p className="muted small-text">
          {t('account.session_since', { time: since })}
          {session.current ? null : ` · ${t('account.session_used', { ago: format.ago(now - Date.parse(session.last_used_at)) })}`}
        </p>
      </div>
      {session.current ? null : (
        <button type="button" className="button small" aria-label={t('account.session_end_of', { device, time: since })} onClick={onEnd}>
          {t('account.session_end')}
        </button>
      )}
    </li>
  );
}
