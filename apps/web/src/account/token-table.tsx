import type { Token } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';

const AGES_EVERY_MS = 30_000;

export function TokenTable(props: { readonly tokens: readonly Token[]; readonly onRevoke: (token: Token) => void }): ReactNode {
  const { t, format } = useWords();
  const now = useNow(AGES_EVERY_MS);
  return (
    <table className="table labelled" aria-label={t('tokens.title')}>
      <thead>
        <tr>
          <th scope="col">{t('tokens.name')}</th>
          <th scope="col">{t('tokens.begins')}</th>
          <th scope="col">{t('people.role')}</th>
          <th scope="col">{t('tokens.created')}</th>
          <th scope="col">{t('tokens.used')}</th>
          <th scope="col">{t('tokens.expires')}</th>
          <th scope="col">{t('machines.actions')}</th>
        </tr>
      </thead>
      <tbody>
        {props.tokens.map((token) => (
          <tr key={token.id}>
            <td data-label={t('tokens.name')}>
              <strong>{token.name}</strong>
            </td>
            <td data-label={t('tokens.begins')}>
              <code>{token.prefix}…</code>
            </td>
            <td data-label={t('people.role')}>{t(`role.${token.role}`)}</td>
            <td data-label={t('tokens.created')}>
              <time dateTime={token.created_at}>{format.dateTime(token.created_at)}</time>
            </td>
            <td data-label={t('tokens.used')}>
              {token.last_used_at === null ? (
                <span className="muted">{t('tokens.never_used')}</span>
              ) : (
                <time dateTime={token.last_used_at} title={format.dateTime(token.last_used_at)}>
                  {format.ago(now - Date.parse(token.last_used_at))}
                </time>
              )}
            </td>
            <td data-label={t('tokens.expires')}>
              <Expiry expiresAt={token.expires_at} now={now} />
            </td>
            <td data-label={t('machines.actions')}>
              <button
                type="button"
                className="button small"
                aria-label={t('tokens.revoke_of', { name: token.name })}
                onClick={() => props.onRevoke(token)}
              >
                {t('tokens.revoke')}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Expiry({ expiresAt, now }: { readonly expiresAt: string | null; readonly now: number }): ReactNode {
  const { t, format } = useWords();
  if (expiresAt === null) return t('tokens.never');
  if (Date.parse(expiresAt) <= now) return <span className="badge warn">{t('tokens.expired')}</span>;
  return <time dateTime={expiresAt}>{format.dateTime(expiresAt)}</time>;
}
