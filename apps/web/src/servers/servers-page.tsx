import type { Server } from '@breakwater/contract';
import { useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useFeedStatus, useFleet, useMay } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { Message } from '../ui/message.tsx';
import { CertificateDialog } from './certificate-dialog.tsx';
import { RemoveServerDialog } from './remove-server-dialog.tsx';
import { ServerFormDialog } from './server-form-dialog.tsx';
import { ServerPanel } from './server-panel.tsx';
import { TestServerDialog } from './test-server-dialog.tsx';

/** What is open above the list. */
type Opened =
  | { readonly kind: 'add' }
  | { readonly kind: 'edit'; readonly server: Server }
  | { readonly kind: 'remove'; readonly server: Server }
  | { readonly kind: 'test'; readonly server: Server }
  | { readonly kind: 'certificate'; readonly server: Server };

export function ServersPage(): ReactNode {
  const { t, format } = useWords();
  const servers = useFleet('servers', (store) => store.servers());
  const status = useFeedStatus();
  const mayAdminister = useMay('admin');
  const { add } = useSearch({ from: '/signed-in/home/servers' });
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate();
  const [opened, setOpened] = useState<Opened | null>(null);
  useTitle(t('servers.title'));

  const shown: Opened | null = opened ?? (add === 'yes' && mayAdminister ? { kind: 'add' } : null);
  const close = (): void => {
    setOpened(null);
    if (add === 'yes') void navigate({ to: '/servers', replace: true });
  };
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{t('servers.title')}</h1>
          <p className="muted">{mayAdminister ? t('servers.intro') : t('servers.admin_only')}</p>
        </div>
        {mayAdminister ? (
          <button type="button" className="button primary" onClick={() => setOpened({ kind: 'add' })}>
            <Icon name="plus" />
            {t('servers.add')}
          </button>
        ) : null}
      </div>
      {servers.length === 0 ? (
        status.kind === 'starting' ? (
          <p role="status">{t('app.loading')}</p>
        ) : (
          <Message icon="server" title={t('servers.empty_title')}>
            <p>{mayAdminister ? t('servers.empty_text') : t('machines.empty_text_viewer')}</p>
          </Message>
        )
      ) : (
        <ul className="server-list">
          {servers
            .toSorted((left, right) => format.collator.compare(left.name, right.name))
            .map((server) => (
              <li key={server.id} id={server.id}>
                <ServerPanel server={server} isTarget={hash === server.id} onOpen={(kind) => setOpened({ kind, server })} />
              </li>
            ))}
        </ul>
      )}
      {shown === null ? null : <OpenedDialog opened={shown} onClose={close} />}
    </>
  );
}

function OpenedDialog({ opened, onClose }: { readonly opened: Opened; readonly onClose: () => void }): ReactNode {
  switch (opened.kind) {
    case 'add':
      return <ServerFormDialog server={null} onClose={onClose} />;
    case 'edit':
      return <ServerFormDialog server={opened.server} onClose={onClose} />;
    case 'remove':
      return <RemoveServerDialog server={opened.server} onClose={onClose} />;
    case 'test':
      return <TestServerDialog server={opened.server} onClose={onClose} />;
    case 'certificate':
      return <CertificateDialog serverId={opened.server.id} onClose={onClose} />;
  }
}
