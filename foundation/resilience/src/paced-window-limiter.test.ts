import type { Priority } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimiterChange } from './limiter.ts';
import type { PacedWindowSpec } from './limiter-spec.ts';
import { PacedWindowLimiter } from './paced-window-limiter.ts';

function create(spec: Partial<PacedWindowSpec> = {}, random = () => 0) {
  const changes: LimiterChange[] = [];
  const limiter = new PacedWindowLimiter({ kind: 'pacedWindow', ...spec }, { random, onChange: (change) => changes.push(change) });
  const start = (nowMs: number, priority: Priority = 'normal') => limiter.started(priority, nowMs);
  const succeed = (nowMs: number, latencyMs = 100) =>
    limiter.settled({ verdict: { kind: 'success' }, startedAtMs: nowMs - latencyMs, nowMs, timeoutMs: undefined });
  const reject = (nowMs: number, startedAtMs = nowMs) =>
    limiter.settled({ verdict: { kind: 'throttled' }, startedAtMs, nowMs, timeoutMs: undefined });
  const timeOut = (nowMs: number) => limiter.settled({ verdict: { kind: 'timeout' }, startedAtMs: nowMs, nowMs, timeoutMs: 5_000 });
  const askForPause = (nowMs: number, retryAfterMs: number) =>
    limiter.settled({ verdict: { kind: 'throttled', retryAfterMs }, startedAtMs: nowMs, nowMs, timeoutMs: undefined });
  /** Successes at an even pace, each of them wanted by somebody. Ends at `toMs`. */
  const deliver = (from: number, options: { readonly toMs: number; readonly everyMs: number; readonly latencyMs?: number }) => {
    for (let nowMs = from + options.everyMs; nowMs <= options.toMs; nowMs += options.everyMs) {
      start(nowMs - (options.latencyMs ?? 100));
      limiter.heldBack(nowMs);
      succeed(nowMs, options.latencyMs);
    }
  };
  /** The same at 40 a second, but nobody waits. */
  const coast = (from: number, toMs: number) => {
    for (let nowMs = from + 25; nowMs <= toMs; nowMs += 25) succeed(nowMs);
  };
  const perSecond = () => (limiter.delayMs === 0 ? 0 : 1_000 / limiter.delayMs);
  return { limiter, changes, start, succeed, reject, timeOut, askForPause, deliver, coast, perSecond };
}

describe('before anything was rejected', () => {
  it('slows nobody and lets four attempts run, five for what a person does', () => {
    const { limiter, start } = create();
    start(1_000);
    expect(limiter.delayMs).toBe(0);
    expect(limiter.readyAtMs('low')).toBeLessThan(0);
    expect(limiter.windowFor('normal')).toBe(4);
    expect(limiter.windowFor('high')).toBe(4);
    expect(limiter.windowFor('critical')).toBe(5);
  });

  it('does not take many slow calls after many quick ones for a queue, where they are of another kind', () => {
    const answer = (limiter: PacedWindowLimiter, nowMs: number, op: string): void =>
      limiter.settled({
        verdict: { kind: 'success' },
        op,
        startedAtMs: nowMs - (op === 'quick' ? 10 : 300),
        nowMs,
        timeoutMs: undefined,
      });
    const mixed = create();
    for (let nowMs = 1_000; nowMs <= 9_000; nowMs += 50) answer(mixed.limiter, nowMs, nowMs <= 5_000 ? 'quick' : 'slow');
    expect([mixed.changes.length, mixed.limiter.delayMs]).toEqual([0, 0]);
    const alike = create();
    for (let nowMs = 1_000; nowMs <= 9_000; nowMs += 50) alike.succeed(nowMs, nowMs <= 5_000 ? 10 : 300);
    expect([alike.changes.length, alike.limiter.delayMs > 0]).toEqual([1, true]);
  });

  it('doubles the window while somebody waits and the latency stays flat', () => {
    const { limiter, deliver } = create({ initialWindow: 2 });
    deliver(0, { toMs: 500, everyMs: 25 });
    expect(limiter.windowFor('normal')).toBe(8);
    expect(limiter.delayMs).toBe(0);
  });

  it('keeps the window where nobody waits', () => {
    const { limiter, start, succeed } = create();
    start(0);
    for (let nowMs = 25; nowMs <= 1_000; nowMs += 25) succeed(nowMs);
    expect(limiter.windowFor('normal')).toBe(4);
  });

  it('stops at what was delivered when the server begins to queue', () => {
    const { limiter, deliver, changes, perSecond } = create();
    deliver(0, { toMs: 500, everyMs: 25 });
    deliver(500, { toMs: 1_000, everyMs: 25, latencyMs: 170 });
    expect(perSecond()).toBeCloseTo(40, 0);
    // 40 a second at 100 ms are 4 at work; twice that, and one more as soon as the rate goes on.
    expect(limiter.windowFor('normal')).toBe(9);
    expect(changes).toEqual([expect.objectContaining({ kind: 'limiter.slowed', delayMs: 25 })]);
  });
});

describe('a rejection', () => {
  it('takes the rate to four fifths of what was delivered, and the window to twice what that keeps at work', () => {
    const { limiter, deliver, reject, perSecond } = create();
    deliver(0, { toMs: 1_000, everyMs: 25 });
    reject(1_000);
    expect(perSecond()).toBeCloseTo(32);
    expect(limiter.windowFor('normal')).toBe(7);
    expect(limiter.windowFor('critical')).toBe(8);
  });

  it('takes no more than the delivered rate and a tenth for what was too much', () => {
    const { deliver, reject, perSecond } = create();
    deliver(0, { toMs: 250, everyMs: 10 });
    deliver(250, { toMs: 15_000, everyMs: 100 });
    reject(15_000);
    expect(perSecond()).toBeCloseTo(10 * 1.1 * 0.8, 1);
  });

  it('halves the rate where it is a timeout', () => {
    const { deliver, timeOut, perSecond } = create();
    deliver(0, { toMs: 1_000, everyMs: 25 });
    timeOut(1_000);
    expect(perSecond()).toBeCloseTo(20);
  });

  it('counts once in a burst: what began before the last decrease says nothing new', () => {
    const { deliver, reject, changes, perSecond } = create();
    deliver(0, { toMs: 1_000, everyMs: 25 });
    for (let nowMs = 1_000; nowMs < 1_004; nowMs++) reject(nowMs, 990);
    reject(1_100, 1_000);
    expect(perSecond()).toBeCloseTo(32);
    expect(changes).toHaveLength(1);
  });

  it('before any answer is met with two a second, less a fifth', () => {
    const { limiter, start, reject, perSecond, changes } = create();
    start(0);
    reject(100, 0);
    expect(perSecond()).toBeCloseTo(1.6);
    expect(limiter.windowFor('normal')).toBe(4);
    expect(changes).toEqual([{ kind: 'limiter.slowed', requests: 1, windowMs: 100, delayMs: 625 }]);
  });

  it('before a window was measured takes the rate so far', () => {
    const { start, succeed, reject, perSecond } = create();
    start(0);
    for (let nowMs = 100; nowMs <= 500; nowMs += 100) succeed(nowMs);
    reject(500);
    expect(perSecond()).toBeCloseTo(8);
  });

  it('is told with the requests since the last change', () => {
    const { start, reject, changes } = create();
    for (let nowMs = 100; nowMs < 105; nowMs++) start(nowMs);
    reject(1_100);
    reject(1_101);
    expect(changes).toEqual([
      expect.objectContaining({ requests: 5, windowMs: 1_000 }),
      expect.objectContaining({ requests: 1, windowMs: 0 }),
    ]);
  });

  it('is not seen in a failure that says nothing of load', () => {
    const { limiter } = create();
    for (const kind of ['ignored', 'canceled'] as const) {
      limiter.settled({ verdict: { kind }, startedAtMs: 1, nowMs: 1, timeoutMs: undefined });
    }
    limiter.settled({ verdict: { kind: 'failure', transient: true }, startedAtMs: 1, nowMs: 1, timeoutMs: undefined });
    expect(limiter.delayMs).toBe(0);
  });
});

describe('the rate', () => {
  it('separates starts, and lets people take two in advance', () => {
    const { limiter, reject, start, perSecond } = create();
    reject(0);
    const gapMs = 1_000 / perSecond();
    expect(limiter.readyAtMs('normal')).toBeCloseTo(gapMs);
    expect(limiter.readyAtMs('high')).toBe(0);
    start(0, 'critical');
    start(0, 'critical');
    expect(limiter.readyAtMs('critical')).toBeCloseTo(gapMs);
    expect(limiter.readyAtMs('low')).toBeCloseTo(3 * gapMs);
  });

  it('lets one start be saved up, which a rejection takes away', () => {
    const { limiter, reject, start, perSecond } = create();
    reject(0);
    start(10_000);
    expect(limiter.readyAtMs('normal')).toBeCloseTo(10_000 + 1_000 / perSecond());
    start(10_300);
    expect(limiter.readyAtMs('normal')).toBeCloseTo(10_000 + 2_000 / perSecond());
    start(20_000);
    reject(29_000);
    expect(limiter.readyAtMs('normal')).toBeCloseTo(29_000 + 1_000 / perSecond());
  });

  it('gives up to a half of itself to parked calls', () => {
    const { limiter, reject, start } = create();
    limiter.passed(0);
    reject(1_000);
    const everyMs = limiter.delayMs;
    start(1_000 + everyMs);
    const freeAtMs = limiter.readyAtMs('low');
    limiter.passed(1_000 + everyMs);
    expect(limiter.readyAtMs('low')).toBeCloseTo(freeAtMs + everyMs);
    let calls = 0;
    for (let nowMs = 2_000; nowMs < 2_000 + everyMs * 1_000; nowMs += everyMs / 10) {
      if (limiter.readyAtMs('low') <= nowMs) {
        start(nowMs);
        calls++;
      }
      limiter.passed(nowMs);
    }
    expect(calls / 1_000).toBeCloseTo(0.5, 1);
  });

  it('lets a quick server catch up on a twentieth of a second', () => {
    const { limiter, coast, reject, start } = create();
    coast(0, 1_000);
    reject(1_000);
    start(5_000);
    // 32 a second: 1.6 are saved up, one is taken, 0.4 are missing.
    expect(limiter.readyAtMs('normal')).toBeCloseTo(5_012.5);
  });

  it('is back at the rejected one after six seconds and goes on from there, while somebody waits', () => {
    const { deliver, reject, perSecond } = create();
    deliver(0, { toMs: 1_000, everyMs: 25 });
    reject(1_000);
    deliver(1_000, { toMs: 4_000, everyMs: 25 });
    expect(perSecond()).toBeGreaterThan(38);
    expect(perSecond()).toBeLessThan(40);
    deliver(4_000, { toMs: 7_000, everyMs: 25 });
    expect(perSecond()).toBeCloseTo(40, 0);
    deliver(7_000, { toMs: 13_000, everyMs: 25 });
    expect(perSecond()).toBeCloseTo(48, 0);
  });

  it.each([
    { delivered: 5, recoveryMs: 7_250 },
    { delivered: 2, recoveryMs: 18_000 },
    { delivered: 0.5, recoveryMs: 20_000 },
  ])('takes forty attempts for the way back, but no more than twenty seconds, and no longer beyond it: $delivered a second', (slow) => {
    const { delivered, recoveryMs } = slow;
    const { deliver, reject, perSecond } = create();
    const everyMs = 1_000 / delivered;
    deliver(0, { toMs: 20_000, everyMs });
    reject(20_000);
    const rejected = perSecond() / 0.8;
    expect(rejected / delivered).toBeCloseTo(1.1, 1);
    deliver(20_000, { toMs: 20_000 + recoveryMs - 2_000, everyMs });
    expect(perSecond() / rejected).toBeGreaterThan(0.97);
    expect(perSecond()).toBeLessThan(rejected);
    deliver(20_000 + recoveryMs - 2_000, { toMs: 20_000 + recoveryMs, everyMs });
    expect(perSecond() / rejected).toBeCloseTo(1);
    deliver(20_000 + recoveryMs, { toMs: 20_000 + recoveryMs + 6_000, everyMs });
    expect(perSecond() / rejected).toBeCloseTo(1.2, 1);
  });

  it('never exceeds one and a half of what is delivered', () => {
    const { deliver, reject, perSecond } = create({ recoverMs: 100 });
    deliver(0, { toMs: 1_000, everyMs: 25 });
    reject(1_000);
    deliver(1_000, { toMs: 60_000, everyMs: 25 });
    expect(perSecond()).toBeCloseTo(60, 0);
  });

  it('stays where nobody waits', () => {
    const { deliver, coast, reject, perSecond } = create();
    deliver(0, { toMs: 1_000, everyMs: 25 });
    coast(1_000, 2_000);
    reject(2_000);
    coast(2_000, 30_000);
    expect(perSecond()).toBeCloseTo(32);
  });

  it('is lifted after a minute in which it held nobody back', () => {
    const { limiter, deliver, reject, succeed, changes } = create();
    deliver(0, { toMs: 1_000, everyMs: 25 });
    reject(2_000);
    succeed(61_999);
    expect(limiter.delayMs).toBeGreaterThan(0);
    succeed(62_000);
    expect(limiter.delayMs).toBe(0);
    expect(limiter.windowFor('normal')).toBeGreaterThanOrEqual(4);
    expect(changes.at(-1)).toEqual({ kind: 'limiter.recovered' });
  });

  it('gives the first window back when it is lifted, where it had learned a smaller one', () => {
    const { limiter, start, succeed, reject } = create();
    start(0);
    succeed(2_000);
    reject(2_000);
    expect(limiter.windowFor('normal')).toBe(1);
    succeed(70_000);
    expect(limiter.delayMs).toBe(0);
    expect(limiter.windowFor('normal')).toBe(4);
  });

  it('never falls below the least one, and comes back to half of the old one with the first success after an outage', () => {
    const { coast, reject, succeed, perSecond } = create();
    coast(0, 1_000);
    for (let nowMs = 1_000; nowMs < 1_100; nowMs++) reject(nowMs);
    expect(perSecond()).toBeCloseTo(0.1);
    succeed(2_000);
    expect(perSecond()).toBeCloseTo(20);
  });

  it('takes three rejections in a row for an outage', () => {
    const { coast, reject, succeed, perSecond } = create({ decrease: 0.4 });
    coast(0, 1_000);
    for (let nowMs = 1_000; nowMs < 1_003; nowMs++) reject(nowMs);
    expect(perSecond()).toBeCloseTo(2.56);
    succeed(1_100, 20);
    expect(perSecond()).toBeCloseTo(20);
  });

  it('does not take two rejections in a row for an outage', () => {
    const { coast, reject, succeed, perSecond } = create({ decrease: 0.4 });
    coast(0, 1_000);
    reject(1_000);
    reject(1_001);
    expect(perSecond()).toBeCloseTo(6.4);
    succeed(1_100, 20);
    expect(perSecond()).toBeCloseTo(6.4);
  });
});

describe('a time that the server names', () => {
  it('keeps everybody away until then, people too', () => {
    const { limiter, askForPause } = create();
    askForPause(1_000, 2_000);
    for (const priority of ['critical', 'low'] as const) expect(limiter.readyAtMs(priority)).toBe(3_000);
    askForPause(1_100, 100);
    expect(limiter.readyAtMs('critical')).toBe(3_000);
  });

  it('is stretched by chance, never shortened', () => {
    const { limiter, askForPause } = create({}, () => 0.5);
    askForPause(0, 2_000);
    expect(limiter.readyAtMs('critical')).toBeCloseTo(2_100);
  });

  it('is believed up to the cap', () => {
    const { limiter, askForPause } = create({ retryAfterCapMs: 5_000 });
    askForPause(0, 3_600_000);
    expect(limiter.readyAtMs('critical')).toBe(5_000);
  });

  it('says nothing about the rate to those who wait for it', () => {
    const { limiter, askForPause, succeed, perSecond, deliver } = create({ recoverMs: 10 });
    askForPause(0, 10_000);
    const before = perSecond();
    for (let nowMs = 400; nowMs < 10_000; nowMs += 400) {
      limiter.heldBack(nowMs);
      succeed(nowMs);
    }
    expect(perSecond()).toBe(before);
    deliver(10_000, { toMs: 14_000, everyMs: 400 });
    expect(perSecond()).toBeGreaterThan(before);
  });
});

describe('a latency that has not been low for twenty seconds', () => {
  /** 40 a second, from the second on at twice the latency, until the limiter looks for the reason. */
  function queueUp() {
    const world = create();
    world.deliver(0, { toMs: 1_000, everyMs: 25 });
    world.reject(1_000);
    world.deliver(1_000, { toMs: 20_000, everyMs: 25, latencyMs: 200 });
    expect(world.limiter.windowFor('normal')).toBe(11);
    let nowMs = 20_000;
    while (world.limiter.windowFor('normal') > 3 && nowMs < 22_000) {
      world.deliver(nowMs, { toMs: nowMs + 25, everyMs: 25, latencyMs: 200 });
      nowMs += 25;
    }
    return { ...world, nowMs };
  }

  it('makes the window so small that the queue of the server empties, and measures anew', () => {
    const { limiter, deliver, nowMs } = queueUp();
    expect(limiter.windowFor('normal')).toBe(3);
    expect(nowMs).toBeGreaterThan(21_000);
    // Up to 150 ms the answers belong to what was sent before; then it takes four.
    deliver(nowMs, { toMs: nowMs + 200, everyMs: 20, latencyMs: 150 });
    expect(limiter.windowFor('normal')).toBe(3);
    deliver(nowMs + 200, { toMs: nowMs + 220, everyMs: 20, latencyMs: 150 });
    // Twice what 51 a second keep at work at 150 ms; the 100 ms of the past are forgotten.
    expect(limiter.windowFor('normal')).toBe(16);
  });

  it('gives up after four seconds without an answer to what was sent meanwhile', () => {
    const { limiter, succeed, nowMs } = queueUp();
    succeed(nowMs + 4_000, 10_000);
    expect(limiter.windowFor('normal')).toBeLessThanOrEqual(3);
    succeed(nowMs + 4_001, 10_000);
    expect(limiter.windowFor('normal')).toBeGreaterThan(3);
  });
});

it('holds its bounds in any order of starts, ends and waits', () => {
  const step = fc.record({
    kind: fc.constantFrom('start', 'success', 'throttled', 'timeout', 'retry-after', 'held', 'canceled'),
    waitMs: fc.constantFrom(0, 1, 30, 400, 3_000, 70_000),
    latencyMs: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20, size: 'max' }), fc.double({ min: 0, max: 0.999, noNaN: true }), (steps, chance) => {
      const { limiter, start, reject, timeOut, askForPause, succeed, perSecond } = create({}, () => chance);
      const broken: string[] = [];
      let nowMs = 1_000;
      for (const { kind, waitMs, latencyMs } of steps) {
        nowMs += waitMs;
        if (kind === 'start') start(nowMs);
        else if (kind === 'success') succeed(nowMs, latencyMs);
        else if (kind === 'throttled') reject(nowMs, nowMs - latencyMs);
        else if (kind === 'timeout') timeOut(nowMs);
        else if (kind === 'retry-after') askForPause(nowMs, latencyMs);
        else if (kind === 'held') limiter.heldBack(nowMs);
        const window = limiter.windowFor('low');
        if (!(Number.isInteger(window) && window >= 1)) broken.push(`window ${window}`);
        if (limiter.windowFor('critical') !== window + 1) broken.push('no place for a person');
        if (!(perSecond() === 0 || perSecond() >= 0.0999)) broken.push(`${perSecond()} per second`);
        const [person, background] = [limiter.readyAtMs('critical'), limiter.readyAtMs('low')];
        if (!(person <= background)) broken.push('a person waits longer');
        // Nobody waits for ever: the longest named pause with its jitter, or the tokens borrowed at the least rate.
        if (!(background - nowMs <= Math.max(66_000, (steps.length + 1) * 10_000))) broken.push(`ready in ${background - nowMs} ms`);
      }
      expect(broken).toEqual([]);
    }),
    { numRuns: 10_000 },
  );
}, 60_000);
