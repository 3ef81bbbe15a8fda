import type { HostSetup, HostSetupRow, Operation } from '@breakwater/contract';
import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { MachineId } from '../api/portal.ts';
import { useFleet } from '../app/services.ts';
import { readProgress } from './read-progress.ts';
import { readSetup, readSetups } from './requests.ts';

/** All set-ups, each one, and the lists of machines. */
export const SETUPS_KEY = ['host-setups'] as const;

const toMark = ({ id, state }: Operation): string => `${id}:${state}`;

/** One set-up as the portal has it, asked for again whenever the event stream tells that an act of it begins or ends. */
export function useSetup(id: string): UseQueryResult<HostSetup> {
  const acts = useFleet('operations', (store) =>
    store
      .operations()
      .filter((operation) => readProgress(operation)?.setup_id === id)
      .map(toMark)
      .join(),
  );
  return useQuery({
    queryKey: [...SETUPS_KEY, id, acts],
    queryFn: ({ signal }) => readSetup(id, { signal }),
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
}

export function useSetups(machine: MachineId): UseQueryResult<readonly HostSetupRow[]> {
  const acts = useFleet('operations', (store) =>
    store
      .operations()
      .filter(
        (operation) => operation.server_id === machine.server_id && operation.moid === machine.moid && readProgress(operation) !== null,
      )
      .map(toMark)
      .join(),
  );
  return useQuery({
    queryKey: [...SETUPS_KEY, machine, acts],
    queryFn: ({ signal }) => readSetups(machine, { signal }),
    placeholderData: keepPreviousData,
  });
}
