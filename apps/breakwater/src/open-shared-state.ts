import type { Clock, Logger, Secret } from '@breakwater/kernel';
import { createSharedBreakers, type SharedBreakers } from '@breakwater/resilience';

export interface SharedState {
  readonly breakers: SharedBreakers;
  close(): Promise<void>;
}

/** Null when the configuration names no store: then nothing of this costs anything. */
export async function openSharedState(
  url: Secret | null,
  options: { readonly clock: Clock; readonly logger: Logger },
): Promise<SharedState | null> {
  if (url === null) return null;
  const { clock, logger } = options;
  const { openValkeyStore } = await import('@breakwater/coordination');
  const store = openValkeyStore({ url });
  const breakers = createSharedBreakers({
    store,
    clock,
    onStatus({ error, status }) {
      if (status === 'ok') logger.info('Circuit breakers are shared with the other portals.', { instances: breakers.figures().instances });
      else logger.warn('The shared store is out of reach; this portal decides alone until it is back.', { error });
    },
  });
  return {
    breakers,
    async close() {
      await breakers.close();
      store.close();
    },
  };
}
