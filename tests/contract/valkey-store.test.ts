import { openValkeyStore, type ValkeyStore } from '@breakwater/coordination';
import { describeSharedStore } from '@breakwater/resilience/testing';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startValkey, type ValkeyServer } from '../chaos/support/valkey-server.ts';

let server: ValkeyServer;
let stores: ValkeyStore[] = [];

beforeAll(async () => {
  server = await startValkey();
});

afterEach(() => {
  for (const store of stores) store.close();
  stores = [];
});

afterAll(() => server.close());

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describeSharedStore('Valkey', async () => {
  await server.command('FLUSHALL');
  return {
    async connect() {
      // The machine may be busy; how soon a command gives up is not what this is about.
      const store = openValkeyStore({ url: server.url, commandTimeoutMs: 5_000 });
      stores.push(store);
      await new Promise<void>((resolve) => {
        const stop = store.watch({
          onView: () => undefined,
          onUp: () => {
            resolve();
            void Promise.resolve().then(() => stop());
          },
          onDown: () => undefined,
        });
      });
      for (;;) {
        try {
          await store.depart('nobody');
          return store;
        } catch {
          await wait(5);
        }
      }
    },
    pass: wait,
    settle: () => wait(50),
  };
});
