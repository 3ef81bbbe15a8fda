import { expect, it } from 'vitest';
import { SharedWrites } from './shared-writes.ts';

const now = () => 0;

it('sends in order, waits behind one that fails, and gives that one up the third time', async () => {
  const failures: unknown[] = [];
  const sent: string[] = [];
  const writes = new SharedWrites((error) => failures.push(error));
  const add = (name: string, isBad: 'bad' | 'good') =>
    writes.add({
      expiresAtMs: 1,
      async send() {
        sent.push(name);
        if (isBad === 'bad') throw new Error(name);
      },
    });
  add('a', 'good');
  add('b', 'bad');
  add('c', 'good');
  await writes.resume(now);
  expect([sent, writes.waiting]).toEqual([['a', 'b'], 2]);
  await writes.resume(now);
  await writes.resume(now);
  expect([sent, writes.waiting, writes.dropped]).toEqual([['a', 'b', 'b', 'b'], 1, 1]);
  await writes.resume(now);
  expect([sent, writes.waiting]).toEqual([['a', 'b', 'b', 'b', 'c'], 0]);
  expect(failures).toHaveLength(3);
});

it('does not send what has become pointless', async () => {
  const writes = new SharedWrites(() => undefined);
  writes.add({ expiresAtMs: 0, send: () => Promise.reject(new Error('sent')) });
  await writes.resume(now);
  expect([writes.waiting, writes.dropped]).toEqual([0, 1]);
});
