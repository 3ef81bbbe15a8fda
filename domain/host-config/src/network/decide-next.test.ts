import { createSeededRandom } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Explanation, FAILURE_CLASSES } from '../classify/failure.ts';
import { type AttemptTally, decideNext, type NextAct, NOTHING_TRIED } from './decide-next.ts';
import { DEFAULT_NETWORK_SETTINGS, type RetrySettings } from './network-settings.ts';

const RETRY = DEFAULT_NETWORK_SETTINGS.retry;
const FIRST: AttemptTally = { ...NOTHING_TRIED, used: 1 };

function explanation(parts: Partial<Explanation>): Explanation {
  return { class: 'transient', code: 'c', cause: 'it failed', hint: '', failedHosts: [], evidence: [], ...parts };
}

function decide(parts: Partial<Explanation>, tally = FIRST, retry: RetrySettings = RETRY) {
  return decideNext(explanation(parts), tally, { retry, lockWaitMs: 300_000, random: () => 0.5 });
}

describe('what a failure calls for', () => {
  it.each(['permanent', 'security', 'local'] as const)('never repeats what is %s', (kind) => {
    expect(decide({ class: kind })).toEqual({ kind: 'stop', reason: 'failed' });
  });

  it('waits 1 s and 2 s, each with up to a tenth on top, and then gives up', () => {
    const second = decide({});
    expect(second).toMatchObject({ kind: 'retry', delayMs: 1_050 });
    expect(decide({}, { ...FIRST, used: 2 })).toMatchObject({ kind: 'retry', delayMs: 2_100 });
    expect(decide({}, { ...FIRST, used: 3 })).toMatchObject({ kind: 'stop' });
  });

  it('waits as long as a throttling service asks, but not beyond the cap', () => {
    expect(decide({ class: 'throttled', retryAfterMs: 7_000 })).toMatchObject({ delayMs: 7_000 });
    expect(decide({ class: 'throttled', retryAfterMs: 600_000 })).toMatchObject({ delayMs: 120_000 });
    expect(decide({ class: 'throttled' })).toMatchObject({ delayMs: 1_050 });
  });

  it('gives a mirror that is updating itself half a minute, twice', () => {
    const sync = { isMirrorSync: true };
    const first = decide(sync);
    expect(first).toMatchObject({ kind: 'retry', delayMs: 30_000 });
    const patient = { ...RETRY, attempts: 9 };
    expect(decide(sync, { ...FIRST, mirrorSyncs: 1 }, patient)).toMatchObject({ kind: 'retry' });
    expect(decide(sync, { ...FIRST, mirrorSyncs: 2 }, patient)).toMatchObject({ kind: 'stop' });
  });

  it('repairs once, and tries what it does not know once more', () => {
    const repair = decide({ class: 'repair' });
    expect(repair).toMatchObject({ kind: 'repair', tally: { isRepaired: true, used: 0 } });
    expect(decide({ class: 'repair' }, { ...FIRST, isRepaired: true })).toMatchObject({ kind: 'stop' });
    expect(decide({ class: 'unknown' })).toMatchObject({ kind: 'retry', tally: { unknowns: 1 } });
    expect(decide({ class: 'unknown' }, { ...FIRST, unknowns: 1 })).toMatchObject({ kind: 'stop' });
  });

  it('waits for a lock without using an attempt up, until its own time is over', () => {
    const waits: NextAct[] = [];
    let next = decide({ class: 'wait-lock' });
    for (; next.kind === 'wait-lock'; next = decide({ class: 'wait-lock' }, { ...next.tally, used: 1 })) waits.push(next);
    expect(next).toEqual({ kind: 'stop', reason: 'lock-timeout' });
    expect(waits.every((wait) => wait.kind === 'wait-lock' && wait.tally.used === 0)).toBe(true);
    const waitedMs = waits.reduce((sum, wait) => sum + (wait.kind === 'wait-lock' ? wait.delayMs : 0), 0);
    expect(waitedMs).toBe(300_000);
  });

  it('repeats nothing when retries are switched off', () => {
    const retry = { ...RETRY, isEnabled: false };
    for (const kind of ['transient', 'throttled', 'unknown'] as const) expect(decide({ class: kind }, FIRST, retry).kind).toBe('stop');
  });

  it('spreads over the whole delay with full jitter, and not at all without', () => {
    expect(decide({}, FIRST, { ...RETRY, jitter: 'full' })).toMatchObject({ delayMs: 500 });
    expect(decide({}, FIRST, { ...RETRY, jitter: 'none' })).toMatchObject({ delayMs: 1_000 });
  });

  it('stays inside the formula and comes to an end, whatever happens', () => {
    const settings = fc.record({
      attempts: fc.integer({ min: 1, max: 12 }),
      initialDelayMs: fc.integer({ min: 0, max: 5_000 }),
      maxDelayMs: fc.integer({ min: 5_000, max: 60_000 }),
      base: fc.double({ min: 1, max: 4, noNaN: true }),
    });
    const kinds = fc.array(fc.constantFrom(...FAILURE_CLASSES), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(settings, kinds, fc.integer(), (limits, sequence, seed) => {
        const retry: RetrySettings = { ...RETRY, ...limits };
        const random = createSeededRandom(seed);
        let tally = NOTHING_TRIED;
        const strange: string[] = [];
        let pauses = 0;
        let isStopped = false;
        for (const kind of sequence) {
          tally = { ...tally, used: tally.used + 1 };
          const next = decideNext(explanation({ class: kind }), tally, { retry, lockWaitMs: 10_000, random });
          isStopped = next.kind === 'stop';
          if (next.kind === 'stop') break;
          const plain = Math.min(limits.maxDelayMs, limits.initialDelayMs * limits.base ** (tally.used - 1));
          if (next.kind === 'retry' && (next.delayMs < plain - 0.001 || next.delayMs > plain * 1.1 + 0.001))
            strange.push(`${next.delayMs}`);
          if (next.kind === 'retry') pauses++;
          tally = next.tally;
        }
        expect(strange).toEqual([]);
        expect(isStopped).toBe(true);
        expect(pauses).toBeLessThan(limits.attempts);
      }),
      { numRuns: 500 },
    );
  });
});
