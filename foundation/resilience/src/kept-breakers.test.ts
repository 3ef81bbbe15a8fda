import { describe, expect, it } from 'vitest';
import { createKeptBreakers, createMemoryKeptStore, type KeptBreakers, type KeptPermit, type KeptStore } from './kept-breakers.ts';
import { describeKeptStore } from './testing/kept-store-contract.ts';

const SPEC = { failures: 3, openMs: 60_000, successes: 1 } as const;

/** A computer whose clocks and processes a test moves. */
class Computer {
  bootId = 'boot 1';
  monotonicMs = 1_000;
  wallMs = 1_700_000_000_000;
  readonly processes = new Map<number, string>();
  readonly store: KeptStore = createMemoryKeptStore();

  pass(ms: number): void {
    this.monotonicMs += ms;
    this.wallMs += ms;
  }

  reboot(): void {
    this.bootId = `${this.bootId}'`;
    this.monotonicMs = 5;
    this.processes.clear();
  }

  command(pid: number, spec: Parameters<typeof createKeptBreakers>[0]['spec'] = SPEC): KeptBreakers {
    this.processes.set(pid, `start of ${pid}`);
    const { bootId, processes, store } = this;
    const host = {
      machineId: 'machine',
      pid,
      now: () => ({ bootId, monotonicMs: this.monotonicMs, wallMs: this.wallMs }),
      startOf: (other: number) => processes.get(other) ?? null,
    };
    return createKeptBreakers({ store, host, spec });
  }
}

function admit(breakers: KeptBreakers): KeptPermit {
  const admission = breakers.admit('github', { operationMs: 10_000 });
  if (admission.kind === 'rejected') throw new Error(`rejected: ${admission.because}`);
  return admission;
}

const fail = (breakers: KeptBreakers, times = 3): void => {
  for (let time = 0; time < times; time++)
    admit(breakers).settle('failure', { kind: 'transient', pattern: 'p1', text: 'x'.repeat(500), host: 'github.com' });
};
const ask = (breakers: KeptBreakers) => breakers.admit('github', { operationMs: 10_000 });
const state = (breakers: KeptBreakers) => breakers.status()[0]?.state;

describe('kept breakers', () => {
  it('open after the failures of several commands, and say why and for how long', () => {
    const computer = new Computer();
    for (const pid of [1, 2, 3]) fail(computer.command(pid), 1);
    computer.pass(20_000);
    expect(ask(computer.command(4))).toEqual({ kind: 'rejected', because: 'open', retryAfterMs: 40_000 });
    const [status] = computer.command(5).status();
    expect(status).toMatchObject({ service: 'github', state: 'open', retryAfterMs: 40_000, failures: 3, failureThreshold: 3 });
    expect(status?.lastFailure).toEqual({
      kind: 'transient',
      pattern: 'p1',
      text: 'x'.repeat(200),
      host: 'github.com',
      atWallMs: 1_700_000_000_000,
    });
    expect(status?.totals).toEqual({ calls: 3, failures: 3, opens: 1, rejected: 1 });
  });

  it('count failures in a row only, and nothing that says nothing', () => {
    const breakers = new Computer().command(1);
    fail(breakers, 2);
    admit(breakers).settle('none');
    admit(breakers).settle('success');
    fail(breakers, 2);
    expect(state(breakers)).toBe('closed');
    fail(breakers, 1);
    expect(state(breakers)).toBe('open');
  });

  it('let exactly one process probe, and close when it succeeds', () => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.pass(60_000);
    expect(state(computer.command(2))).toBe('probe-due');
    const probe = admit(computer.command(2));
    expect(probe.isProbe).toBe(true);
    expect(ask(computer.command(3))).toEqual({ kind: 'rejected', because: 'probe-running', retryAfterMs: 40_000 });
    expect(state(computer.command(3))).toBe('probe-running');
    probe.settle('success');
    probe.settle('failure');
    expect(state(computer.command(3))).toBe('closed');
    expect(admit(computer.command(3)).isProbe).toBe(false);
  });

  it.each([
    ['is gone', (computer: Computer) => computer.processes.delete(2)],
    ['has given its number to another one', (computer: Computer) => computer.processes.set(2, 'later')],
    ['takes 30 s longer than its operation may', (computer: Computer) => computer.pass(40_000)],
    ['ended with the boot', (computer: Computer) => computer.reboot()],
  ])('let the next one probe when the prober %s', (_, happen) => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.pass(60_000);
    const lost = admit(computer.command(2));
    happen(computer);
    const next = admit(computer.command(3));
    expect(next.isProbe).toBe(true);
    // The lost one comes back: its lease is no longer the valid one.
    lost.settle('failure');
    expect(state(computer.command(3))).toBe('probe-running');
    next.settle('success');
    expect(state(computer.command(3))).toBe('closed');
  });

  it('give the lease back when the probe says nothing', () => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.pass(60_000);
    admit(computer.command(2)).settle('none');
    expect(state(computer.command(2))).toBe('probe-due');
  });

  it('stay open twice as long after each probe that failed, where that is wanted', () => {
    const computer = new Computer();
    const breakers = computer.command(1, { ...SPEC, openMs: { firstMs: 60_000, factor: 2, capMs: 600_000 } });
    fail(breakers);
    const lasted = [60_000, 120_000, 240_000, 480_000, 600_000, 600_000];
    for (const openMs of lasted) {
      expect(breakers.status()[0]?.retryAfterMs).toBe(openMs);
      computer.pass(openMs);
      fail(breakers, 1);
    }
  });

  it('believe the monotonic clock within a boot, however the wall clock is set', () => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.wallMs += 86_400_000;
    expect(ask(computer.command(2))).toMatchObject({ retryAfterMs: 60_000 });
    computer.wallMs -= 2 * 86_400_000;
    computer.pass(59_999);
    expect(ask(computer.command(2))).toMatchObject({ retryAfterMs: 1 });
    computer.pass(1);
    expect(admit(computer.command(2)).isProbe).toBe(true);
  });

  it('go on after a reboot by the wall clock, and do not stay open when that has been set back', () => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.reboot();
    computer.wallMs += 20_000;
    expect(ask(computer.command(2))).toMatchObject({ because: 'open', retryAfterMs: 40_000 });
    computer.wallMs -= 86_400_000;
    expect(state(computer.command(2))).toBe('probe-due');
  });

  it('forget a few failures after an hour in which nobody called', () => {
    const computer = new Computer();
    fail(computer.command(1), 2);
    computer.pass(3_599_999);
    expect(computer.command(1).status()[0]?.failures).toBe(2);
    computer.pass(1);
    expect(computer.command(1).status()[0]?.failures).toBe(0);
    fail(computer.command(1), 2);
    expect(state(computer.command(1))).toBe('closed');
  });

  it('change nothing when they are looked at', () => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.pass(60_000);
    const before = JSON.stringify(computer.store.list());
    computer.command(2).status();
    expect(JSON.stringify(computer.store.list())).toBe(before);
  });

  it('obey a person, write down who and when, and take a lease back', () => {
    const computer = new Computer();
    fail(computer.command(1));
    computer.pass(60_000);
    const probe = admit(computer.command(2));
    computer.command(3).reset('github', { who: 'ann', reason: 'it works again' });
    probe.settle('failure');
    const [status] = computer.command(3).status();
    expect(status).toMatchObject({
      state: 'closed',
      failures: 0,
      order: { who: 'ann', reason: 'it works again', atWallMs: computer.wallMs },
    });
    computer.command(3).trip('github', { who: 'bob', reason: 'maintenance', forMs: 600_000 });
    expect(ask(computer.command(4))).toMatchObject({ because: 'open', retryAfterMs: 600_000 });
    expect(
      computer
        .command(4)
        .transitions()
        .map(({ cause, from, to, who }) => [from, to, cause, who]),
    ).toEqual([
      ['closed', 'open', 'by-hand', 'bob'],
      ['half-open', 'closed', 'by-hand', 'ann'],
      ['open', 'half-open', 'time', null],
      ['closed', 'open', 'failures', null],
    ]);
  });

  it('apply another threshold at the next event', () => {
    const computer = new Computer();
    fail(computer.command(1), 2);
    fail(computer.command(1, { ...SPEC, failures: 5 }), 2);
    expect(state(computer.command(1))).toBe('closed');
    fail(computer.command(1), 1);
    expect(state(computer.command(1))).toBe('open');
  });

  it('drop results of calls that began before the last transition', () => {
    const computer = new Computer();
    const early = admit(computer.command(1));
    fail(computer.command(2));
    computer.command(3).reset('github', { who: 'ann', reason: 'r' });
    fail(computer.command(2), 2);
    early.settle('success');
    fail(computer.command(2), 1);
    expect(state(computer.command(2))).toBe('open');
  });
});

describeKeptStore('in-memory', () => createMemoryKeptStore());
