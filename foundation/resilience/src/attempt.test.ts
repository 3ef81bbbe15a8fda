import { describe, expect, it } from 'vitest';
import { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { ExpiryHolder } from './deadline-list.ts';

function create(options: { readonly timeoutMs?: number; readonly expiresAtMs?: number } = {}) {
  const heard: unknown[] = [];
  let nowMs = 0;
  const call = {
    op: 'read',
    key: 'server-1',
    priority: 'high',
    fairKey: 'ada',
    idempotent: true,
    expiresAtMs: options.expiresAtMs ?? Number.POSITIVE_INFINITY,
    nowMs: () => nowMs,
    onAttemptAnswered: (attempt: Attempt, value: unknown) => heard.push(['answered', value, attempt.nowMs]),
    onAttemptEnded: (attempt: Attempt, answer: unknown) => heard.push(['ended', answer, attempt.nowMs]),
    onAttemptTimeout: (attempt: Attempt) => heard.push(['timeout', attempt.nowMs]),
    onAbandonedEnded: (atMs: number) => heard.push(['abandoned ended', atMs]),
  };
  const attempt = new Attempt(call as unknown as Call, { number: 2, startedAtMs: 0, permit: 7, timeoutMs: options.timeoutMs });
  const removed: unknown[] = [];
  attempt.expiry = { remove: (entry: unknown) => removed.push(entry) } as unknown as ExpiryHolder;
  const moveTo = (ms: number): void => {
    nowMs = ms;
  };
  return { attempt, heard, removed, moveTo };
}

const withMember = (name: string, value: unknown): unknown => ({ [name]: value });

const turn = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

describe('an attempt', () => {
  it('shows its callee the call it belongs to', () => {
    const { attempt } = create();
    const { op, key, priority, fairKey, idempotent, permit, nowMs, startedAtMs } = attempt;
    expect({ op, key, priority, fairKey, idempotent, attempt: attempt.attempt }).toEqual({
      op: 'read',
      key: 'server-1',
      priority: 'high',
      fairKey: 'ada',
      idempotent: true,
      attempt: 2,
    });
    expect([permit, nowMs, startedAtMs]).toEqual([7, 0, 0]);
  });

  it.each([
    [{}, Number.POSITIVE_INFINITY],
    [{ timeoutMs: 100 }, 60],
    [{ expiresAtMs: 70 }, 30],
    [{ timeoutMs: 100, expiresAtMs: 70 }, 30],
    [{ timeoutMs: 50, expiresAtMs: 70 }, 10],
    [{ timeoutMs: 30 }, 0],
  ])('with %j has %d ms left after 40', (options, leftMs) => {
    const { attempt, moveTo } = create(options);
    moveTo(40);
    expect(attempt.remainingMs()).toBe(leftMs);
  });

  it.each([1, 'text', null, undefined, {}, withMember('then', 'no promise')])('is answered at once by the value %j', (value) => {
    const { attempt, heard, moveTo } = create();
    moveTo(5);
    attempt.run((context) => {
      expect(context).toBe(attempt);
      return value;
    });
    expect(heard).toEqual([['answered', value, 5]]);
    expect(attempt.state).toBe('ended');
  });

  it('waits for whatever can be waited for, and is no longer in the list of those that may time out', async () => {
    const { attempt, heard, removed, moveTo } = create();
    attempt.run(() => withMember('then', (resolve: (value: string) => void) => queueMicrotask(() => resolve('late'))));
    expect([heard, removed]).toEqual([[], []]);
    moveTo(9);
    await turn();
    expect([heard, removed]).toEqual([[['answered', 'late', 9]], [attempt]]);
  });

  it('ends with what its callee throws or rejects with, never before `run` returns', async () => {
    const error = new Error('refused');
    for (const callee of [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ]) {
      const { attempt, heard } = create();
      attempt.run(callee);
      expect(heard).toEqual([]);
      await turn();
      expect(heard).toEqual([['ended', { ok: false, error }, 0]]);
    }
  });

  it('has one signal, which aborts with the reason for which it was given up', () => {
    const { attempt } = create();
    const { signal } = attempt;
    expect([attempt.signal, signal.aborted]).toEqual([signal, false]);
    attempt.abandon('too slow');
    expect([attempt.signal, signal.aborted, signal.reason]).toEqual([signal, true, 'too slow']);
  });

  it('shows an aborted signal to a callee that asks for it after it was given up, and a calm one after it has ended', () => {
    const given = create().attempt;
    given.abandon('too slow');
    expect([given.signal.aborted, given.signal.reason]).toEqual([true, 'too slow']);
    const ended = create().attempt;
    ended.run(() => 1);
    expect(ended.signal.aborted).toBe(false);
  });

  it('that was given up says when it has really ended, once, and answers nobody', async () => {
    const { attempt, heard, removed, moveTo } = create();
    let resolve: (value: unknown) => void = () => undefined;
    attempt.run(() => new Promise((found) => (resolve = found)));
    attempt.abandon('too slow');
    expect(attempt.state).toBe('abandoned');
    moveTo(80);
    resolve('late');
    await turn();
    expect([heard, removed, attempt.state]).toEqual([[['abandoned ended', 80]], [attempt], 'ended']);
  });

  it('tells of its timeout while it runs, and keeps its slot no longer than allowed when it was given up', async () => {
    const { attempt, heard } = create({ timeoutMs: 10 });
    let reject: (error: unknown) => void = () => undefined;
    attempt.run(() => new Promise((_resolve, fail) => (reject = fail)));
    attempt.onExpired(10);
    expect(heard).toEqual([['timeout', 10]]);
    attempt.abandon('too slow');
    attempt.onExpired(70);
    reject(new Error('at last'));
    await turn();
    expect(heard).toEqual([
      ['timeout', 10],
      ['abandoned ended', 70],
    ]);
  });
});
