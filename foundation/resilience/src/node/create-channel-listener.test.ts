import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createPipeline } from '../pipeline.ts';
import { createChannelListener } from './create-channel-listener.ts';

describe('diagnostics channels', () => {
  it('carry each event to whoever has subscribed to its kind', async () => {
    const heard: unknown[] = [];
    const onMessage = (message: unknown): void => void heard.push(message);
    const pipeline = createPipeline(
      { breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } },
      { key: 'a', clock: new ManualClock(), onEvent: createChannelListener() },
    );
    subscribe('breakwater.resilience:breaker.opened', onMessage);
    await pipeline.attempt(() => Promise.reject(new Error('no')), { op: 'list' });
    expect(heard).toMatchObject([{ kind: 'breaker.opened', key: 'a', failures: 1 }]);
    unsubscribe('breakwater.resilience:breaker.opened', onMessage);
    pipeline.breaker?.reset();
    await pipeline.attempt(() => Promise.reject(new Error('no')));
    expect(heard).toHaveLength(1);
  });

  it('cost nothing without a subscriber: no event is made, the ends of calls included', async () => {
    const listener = createChannelListener({ prefix: 'here' });
    const told: string[] = [];
    const counting = Object.assign((event: Parameters<typeof listener>[0]): void => void told.push(event.kind), { hears: listener.hears });
    const pipeline = createPipeline({}, { key: 'a', clock: new ManualClock(), onEvent: counting as typeof listener });
    await pipeline.run(() => 1);
    expect(told).toEqual([]);
    const onMessage = (): void => undefined;
    subscribe('here:call.ended', onMessage);
    await pipeline.run(() => 1);
    unsubscribe('here:call.ended', onMessage);
    expect(told).toEqual(['call.ended']);
  });
});
