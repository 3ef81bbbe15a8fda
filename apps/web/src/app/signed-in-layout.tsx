import type { Role } from '@breakwater/contract';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { PowerProvider } from '../operations/power-provider.tsx';
import { SessionContext, useServices } from './services.ts';
import { sessionQuery } from './session-query.ts';

/** Keeps the fleet alive while somebody is signed in. */
export function SignedInLayout(): ReactNode {
  const { data: session } = useSuspenseQuery({ ...sessionQuery, staleTime: Number.POSITIVE_INFINITY });
  const { feed } = useServices();
  useRoleNews(session.person?.role);
  useEffect(() => {
    feed.start();
    const onVisibility = (): void => feed.setPageVisibility(document.hidden ? 'hidden' : 'visible');
    const onNetwork = (): void => feed.networkChanged();
    document.addEventListener('visibilitychange', onVisibility);
    window.addEventListener('online', onNetwork);
    window.addEventListener('offline', onNetwork);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', onNetwork);
      window.removeEventListener('offline', onNetwork);
      feed.stop();
    };
  }, [feed]);
  return (
    <SessionContext value={session}>
      <PowerProvider>
        <Outlet />
      </PowerProvider>
    </SessionContext>
  );
}

/** Controls come and go with the role: that they did is said, or it would look like a fault. */
function useRoleNews(role: Role | undefined): void {
  const { notices } = useServices();
  const { t } = useWords();
  const last = useRef(role);
  const tell = useEffectEvent((now: Role) => notices.show({ kind: 'info', text: t('account.role_now', { role: t(`role.${now}`) }) }));
  useEffect(() => {
    const before = last.current;
    last.current = role;
    if (role !== undefined && before !== undefined && before !== role) tell(role);
  }, [role]);
}
