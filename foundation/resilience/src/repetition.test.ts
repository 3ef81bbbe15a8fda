import { type Clock, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import { PipelineCore } from './pipeline-core.ts';
import { Pause, planRepeatMs, type RepeatQuestion } from './repetition.ts';
import type { Verdict } from './verdict.ts';

const RETRY = { attempts: 3, backoff: constantBackoff(100), budget: { capacity: 5, share: 0, perSecond: 0 } } as const;
const FAILURE: Verdict = { kind: 'failure', transient: true };

function create() {
  const breaker = { trip: { kind: 'consecutive', failures: 1 }, openMs: 100 } as const;
  const core = new PipelineCore({ retry: RETRY, breaker }, { key: 'server-1', clock: new ManualClock(), random: () => 0.5 });
  const plan = (question: Partial<RepeatQuestion> = {}): number | null =>
    planRepeatMs(core, { retry: RETRY, verdict: FAILURE, attempts: 1, previousMs: 0, nowMs: 0, expiresAtMs: 1_000, ...question });
  const spent = (): number | undefined => core.retryBudget?.snapshot(0).spent;
  return { core, plan, spent };
}

describe('another attempt', () => {
  it('is made as often as is allowed, after the pause', () => {
    const { plan } = create();
    expect([plan({ attempts: 1 }), plan({ attempts: 2 }), plan({ attempts: 3 }), plan({ attempts: 4 })]).toEqual([100, 100, null, null]);
  });

  it('is not made where it would begin at the deadline or later', () => {
    const { plan } = create();
    expect([plan({ nowMs: 899 }), plan({ nowMs: 900 }), plan({ nowMs: 950 })]).toEqual([100, null, null]);
  });

  it('is not made where the breaker is known to be open longer than the pause', () => {
    const { core, plan } = create();
    core.breaker?.trip('test');
    expect(plan()).toBe(100);
    core.breaker?.isolate('test', { expiresMs: 101 });
    expect(plan()).toBeNull();
  });

  it('takes a token only where it is really made, and is not made without one', () => {
    const { core, plan, spent } = create();
    for (const question of [{ attempts: 3 }, { nowMs: 900 }, { verdict: { kind: 'failure', transient: false } as const }]) plan(question);
    core.breaker?.isolate('test');
    plan();
    expect(spent()).toBe(0);
    core.breaker?.reset('test');
    expect([1, 2, 3, 4, 5, 6].map(() => plan())).toEqual([100, 100, 100, 100, 100, null]);
    expect(spent()).toBe(5);
  });
});

describe('the pause before it', () => {
  it('keeps the process alive, because somebody waits for the answer', () => {
    const options: unknown[] = [];
    const clock: Clock = {
      now: () => 0,
      wall: () => 0,
      after: (_delayMs, _callback, asked) => {
        options.push(asked);
        return { cancel: () => undefined };
      },
    };
    expect(new Pause(clock, 5, () => undefined).delayMs).toBe(5);
    expect(options).toEqual([{ keepAlive: true }]);
  });

  it('ends once, or not at all when it is canceled', async () => {
    const clock = new ManualClock();
    const over: string[] = [];
    const first = new Pause(clock, 5, () => over.push('first'));
    new Pause(clock, 5, () => over.push('second'));
    first.cancel();
    first.cancel();
    await clock.advance(100);
    expect([over, clock.pendingCount]).toEqual([['second'], 0]);
  });
});
