import { deadLetterListSchema, deadLetterRetriedSchema, type Role } from '@breakwater/contract';
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLetter, makeMachine } from '../testing/samples.ts';
import { createTestPortal, type TestPortal } from '../testing/test-portal.ts';

let test: TestPortal;

beforeEach(() => {
  test = createTestPortal();
  test.fleet.seed({ id: 'a' }, { machineCount: 1 });
  test.fleet.changeLetter(makeLetter({ id: 'l/1' }));
  test.fleet.changeLetter(makeLetter({ id: 'l2', server_id: 'b', verb: 'reset', is_provable: false }));
});

afterEach(() => test.portal.close());

async function call(method: 'GET' | 'POST' | 'DELETE', path: string, options: { readonly as?: Role; readonly body?: object } = {}) {
  const request: InjectOptions = { method, url: `/api/v1/dead-letters${path}`, headers: test.as(options.as ?? 'operator') };
  return test.portal.app.inject(options.body === undefined ? request : { ...request, payload: options.body });
}

describe('failed operations', () => {
  it('are listed for everybody who reads, all or those of one server', async () => {
    const all = deadLetterListSchema.parse((await call('GET', '', { as: 'viewer' })).json());
    expect(all.dead_letters.map(({ id }) => id)).toEqual(['l/1', 'l2']);
    const some = await call('GET', '?server_id=b&limit=1', { as: 'viewer' });
    expect(deadLetterListSchema.parse(some.json())).toMatchObject({ dead_letters: [{ id: 'l2' }], total: 2 });
    expect((await call('GET', '?limit=501')).statusCode).toBe(400);
  });

  it('are done again in the background, with the operation to follow', async () => {
    const response = await call('POST', '/l%2F1/retry');
    expect(response.statusCode).toBe(202);
    const retried = deadLetterRetriedSchema.parse(response.json());
    const id = retried.outcome === 'begun' ? retried.operation.id : '';
    expect(response.headers.location).toBe(`/api/v1/operations/${id}`);
    expect(test.fleet.calls).toContainEqual({
      name: 'retryFailedOperation',
      input: { id: 'l/1', repetition: 'refused', actor: expect.any(String) },
    });
  });

  it('pass on that a person accepts a repetition', async () => {
    await call('POST', '/l2/retry', { body: { accept_repetition: true } });
    expect(test.fleet.calls).toContainEqual(expect.objectContaining({ input: expect.objectContaining({ repetition: 'accepted' }) }));
  });

  it('answer 200 when the machine is already as wanted', async () => {
    test.fleet.changeMachine(makeMachine({ server_id: 'a', moid: '1', power_state: 'poweredOff' }));
    const response = await call('POST', '/l%2F1/retry');
    expect([response.statusCode, response.json()]).toEqual([200, { outcome: 'already_done' }]);
  });

  it('are discarded with a reason, and not without', async () => {
    for (const body of [{}, { reason: '  ' }, { reason: 'a\u0000b' }, { reason: 'x'.repeat(301) }, undefined]) {
      expect((await call('DELETE', '/l2', body === undefined ? {} : { body })).statusCode).toBe(400);
    }
    const response = await call('DELETE', '/l2', { body: { reason: ' done by hand ' } });
    expect([response.statusCode, response.body]).toEqual([204, '']);
    expect(test.fleet.calls).toEqual([
      { name: 'discardFailedOperation', input: { id: 'l2', actor: expect.any(String), reason: 'done by hand' } },
    ]);
    const again = await call('DELETE', '/l2', { body: { reason: 'x' } });
    expect([again.statusCode, again.json()]).toMatchObject([404, { code: 'FLEET_DEAD_LETTER_UNKNOWN' }]);
  });

  it('are not touched by viewers', async () => {
    expect((await call('POST', '/l2/retry', { as: 'viewer' })).statusCode).toBe(403);
    expect((await call('DELETE', '/l2', { as: 'viewer', body: { reason: 'x' } })).statusCode).toBe(403);
    expect(test.fleet.calls).toEqual([]);
  });
});
