import type { DeadLetterList } from '@breakwater/contract';
import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useFleet } from '../app/services.ts';
import { readFailedOperations } from './requests.ts';

/** The list as the portal has it, asked for again whenever the event stream tells of a change. Asked for once, however many show it. */
export function useFailedOperations(): UseQueryResult<DeadLetterList> {
  const changes = useFleet('dead-letters', (store) => store.deadLetterChanges());
  return useQuery({
    queryKey: ['failed-operations', changes],
    queryFn: ({ signal }) => readFailedOperations({ signal }),
    placeholderData: keepPreviousData,
  });
}
