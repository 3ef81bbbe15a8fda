import { describe, expect, it } from 'vitest';
import type { Attempt } from './attempt.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { Settlement, Verdict } from './verdict.ts';

const ATTEMPT = { op: 'read', attempt: 2 } as Attempt;
const TELLING = new Error('Request timed out after 30 seconds (timeout: 30s)');
const FAILED: Settlement = { ok: false, error: TELLING };

const judge = (verdict: Verdict, answer: Settlement) => judgeAnswer({ classify: () => verdict }, answer, ATTEMPT);

describe('what an answer means', () => {
  it('is what the classifier says, or a success and a failure without one', () => {
    expect(judge({ kind: 'ignored' }, FAILED)).toEqual({ settlement: FAILED, verdict: { kind: 'ignored' }, timeoutMs: undefined });
    expect(judgeAnswer({}, { ok: true, value: 1 }, ATTEMPT).verdict).toEqual({ kind: 'success' });
    expect(judgeAnswer({}, FAILED, ATTEMPT).verdict.kind).toBe('failure');
  });

  it.each<[Verdict['kind'], Settlement, number | undefined]>([
    ['throttled', FAILED, 30_000],
    ['timeout', FAILED, 30_000],
    ['ignored', FAILED, undefined],
    ['success', FAILED, undefined],
    ['throttled', { ok: true, value: TELLING }, undefined],
    ['throttled', { ok: false, error: TELLING.message }, undefined],
    ['throttled', { ok: false, error: { message: TELLING.message } }, undefined],
    ['throttled', { ok: false, error: new Error('busy') }, undefined],
  ])('names for "%s" the timeout in the text of an error, and only there', (kind, answer, timeoutMs) => {
    expect(judge({ kind } as Verdict, answer).timeoutMs).toBe(timeoutMs);
  });

  it('is the error of a classifier that throws, for which the server is not blamed', () => {
    const seen: unknown[] = [];
    const error = new TypeError('broken');
    const judgement = judgeAnswer(
      {
        classify: (answer, { op, attempt }) => {
          seen.push(answer, op, attempt);
          throw error;
        },
      },
      FAILED,
      ATTEMPT,
    );
    expect(judgement).toEqual({ settlement: { ok: false, error }, verdict: { kind: 'ignored' }, timeoutMs: undefined });
    expect(seen).toEqual([FAILED, 'read', 2]);
  });
});
