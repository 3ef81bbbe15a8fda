import { describe, expect, it } from 'vitest';
import { SharedWrites } from './shared-writes.ts';

function create() {
  const failures: unknown[] = [];
  const sent: string[] = [];
  const state = { nowMs: 0, isDown: false };
  const writes = new SharedWrites((error) => failures.push(error));
  const add = (name: string, expiresAtMs = 1_000): boolean =>
    writes.add({
      expiresAtMs,
      send: async () => {
        if (state.isDown) throw new Error('down');
        sent.push(name);
      },
    });
  const resume = (): Promise<void> => writes.resume(() => state.nowMs);
  return { writes, failures, sent, state, add, resume };
}

describe('writes that wait', () => {
  it('are sent in order, and each only once when two resume at the same time', async () => {
    const { add, resume, sent, writes } = create();
    for (const name of ['a', 'b', 'c']) expect(add(name)).toBe(true);
    await Promise.all([resume(), resume()]);
    expect(sent).toEqual(['a', 'b', 'c']);
    expect([writes.waiting, writes.dropped]).toEqual([0, 0]);
  });

  it('stay with all behind them when one fails, until somebody resumes', async () => {
    const { add, resume, sent, state, writes, failures } = create();
    add('a');
    add('b');
    state.isDown = true;
    await resume();
    expect([sent, writes.waiting, failures.length]).toEqual([[], 2, 1]);
    state.isDown = false;
    await resume();
    expect([sent, writes.waiting, failures.length]).toEqual([['a', 'b'], 0, 1]);
  });

  it('are dropped when they have become pointless, and told of as dropped', async () => {
    const { add, resume, sent, state, writes } = create();
    add('old', 1_000);
    add('new', 1_001);
    state.nowMs = 1_000;
    await resume();
    expect([sent, writes.waiting, writes.dropped]).toEqual([['new'], 0, 1]);
  });

  it('are 128 at the most; the newest is dropped', async () => {
    const { add, resume, sent, writes } = create();
    const added = Array.from({ length: 130 }, (_, index) => add(`${index}`));
    expect(added.filter(Boolean)).toHaveLength(128);
    expect([writes.waiting, writes.dropped]).toEqual([128, 2]);
    await resume();
    expect(sent.at(-1)).toBe('127');
  });
});
