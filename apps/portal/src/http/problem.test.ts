import { problemSchema } from '@breakwater/contract';
import { OpsError } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { toProblemAnswer } from './problem.ts';

const answerTo = (error: unknown) => toProblemAnswer(error, { requestId: 'r1' });

describe('toProblemAnswer', () => {
  it('tells our own errors with code, text and details', () => {
    const { status, problem } = answerTo(new OpsError({ code: 'FLEET_POWER_REFUSED', message: 'It is off.', details: { verb: 'reset' } }));
    expect([status, problemSchema.parse(problem)]).toEqual([
      409,
      {
        type: 'about:blank',
        title: 'Not possible now',
        status: 409,
        code: 'FLEET_POWER_REFUSED',
        detail: 'It is off.',
        details: { verb: 'reset' },
        request_id: 'r1',
      },
    ]);
  });

  it.each([
    ['VSPHERE_FAULT', 502],
    ['TRANSPORT_REFUSED', 502],
    ['RESILIENCE_OPEN', 503],
    ['STORAGE_FULL', 503],
  ])('keeps the words and details behind %s to itself', (code, status) => {
    const answer = answerTo(new OpsError({ code, message: 'root:hunter2@10.0.0.1', details: { ticket: 'hunter2' } }));
    expect([answer.status, answer.problem.code]).toEqual([status, code]);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it.each([
    new TypeError('hunter2'),
    'hunter2',
    null,
    { code: 'ELSE', message: 'hunter2' },
    new OpsError({ code: 'CLI_X', message: 'hunter2' }),
  ])('says nothing of an error it does not know: %s', (error) => {
    const answer = answerTo(error);
    expect([answer.status, answer.problem.code]).toEqual([500, 'PORTAL_INTERNAL']);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('hands on when to try again', () => {
    const error = new OpsError({ code: 'ACCESS_TOO_MANY_ATTEMPTS', message: 'Wait.', details: { retryAfterMs: 30_500 } });
    expect(answerTo(error)).toMatchObject({ status: 429, retryAfterMs: 30_500 });
  });
});
