import { ManualClock, Secret } from '@breakwater/kernel';
import { createVsphereClient, type VsphereClient } from '../client.ts';
import type { FakeServer } from './fake-server.ts';

/** A client in a world where time stands still until the test moves it. */
export function makeClient(server: FakeServer): { readonly client: VsphereClient; readonly clock: ManualClock } {
  const clock = new ManualClock();
  const client = createVsphereClient({
    transport: server,
    user: 'root',
    password: new Secret('x'),
    clock,
    yieldTurn: () => Promise.resolve(),
  });
  return { client, clock };
}
