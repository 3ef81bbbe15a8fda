import type { Resilience } from '@breakwater/contract';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useFeedStatus, useFleet, useServices } from '../app/services.ts';
import type { ResilienceFigures } from '../live/fleet-store.ts';
import { readResilience } from './requests.ts';

/** Where streams do not get through. */
const POLL_MS = 15_000;

/** Figures come with the event stream while this page is open; the first picture and the presets come with one request. */
export function useResilience(): {
  readonly figures: ResilienceFigures | null;
  readonly settings: Pick<Resilience, 'presets' | 'configured_limits' | 'limit_ranges'> | null;
  readonly failure: unknown;
} {
  const { feed, store } = useServices();
  const status = useFeedStatus();
  const figures = useFleet('resilience', (known) => known.resilience());
  const query = useQuery({
    queryKey: ['resilience'],
    queryFn: ({ signal }) => readResilience({ signal }),
    refetchInterval: status.kind === 'polling' ? POLL_MS : false,
  });
  useEffect(() => {
    feed.setResilience('shown');
    return () => feed.setResilience('hidden');
  }, [feed]);
  const { data } = query;
  useEffect(() => {
    if (data !== undefined) store.replaceResilience({ at: data.at, servers: data.servers, portal: data.portal });
  }, [data, store]);
  return { figures, settings: data ?? null, failure: query.error };
}
