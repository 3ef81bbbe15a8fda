import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Wakeup } from './wakeup.ts';

describe('wakeup', () => {
  it('ends a wait by time, by call and by abort, and leaves no timer', async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock);
    const controller = new AbortController();
    const ended: string[] = [];
    const wait = (name: string) => wakeup.wait(1_000, controller).then(() => void ended.push(name));
    const byTime = wait('time');
    await clock.advance(1_000);
    const byCall = wait('call');
    wakeup.wake();
    await byCall;
    const byAbort = wait('abort');
    controller.abort();
    await Promise.all([byTime, byAbort]);
    expect(ended).toEqual(['time', 'call', 'abort']);
    expect(clock.pendingCount).toBe(0);
  });

  it('remembers a call that came while nobody waited, once', async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup(clock);
    const { signal } = new AbortController();
    wakeup.wake();
    await wakeup.wait(1_000, { signal });
    let isOver = false;
    void wakeup.wait(1_000, { signal }).then(() => {
      isOver = true;
    });
    await clock.advance(999);
    expect(isOver).toBe(false);
  });
});
