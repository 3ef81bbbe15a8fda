import type { Session } from '@breakwater/contract';
import type { Clock } from '@breakwater/kernel';
import { createContext, use, useCallback, useSyncExternalStore } from 'react';
import type { FeedStatus, FleetFeed } from '../live/fleet-feed.ts';
import type { FleetStore, Topic } from '../live/fleet-store.ts';
import type { NoticeBoard } from './notices.ts';
import type { PreferenceStore, Preferences } from './preferences.ts';

/** What pages share; made once in main.tsx. */
export interface Services {
  readonly clock: Clock;
  readonly store: FleetStore;
  readonly feed: FleetFeed;
  readonly notices: NoticeBoard;
  readonly preferences: PreferenceStore;
}

export const ServicesContext = createContext<Services | null>(null);
export const SessionContext = createContext<Session | null>(null);

export function useServices(): Services {
  const services = use(ServicesContext);
  if (services === null) throw new Error('ServicesContext is missing');
  return services;
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('SessionContext is missing');
  return session;
}

const RANKS = { viewer: 0, operator: 1, admin: 2 } as const;

/** operator acts on machines, admin also manages servers; the server decides again on every request. */
export function useMay(role: 'operator' | 'admin'): boolean {
  const { person } = useSession();
  return person !== null && RANKS[person.role] >= RANKS[role];
}

export function usePreferences(): Preferences {
  const { preferences } = useServices();
  return useSyncExternalStore(preferences.subscribe, preferences.read);
}

export function useFeedStatus(): FeedStatus {
  const { feed } = useServices();
  return useSyncExternalStore(feed.subscribe, feed.status);
}

/** Reads from the fleet store, again whenever one of `topic` changes. */
export function useFleet<Value>(topic: Topic, read: (store: FleetStore) => Value): Value {
  const { store } = useServices();
  const subscribe = useCallback((listener: () => void) => store.subscribe(topic, listener), [store, topic]);
  return useSyncExternalStore(subscribe, () => read(store));
}
