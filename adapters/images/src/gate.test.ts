import { expect, it } from 'vitest';
import { Gate } from './gate.ts';

it('never runs more at once than its width, in the order of arrival', async () => {
  const { signal } = new AbortController();
  const gate = new Gate(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      gate.run(
        async () => {
          running++;
          most = Math.max(most, running);
          order.push(index);
          await Promise.resolve();
          running--;
        },
        { signal },
      ),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

it('goes on after a failed act', async () => {
  const { signal } = new AbortController();
  const gate = new Gate(1);
  const failed = gate.run(() => Promise.reject(new Error('failed')), { signal });
  const next = gate.run(async () => 'next', { signal });
  await expect(failed).rejects.toThrow('failed');
  expect(await next).toBe('next');
});
