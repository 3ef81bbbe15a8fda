import { describe, expect, it } from 'vitest';
import type { SharedView } from './shared-store.ts';
import { toHoldMs, toVerdict } from './shared-verdict.ts';

const VIEW: SharedView = {
  key: 'host',
  epoch: 7,
  state: 'closed',
  cause: 'rule',
  untilMs: null,
  streak: 1,
  reason: 'why',
  actor: 'n1',
  holdUntilMs: 0,
  atMs: 1_000_000,
};
const DAY_MS = 86_400_000;

describe('the verdict in a view', () => {
  it.each<[Partial<SharedView>, object]>([
    [{ state: 'closed' }, { kind: 'closed' }],
    [{ state: 'half-open' }, { kind: 'half-open', reason: 'why' }],
    [{ state: 'disabled' }, { kind: 'disabled', reason: 'why' }],
    [
      { state: 'open', untilMs: 1_000_300 },
      { kind: 'open', untilMs: 350, reason: 'why' },
    ],
    [
      { state: 'open', untilMs: 999_000 },
      { kind: 'open', untilMs: 50, reason: 'why' },
    ],
    [
      { state: 'open', untilMs: null },
      { kind: 'open', untilMs: 50, reason: 'why' },
    ],
    [
      { state: 'isolated', untilMs: 1_000_300 },
      { kind: 'isolated', untilMs: 350, reason: 'why' },
    ],
    [
      { state: 'isolated', untilMs: null },
      { kind: 'isolated', untilMs: Number.POSITIVE_INFINITY, reason: 'why' },
    ],
    [
      { state: 'open', untilMs: 1e15 },
      { kind: 'open', untilMs: 50 + 7 * DAY_MS, reason: 'why' },
    ],
  ])('%j is %j on the clock of this process', (view, verdict) => {
    expect(toVerdict({ ...VIEW, ...view }, 50)).toEqual(verdict);
  });

  it('is asked to wait for what is left, and a week at the most', () => {
    expect(toHoldMs({ ...VIEW, holdUntilMs: 1_000_020 })).toBe(20);
    expect(toHoldMs({ ...VIEW, holdUntilMs: 999_999 })).toBe(0);
    expect(toHoldMs({ ...VIEW, holdUntilMs: 1e15 })).toBe(7 * DAY_MS);
  });
});
