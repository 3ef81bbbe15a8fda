import type { HostLogin } from '@breakwater/contract';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useRef, useState } from 'react';
import { useMay } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Message } from '../ui/message.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { AdminOnly } from './admin-only.tsx';
import { HOST_LOGINS_KEY, readHostLogins, removeHostLogin } from './host-login-requests.ts';
import { LoginDialog } from './login-dialog.tsx';
import { type LoginAct, LoginTable } from './login-table.tsx';

type Opened = { readonly kind: 'add' } | { readonly kind: LoginAct; readonly login: HostLogin };

export function LoginsPage(): ReactNode {
  const { t } = useWords();
  useTitle(t('host_login.title'));
  return useMay('admin') ? <Logins /> : <AdminOnly />;
}

function Logins(): ReactNode {
  const { t } = useWords();
  const queries = useQueryClient();
  const heading = useRef<HTMLHeadingElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const logins = useQuery({ queryKey: HOST_LOGINS_KEY, queryFn: ({ signal }) => readHostLogins({ signal }) });
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: HOST_LOGINS_KEY });
  const close = (): void => setOpened(null);
  return (
    <>
      <div className="page-head">
        <div>
          <h2 ref={heading} tabIndex={-1}>
            {t('host_login.title')}
          </h2>
          <p className="muted">{t('host_login.intro')}</p>
        </div>
        <button type="button" className="button primary" onClick={() => setOpened({ kind: 'add' })}>
          <Icon name="plus" />
          {t('host_login.add')}
        </button>
      </div>
      <QueryState query={logins} />
      {logins.data === undefined ? null : logins.data.length === 0 ? (
        <Message icon="account" title={t('host_login.empty_title')}>
          <p>{t('host_login.empty_text')}</p>
        </Message>
      ) : (
        <LoginTable logins={logins.data} onAct={(kind, login) => setOpened({ kind, login })} />
      )}
      {opened === null || opened.kind === 'remove' ? null : (
        <LoginDialog act={opened.kind} login={opened.kind === 'add' ? null : opened.login} onChanged={changed} onClose={close} />
      )}
      {opened?.kind === 'remove' ? (
        <ConfirmDialog
          title={t('host_login.remove_title', { name: opened.login.name })}
          text={t('host_login.remove_text', { user: opened.login.user })}
          action={t('host_login.remove')}
          done={t('host_login.removed', { name: opened.login.name })}
          act={async () => {
            await removeHostLogin(opened.login.id);
            await changed();
          }}
          onClose={close}
          focusAfter={heading}
        />
      ) : null}
    </>
  );
}
