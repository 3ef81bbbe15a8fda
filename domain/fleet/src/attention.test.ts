import { ManualClock, toMoid, toServerId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Attention } from './attention.ts';

const ref = (moid: string) => ({ serverId: toServerId('a'), moid: toMoid(moid) });

describe('attention', () => {
  it('replaces what a viewer looks at as a whole, and counts viewers of the same machine', () => {
    const attention = new Attention(new ManualClock(), { attentionMs: 1_000 });
    attention.setVisible('x', [ref('1'), ref('2'), ref('2')]);
    attention.setVisible('y', [ref('2')]);
    attention.setVisible('x', [ref('3')]);
    expect(['1', '2', '3'].map((moid) => attention.isVisible(`a/${moid}`))).toEqual([false, true, true]);
    attention.dropViewer('y');
    attention.dropViewer('y');
    expect(attention.isVisible('a/2')).toBe(false);
    expect(attention.isWatched()).toBe(true);
    attention.dropViewer('x');
    expect(attention.isWatched()).toBe(false);
    expect(attention.isVisible('a/3')).toBe(false);
  });

  it('counts a read through the API for a while', async () => {
    const clock = new ManualClock();
    const attention = new Attention(clock, { attentionMs: 1_000 });
    attention.touch();
    await clock.advance(999);
    expect(attention.isWatched()).toBe(true);
    await clock.advance(1);
    expect(attention.isWatched()).toBe(false);
  });

  it('tells when there is more to look at, and not when there is the same or less', () => {
    const attention = new Attention(new ManualClock(), { attentionMs: 1_000 });
    let growths = 0;
    attention.onGrowth(() => void growths++);
    attention.setVisible('x', []);
    attention.setVisible('x', [ref('1'), ref('2')]);
    attention.setVisible('x', [ref('2')]);
    attention.touch();
    expect(growths).toBe(2);
  });
});
