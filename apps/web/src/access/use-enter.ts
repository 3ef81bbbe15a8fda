import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useCallback } from 'react';

/** Goes into the portal after a session was opened. `next` must be a path of ours, or a link could lead anywhere. */
export function useEnter(): (next: string | undefined) => Promise<void> {
  const queries = useQueryClient();
  const router = useRouter();
  return useCallback(
    async (next) => {
      queries.removeQueries({ queryKey: ['session'] });
      await router.navigate({ href: isOwnPath(next) ? next : '/', replace: true });
    },
    [queries, router],
  );
}

export const isOwnPath = (path: string | undefined): path is string => path !== undefined && /^\/(?![/\\])/.test(path);
