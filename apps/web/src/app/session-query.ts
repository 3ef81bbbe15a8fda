import { queryOptions } from '@tanstack/react-query';
import { readSession } from '../api/portal.ts';

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: ({ signal }) => readSession({ signal }), staleTime: 0 });
