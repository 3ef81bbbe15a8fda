import { type EventListener, isHeardBy, tell } from './events.ts';

/** One listener for several, because a pipeline has one. Each hears what it wants to hear, and the error of one does not deafen another. */
export function joinListeners(...listeners: readonly EventListener[]): EventListener {
  return Object.assign(
    (event: Parameters<EventListener>[0]): void => {
      for (const listener of listeners) if (isHeardBy(listener, event.kind)) tell(listener, event);
    },
    { hears: (kind: Parameters<EventListener>[0]['kind']): boolean => listeners.some((listener) => isHeardBy(listener, kind)) },
  );
}
