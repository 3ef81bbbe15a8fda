import { useSuspenseQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { PowerProvider } from '../operations/power-provider.tsx';
import { SessionContext, useServices } from './services.ts';
import { sessionQuery } from './session-query.ts';

/** Keeps the fleet alive while somebody is signed in. */
export function SignedInLayout(): ReactNode {
  const { data: session } = useSuspenseQuery({ ...sessionQuery, staleTime: Number.POSITIVE_INFINITY });
  const { feed } = useServices();
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
