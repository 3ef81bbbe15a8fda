import type { InventoryNews } from '@breakwater/fleet';
import { ManualClock, OpsError } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { FollowLoop } from './follow-loop.ts';

type Step = Exclude<InventoryNews, { kind: 'lost' }> | OpsError | 'wait';

const confirmed = { kind: 'confirmed' } as const;
const failure = (code: string, details = {}) => new OpsError({ code, message: code, details });

/** Each inner list is what one call of `follow` brings; after the last one every call refuses. */
function startLoop(connections: readonly (readonly Step[])[]) {
  const clock = new ManualClock();
  const controller = new AbortController();
  const seen: { readonly news: InventoryNews; readonly atMs: number }[] = [];
  let calls = 0;
  const reloads: number[] = [];
  const loop = new FollowLoop({
    clock,
    reload: () => void reloads.push(clock.now()),
    async *follow({ signal }) {
      const steps = connections[calls++] ?? [failure('TRANSPORT_REFUSED')];
      for (const step of steps) {
        if (step instanceof OpsError) throw step;
        if (step === 'wait') await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        else yield step;
      }
    },
  });
  const done = (async () => {
    for await (const news of loop.run({ signal: controller.signal })) seen.push({ news, atMs: clock.now() });
  })();
  return { clock, loop, seen, done, controller, reloads, calls: () => calls };
}

describe('following a server for good', () => {
  it('tries again after 5, 10, 20 and then every 30 seconds, and starts over after a success', async () => {
    const { clock, seen } = startLoop([
      [failure('TRANSPORT_REFUSED')],
      [failure('TRANSPORT_REFUSED')],
      [failure('TRANSPORT_TIMEOUT')],
      [failure('TRANSPORT_REFUSED')],
      [failure('TRANSPORT_REFUSED')],
      [confirmed, failure('TRANSPORT_TIMEOUT')],
    ]);
    await clock.advance(100_000);
    expect(seen.map(({ news, atMs }) => [news.kind === 'lost' ? news.retryInMs : news.kind, atMs])).toEqual([
      [5_000, 0],
      [10_000, 5_000],
      [20_000, 15_000],
      [30_000, 35_000],
      [30_000, 65_000],
      ['confirmed', 95_000],
      [5_000, 95_000],
      [10_000, 100_000],
    ]);
  });

  it('waits as long as a server asks for, but never longer than five minutes', async () => {
    const { seen, clock } = startLoop([
      [failure('VSPHERE_UNAVAILABLE', { retryAfterMs: 60_000 })],
      [failure('VSPHERE_UNAVAILABLE', { retryAfterMs: 999_999_000 })],
      [confirmed, 'wait'],
    ]);
    await clock.advance(60_000 + 300_000);
    expect(seen.map(({ news }) => (news.kind === 'lost' ? news.retryInMs : news.kind))).toEqual([60_000, 300_000, 'confirmed']);
  });

  it('tries a living connection that broke once more before anybody is told', async () => {
    const { clock, seen, reloads } = startLoop([
      [confirmed, failure('TRANSPORT_RESET')],
      [confirmed, failure('TRANSPORT_RESET')],
      [failure('TRANSPORT_RESET')],
    ]);
    await clock.advance(0);
    expect(seen.map(({ news }) => news.kind)).toEqual(['confirmed', 'confirmed', 'lost']);
    expect(reloads).toEqual([]);
    await clock.advance(5_000);
    expect(reloads).toEqual([5_000]);
  });

  it('signs in at once when a restarted server has forgotten us, but not over and over', async () => {
    const { clock, seen } = startLoop([
      [failure('TRANSPORT_REFUSED')],
      [failure('VSPHERE_SESSION_EXPIRED')],
      [failure('VSPHERE_SESSION_EXPIRED')],
    ]);
    await clock.advance(5_000);
    expect(seen.map(({ news }) => (news.kind === 'lost' && 'code' in news.trouble ? news.trouble.code : news.kind))).toEqual([
      'TRANSPORT_REFUSED',
      'VSPHERE_SESSION_EXPIRED',
    ]);
  });

  it.each(['VSPHERE_INVALID_LOGIN', 'TRANSPORT_CERTIFICATE_CHANGED'])(
    'never tries again by itself after %s, but does when a person asks',
    async (code) => {
      const certificate = { sha256: 'a', sha1: 'b', subject: 'c', issuer: 'd', validFrom: '', validTo: '' };
      const { clock, loop, seen, calls } = startLoop([[failure(code, { certificate })], [confirmed, 'wait']]);
      await clock.advance(86_400_000);
      expect(calls()).toBe(1);
      expect(seen[0]?.news).toMatchObject({ kind: 'lost', retryInMs: null });
      loop.retryNow();
      await clock.advance(0);
      expect(calls()).toBe(2);
      expect(seen.at(-1)?.news).toEqual(confirmed);
    },
  );

  it('waits as long as an open breaker or the server says', async () => {
    const { clock, seen } = startLoop([[failure('RESILIENCE_CIRCUIT_OPEN', { retryAfterMs: 28_000 })]]);
    await clock.advance(0);
    expect(seen[0]?.news).toMatchObject({ kind: 'lost', trouble: { kind: 'overloaded' }, retryInMs: 28_000 });
  });

  it('ends when it is told to, also in the middle of a wait, and leaves no timer', async () => {
    const waiting = startLoop([]);
    await waiting.clock.advance(0);
    waiting.controller.abort();
    await waiting.done;
    expect(waiting.clock.pendingCount).toBe(0);
    const living = startLoop([[confirmed, 'wait']]);
    await living.clock.advance(0);
    living.controller.abort();
    await living.done;
    expect(living.seen).toHaveLength(1);
  });
});
