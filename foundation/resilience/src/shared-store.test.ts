import { ManualClock } from '@breakwater/kernel';
import { createMemorySharedServer } from './testing/memory-shared-store.ts';
import { describeSharedStore } from './testing/shared-store-contract.ts';

describeSharedStore('in-memory', async () => {
  const clock = new ManualClock();
  const server = createMemorySharedServer({ clock });
  return { connect: async () => server.connect(), pass: (ms) => clock.advance(ms), settle: () => clock.advance(0) };
});
