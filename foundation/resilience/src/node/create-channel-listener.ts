import { type Channel, channel } from 'node:diagnostics_channel';
import type { EventListener, ResilienceEvent } from '../events.ts';

export interface ChannelListenerOptions {
  /** What the names of the channels begin with. */
  readonly prefix?: string;
}

/** Every kind of event, so that each has its channel from the beginning: looking a channel up by name costs more than asking it. */
const KINDS: Readonly<Record<ResilienceEvent['kind'], true>> = {
  'breaker.opened': true,
  'breaker.would-open': true,
  'breaker.half-opened': true,
  'breaker.closed': true,
  'breaker.reset': true,
  'call.retried': true,
  'call.rejected': true,
  'call.ended': true,
  'attempt.abandoned': true,
  'limiter.slowed': true,
  'limiter.recovered': true,
  'cache.served-stale': true,
};

/**
 * Publishes events on `node:diagnostics_channel`, one channel per kind: `breakwater.resilience:breaker.opened`. Monitoring agents and
 * tests can subscribe without the program's help. Of a channel without a subscriber no event is even made.
 */
export function createChannelListener(options: ChannelListenerOptions = {}): EventListener {
  const { prefix = 'breakwater.resilience' } = options;
  const channels = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, channel(`${prefix}:${kind}`)])) as Readonly<
    Record<ResilienceEvent['kind'], Channel<unknown, ResilienceEvent>>
  >;
  return Object.assign((event: ResilienceEvent): void => channels[event.kind].publish(event), {
    hears: (kind: ResilienceEvent['kind']): boolean => channels[kind].hasSubscribers,
  });
}
