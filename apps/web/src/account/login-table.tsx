import type { HostLogin } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

export type LoginAct = 'rename' | 'replace' | 'remove';

const ACTS = ['rename', 'replace', 'remove'] as const;

export function LoginTable(props: {
  readonly logins: readonly HostLogin[];
  readonly onAct: (act: LoginAct, login: HostLogin) => void;
}): ReactNode {
  const { t, format } = useWords();
  return (
    <table className="table labelled" aria-label={t('host_login.title')}>
      <thead>
        <tr>
          <th scope="col">{t('host_login.name')}</th>
          <th scope="col">{t('host_login.user')}</th>
          <th scope="col">{t('host_login.key')}</th>
          <th scope="col">{t('host_login.created')}</th>
          <th scope="col">{t('host_login.changed')}</th>
          <th scope="col">{t('machines.actions')}</th>
        </tr>
      </thead>
      <tbody>
        {props.logins
          .toSorted((left, right) => format.collator.compare(left.name, right.name))
          .map((login) => (
            <tr key={login.id}>
              <td data-label={t('host_login.name')}>
                <strong>{login.name}</strong>
              </td>
              <td data-label={t('host_login.user')}>
                <code>{login.user}</code>
              </td>
              <td data-label={t('host_login.key')}>
                {login.key_type}
                <br />
                <code className="fingerprint">{login.fingerprint}</code>
              </td>
              <td data-label={t('host_login.created')}>
                <time dateTime={login.created_at}>{format.dateTime(login.created_at)}</time>
              </td>
              <td data-label={t('host_login.changed')}>
                <time dateTime={login.updated_at}>{format.dateTime(login.updated_at)}</time>
              </td>
              <td data-label={t('machines.actions')}>
                <div className="button-row">
                  {ACTS.map((act) => (
                    <button
                      key={act}
                      type="button"
                      className="button small"
                      aria-label={t('host_login.act_of', { act: t(`host_login.${act}`), name: login.name })}
                      onClick={() => props.onAct(act, login)}
                    >
                      {t(`host_login.${act}`)}
                    </button>
                  ))}
                </div>
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
