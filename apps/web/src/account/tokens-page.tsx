import type { Token } from '@breakwater/contract';
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
import { CreateTokenDialog } from './create-token-dialog.tsx';
import { readTokens, removeToken } from './requests.ts';
import { TokenTable } from './token-table.tsx';

type Opened = { readonly kind: 'create' } | { readonly kind: 'revoke'; readonly token: Token };

export function TokensPage(): ReactNode {
  const { t } = useWords();
  useTitle(t('tokens.title'));
  return useMay('admin') ? <Tokens /> : <AdminOnly />;
}

function Tokens(): ReactNode {
  const { t } = useWords();
  const queries = useQueryClient();
  const heading = useRef<HTMLHeadingElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => readTokens({ signal }) });
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: ['tokens'] });
  return (
    <>
      <div className="page-head">
        <div>
          <h2 ref={heading} tabIndex={-1}>
            {t('tokens.title')}
          </h2>
          <p className="muted">{t('tokens.intro')}</p>
        </div>
        <button type="button" className="button primary" onClick={() => setOpened({ kind: 'create' })}>
          <Icon name="plus" />
          {t('tokens.create')}
        </button>
      </div>
      <QueryState query={tokens} />
      {tokens.data === undefined ? null : tokens.data.length === 0 ? (
        <Message icon="console" title={t('tokens.empty_title')}>
          <p>{t('tokens.empty_text')}</p>
        </Message>
      ) : (
        <TokenTable tokens={tokens.data} onRevoke={(token) => setOpened({ kind: 'revoke', token })} />
      )}
      {opened?.kind === 'create' ? <CreateTokenDialog onCreated={changed} onClose={() => setOpened(null)} /> : null}
      {opened?.kind === 'revoke' ? (
        <ConfirmDialog
          title={t('tokens.revoke_title', { name: opened.token.name })}
          text={t('tokens.revoke_text')}
          action={t('tokens.revoke')}
          done={t('tokens.revoked', { name: opened.token.name })}
          act={async () => {
            await removeToken(opened.token.id);
            await changed();
          }}
          onClose={() => setOpened(null)}
          focusAfter={heading}
        />
      ) : null}
    </>
  );
}
