import { isOpsError } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import { isResilienceError, ResilienceError } from './resilience-error.ts';
import { classifyByDefault } from './verdict.ts';

it('takes every value for a success and every foreign error for a transient failure', () => {
  expect(classifyByDefault({ ok: true, value: 503 })).toEqual({ kind: 'success' });
  expect(classifyByDefault({ ok: false, error: new Error('x') })).toEqual({ kind: 'failure', transient: true });
  expect(classifyByDefault({ ok: false, error: 'x' })).toEqual({ kind: 'failure', transient: true });
});

it('knows errors of policies by their code', () => {
  const cause = new Error('below');
  const error = new ResilienceError({ code: 'RESILIENCE_QUEUE_FULL', message: 'full', cause, details: { op: 'list' } });
  expect(error).toMatchObject({ name: 'ResilienceError', key: '', retryAfterMs: undefined, cause, details: { key: '', op: 'list' } });
  expect(isOpsError(error) && isResilienceError(error)).toBe(true);
  expect(new ResilienceError({ code: 'RESILIENCE_CLOSED', message: 'x', key: 'k', retryAfterMs: 5 }).details).toEqual({
    key: 'k',
    retryAfterMs: 5,
  });
  expect(isResilienceError(new Error('x'))).toBe(false);
  expect(classifyByDefault({ ok: false, error })).toEqual({ kind: 'ignored' });
});
