import { describe, expect, it } from 'vitest';
import { type LinkHost, SharedLink, type ViewSource } from './shared-link.ts';
import type { LeaseAnswer, SharedView } from './shared-store.ts';

const TERMS = { key: 'host', openTime: { firstMs: 1_000, factor: 2, capMs: 8_000 }, probes: 1, successes: 1, leaseMs: 400 } as const;
const VIEW: SharedView = {
  key: 'host',
  epoch: 1,
  state: 'open',
  cause: 'rule',
  untilMs: 5_100,
  streak: 1,
  reason: '2 failures',
  actor: 'n1',
  holdUntilMs: 0,
  atMs: 5_000,
};

type Answer = (LeaseAnswer & { readonly token: string }) | null;

function create() {
  const seen = { nowMs: 0, random: 0, instances: 4, acts: [] as unknown[], verdicts: [] as string[], holds: [] as number[] };
  let answer: (found: Answer) => void = () => undefined;
  const host: LinkHost = {
    nowMs: () => seen.nowMs,
    random: () => seen.random,
    instances: () => seen.instances,
    vote: (_link, reason) => seen.acts.push(['vote', reason]),
    askLease: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
    settle: (_link, { token }, outcome) => seen.acts.push(['settle', token, outcome]),
    order: (_link, { kind }) => seen.acts.push(['order', kind]),
    hold: (_link, forMs) => seen.acts.push(['hold', forMs]),
  };
  const link = new SharedLink(TERMS, host);
  link.listen({ onVerdict: ({ from, to }) => seen.verdicts.push(`${from.kind}>${to.kind}`), onHold: (forMs) => seen.holds.push(forMs) });
  const apply = (view: Partial<SharedView>, source: ViewSource = 'push'): void => link.apply({ ...VIEW, ...view }, source);
  /** Asks for a lease and lets the answer come. */
  const ask = async (found: Answer): Promise<boolean> => {
    let isAnswered = false;
    const isAsking = link.ask(seen.nowMs, () => {
      isAnswered = true;
    });
    if (!isAsking) return false;
    answer(found);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect(isAnswered).toBe(true);
    return true;
  };
  const granted: Answer = { granted: true, token: 't1', view: { ...VIEW, epoch: 2, state: 'half-open', untilMs: null } };
  return { link, seen, apply, ask, granted };
}

describe('link to a shared verdict', () => {
  it('lets calls pass, blocks them, or lets them probe, as the verdict has it', () => {
    const { link, apply } = create();
    expect([link.gate(0), link.retryAfterMs(0), link.report().state, link.report().actor]).toEqual(['free', 0, 'closed', '']);
    apply({});
    expect([link.gate(99), link.gate(100), link.retryAfterMs(40), link.retryAfterMs(100)]).toEqual(['blocked', 'probe', 60, 0]);
    expect(link.report()).toEqual({ state: 'open', reason: '2 failures', actor: 'n1', epoch: 1, streak: 1 });
    apply({ epoch: 2, state: 'half-open', untilMs: null });
    expect([link.gate(0), link.retryAfterMs(0)]).toEqual(['probe', 0]);
    apply({ epoch: 3, state: 'isolated', untilMs: 5_200 });
    expect([link.gate(199), link.gate(200), link.retryAfterMs(150), link.retryAfterMs(200)]).toEqual(['blocked', 'free', 50, 0]);
    apply({ epoch: 4, state: 'disabled', untilMs: null });
    expect([link.gate(0), link.retryAfterMs(0)]).toEqual(['free', 0]);
  });

  it('asks for a lease once at a time, and only where one could be had', async () => {
    const { link, apply, seen, ask, granted } = create();
    expect(await ask(granted)).toBe(false);
    apply({});
    expect(await ask(granted)).toBe(false);
    seen.nowMs = 100;
    const first = ask(granted);
    expect(link.ask(100, () => undefined)).toBe(false);
    expect(await first).toBe(true);
    expect([link.mayProbe(499), link.mayProbe(500), link.hasUnusedLease, link.retryAfterMs(100)]).toEqual([true, false, true, 0]);
    expect(await ask(granted)).toBe(false);
    expect(link.takeLease(100)).toEqual({ token: 't1', epoch: 2, lapsesAtMs: 500, takenAtMs: 100 });
    expect([link.takeLease(100), link.hasUnusedLease]).toEqual([null, false]);
  });

  it('does not use a lease that has lapsed, nor one of an earlier period', async () => {
    const { link, apply, seen, ask, granted } = create();
    apply({});
    seen.nowMs = 100;
    await ask(granted);
    expect(link.takeLease(500)).toBeNull();
    await ask(granted);
    apply({ epoch: 3, untilMs: 5_050 });
    expect(link.hasUnusedLease).toBe(false);
  });

  it('asks again after half a second to a second when it was refused, or at once in a new period', async () => {
    const { link, apply, seen, ask, granted } = create();
    apply({});
    seen.nowMs = 100;
    seen.random = 0.5;
    await ask({ ...(granted as NonNullable<Answer>), granted: false });
    expect([link.hasUnusedLease, link.retryAfterMs(100), link.retryAfterMs(850)]).toEqual([false, 750, 0]);
    seen.nowMs = 849;
    expect(await ask(granted)).toBe(false);
    seen.nowMs = 850;
    expect(await ask({ ...(granted as NonNullable<Answer>), granted: false })).toBe(true);
    apply({ epoch: 3, untilMs: 5_000 });
    expect(await ask(granted)).toBe(true);
  });

  it.each([
    [0.24, true],
    [0.25, false],
  ])('with four processes probes by itself with a chance of a quarter when nobody answers (%d)', async (random, isProbing) => {
    const { link, apply, seen, ask } = create();
    apply({});
    seen.nowMs = 100;
    seen.random = random;
    await ask(null);
    expect(link.mayProbe(100)).toBe(isProbing);
    expect(link.retryAfterMs(100)).toBe(isProbing ? 0 : 500 * (1 + random));
    if (!isProbing) return;
    expect(link.takeLease(100)).toEqual({ token: null, epoch: 0, lapsesAtMs: 500, takenAtMs: 100 });
  });

  it('decides alone what a probe under a lease of its own says, and tells the others of all other probes', () => {
    const alone = { token: null, epoch: 0, lapsesAtMs: 500, takenAtMs: 100 };
    const { link, apply, seen } = create();
    apply({});
    link.settle(alone, 'none');
    link.settle(alone, 'failure');
    seen.nowMs = 100;
    link.settle(alone, 'failure');
    expect([link.gate(1_099), link.gate(1_100), link.report().reason]).toEqual(['blocked', 'probe', 'the probe failed']);
    link.settle(alone, 'success');
    link.settle(alone, 'failure');
    apply({ epoch: 2, state: 'half-open', untilMs: null });
    link.settle(alone, 'failure');
    link.settle({ ...alone, token: 't1' }, 'success');
    expect(seen.verdicts).toEqual(['closed>open', 'open>open', 'open>open', 'open>closed', 'closed>half-open', 'half-open>open']);
    expect(seen.acts).toEqual([['settle', 't1', 'success']]);
  });

  it('gives back what no call has used for a second, and forgets what nobody else knows of', async () => {
    const { link, apply, seen, ask, granted } = create();
    apply({});
    seen.nowMs = 100;
    link.returnUnused(100);
    await ask(granted);
    link.returnUnused(1_099);
    expect(link.hasUnusedLease).toBe(true);
    link.returnUnused(1_100);
    expect([link.hasUnusedLease, seen.acts]).toEqual([false, [['settle', 't1', 'none']]]);
    await ask(null);
    expect(link.hasUnusedLease).toBe(true);
    link.returnUnused(1_100);
    expect([link.hasUnusedLease, seen.acts.length]).toEqual([false, 1]);
  });

  it('votes when its breaker trips by itself while all say that it is closed, and remembers the vote until somebody knows', () => {
    const { link, apply, seen } = create();
    const opened = { kind: 'breaker.opened', failures: 2, from: 'closed', openMs: 1 } as const;
    link.heard({ ...opened, cause: 'by-hand', reason: 'x' });
    expect(link.owedVote).toBeNull();
    link.heard({ ...opened, cause: 'slow-rate' });
    expect(link.owedVote).toBe('too many slow calls');
    link.heard({ kind: 'breaker.closed', successes: 1 });
    expect(link.owedVote).toBeNull();
    link.heard({ ...opened, cause: 'consecutive' });
    link.heard({ kind: 'breaker.half-opened' });
    expect(link.owedVote).toBe('2 failures');
    link.heard({ kind: 'breaker.reset', reason: 'x' });
    expect(link.owedVote).toBeNull();
    link.heard({ ...opened, cause: 'failure-rate' });
    apply({ state: 'closed', untilMs: null });
    expect(link.owedVote).toBe('2 failures');
    apply({ epoch: 2 });
    expect(link.owedVote).toBeNull();
    link.heard({ ...opened, cause: 'consecutive' });
    expect(seen.acts).toEqual([
      ['vote', 'too many slow calls'],
      ['vote', '2 failures'],
      ['vote', '2 failures'],
    ]);
  });

  it('passes orders on, owes no vote after one, and forgets verdict and lease only with a reset', async () => {
    const { link, apply, seen, ask, granted } = create();
    link.owedVote = 'x';
    link.order({ kind: 'trip', reason: 'r', forMs: 1 });
    expect(link.owedVote).toBeNull();
    apply({});
    seen.nowMs = 100;
    await ask(granted);
    link.order({ kind: 'isolate', reason: 'r', forMs: null });
    expect([link.verdict.kind, link.hasUnusedLease]).toEqual(['half-open', true]);
    link.order({ kind: 'reset', reason: 'r', forMs: null });
    expect([link.verdict.kind, link.hasUnusedLease]).toEqual(['closed', false]);
    expect(seen.acts).toEqual([
      ['order', 'trip'],
      ['order', 'isolate'],
      ['order', 'reset'],
    ]);
  });

  it('passes a wish to be left alone on, and hears the same wish of others once', () => {
    const { link, apply, seen } = create();
    link.hold(300);
    apply({ holdUntilMs: 5_020 });
    apply({ holdUntilMs: 5_020 });
    apply({ holdUntilMs: 5_020, epoch: 2 });
    apply({ holdUntilMs: 5_000 });
    apply({ holdUntilMs: 5_020 }, 'reconnect');
    apply({ holdUntilMs: 5_040 });
    expect(seen.holds).toEqual([300, 20, 20, 40]);
    expect(seen.acts).toEqual([['hold', 300]]);
  });

  it('believes a lower epoch only where it cannot be an old message', () => {
    const { link, apply } = create();
    apply({ epoch: 5 });
    const closed = { state: 'closed', untilMs: null } as const;
    apply({ ...closed, epoch: 4 });
    apply({ ...closed, epoch: 4, atMs: 6_000 }, 'push');
    apply({ ...closed, epoch: 4, atMs: 5_000 }, 'answer');
    apply({ ...closed, epoch: 5, atMs: 6_000 }, 'answer');
    expect(link.verdict.kind).toBe('open');
    apply({ ...closed, epoch: 4, atMs: 5_001 }, 'answer');
    expect(link.verdict.kind).toBe('closed');
    apply({ epoch: 3 }, 'reconnect');
    expect([link.verdict.kind, link.report().epoch]).toEqual(['open', 3]);
  });

  it('changes nothing when it hears again what it knows, and something when it had decided otherwise alone', () => {
    const { link, apply, seen } = create();
    apply({ epoch: 0, state: 'closed', untilMs: null });
    apply({});
    apply({}, 'reconnect');
    expect(seen.verdicts).toEqual(['closed>open']);
    link.settle({ token: null, epoch: 0, lapsesAtMs: 1, takenAtMs: 0 }, 'success');
    apply({}, 'reconnect');
    expect(seen.verdicts).toEqual(['closed>open', 'open>closed', 'closed>open']);
  });

  it('shortens an opening that a late message made too long, and never lengthens it', () => {
    const { link, apply, seen } = create();
    seen.nowMs = 80;
    apply({});
    expect(link.retryAfterMs(80)).toBe(100);
    apply({ atMs: 5_060 });
    expect(link.retryAfterMs(80)).toBe(40);
    apply({});
    apply({ atMs: 5_090, state: 'half-open' });
    apply({ atMs: 5_090, epoch: 0 });
    expect(link.retryAfterMs(80)).toBe(40);
    expect(seen.verdicts).toEqual(['closed>open']);
    apply({ epoch: 2, state: 'half-open', untilMs: null });
    apply({ epoch: 2, atMs: 5_090 });
    expect(link.verdict.kind).toBe('half-open');
  });
});
