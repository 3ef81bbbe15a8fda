import { ManualClock, OpsError, Secret } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createDeadLetters, createMemoryDeadLetterStore } from './dead-letters.ts';
import { describeDeadLetterStore } from './testing/dead-letter-store-contract.ts';

describeDeadLetterStore('Memory', async () => createMemoryDeadLetterStore({ maxLetters: 10 }));

const FAILED = { key: 'server-1', op: 'power off', payload: { machine: '17', force: true }, error: new Error('refused'), attempts: 3 };

function create(maxLetters = 10) {
  const clock = new ManualClock();
  const letters = createDeadLetters({ store: createMemoryDeadLetterStore({ maxLetters }), clock });
  return { clock, letters };
}

describe('dead letters', () => {
  it('keep a failed operation with its reason', async () => {
    const { letters, clock } = create();
    await letters.add(FAILED);
    await letters.add({ ...FAILED, key: 'server-2', error: new OpsError({ code: 'VSPHERE_BUSY', message: 'x'.repeat(5_000) }) });
    await letters.add({ ...FAILED, key: 'server-2', error: 'cut off' });
    const [first, second, third] = await letters.list();
    expect(first).toMatchObject({
      op: 'power off',
      payload: FAILED.payload,
      attempts: 3,
      reason: { code: 'UNKNOWN', message: 'refused' },
      createdAtWallMs: clock.wall(),
    });
    expect(second?.reason.code).toBe('VSPHERE_BUSY');
    expect(second?.reason.message).toHaveLength(1_000);
    expect(third?.reason.message).toBe('cut off');
    expect(await letters.list({ key: 'server-2', limit: 1 })).toEqual([second]);
  });

  it('are gone when doing it again succeeds, and keep the new reason when it fails', async () => {
    const { letters, clock } = create();
    const { id } = await letters.add(FAILED);
    await clock.advance(5_000);
    const error = new Error('still refused');
    expect(await letters.retry(id, () => Promise.reject(error))).toMatchObject({ kind: 'failed', error, letter: { attempts: 4 } });
    expect(await letters.list()).toMatchObject([{ id, attempts: 4, reason: { message: 'still refused' }, failedAtWallMs: clock.wall() }]);
    let seen: unknown;
    const result = await letters.retry(id, (letter) => {
      seen = letter.payload;
    });
    expect(result).toEqual({ kind: 'done' });
    expect(seen).toBe(FAILED.payload);
    expect(await letters.count()).toBe(0);
    expect(await letters.retry(id, () => 1)).toEqual({ kind: 'missing' });
  });

  it('are not done twice at the same time', async () => {
    const { letters } = create();
    const { id } = await letters.add(FAILED);
    let runs = 0;
    const results = await Promise.all([letters.retry(id, () => runs++), letters.retry(id, () => runs++)]);
    expect(results).toEqual([{ kind: 'done' }, { kind: 'busy' }]);
    expect(runs).toBe(1);
  });

  it('stay away once discarded, also while somebody tries', async () => {
    const { letters } = create();
    const { id } = await letters.add(FAILED);
    const result = await letters.retry(id, async () => {
      expect(await letters.discard(id)).toBe(true);
      throw new Error('no');
    });
    expect(result).toMatchObject({ kind: 'failed' });
    expect(await letters.count()).toBe(0);
    expect(await letters.discard(id)).toBe(false);
  });

  it('are refused when there is no room, because none may vanish', async () => {
    const { letters } = create(1);
    const { id } = await letters.add(FAILED);
    await expect(letters.add(FAILED)).rejects.toMatchObject({ code: 'RESILIENCE_QUEUE_FULL', key: 'server-1' });
    expect(await letters.list()).toMatchObject([{ id }]);
    expect(createDeadLetters({ store: createMemoryDeadLetterStore({ maxLetters: 1 }) })).toBeDefined();
  });

  it('have no room for a secret, whatever it is called', async () => {
    const { letters } = create();
    // @ts-expect-error A `Secret` is no plain fact.
    await letters.add({ ...FAILED, payload: { key: new Secret('hunter2') } });
    // @ts-expect-error Neither is anything that could hide one.
    await letters.add({ ...FAILED, payload: { login: { user: 'root' } } });
    // @ts-expect-error The name says what it is.
    await letters.add({ ...FAILED, payload: { machine: '17', sessionToken: 'abc' } });
    expect(JSON.stringify(await letters.list())).not.toContain('hunter2');
  });
});
