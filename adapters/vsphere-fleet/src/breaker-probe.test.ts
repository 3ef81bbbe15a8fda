import { ManualClock, OpsError } from '@breakwater/kernel';
import { createPipeline, esxiPreset } from '@breakwater/resilience';
import { type Transport, type TransportResponse, withPipeline } from '@breakwater/transport';
import { classifyVsphereOutcome } from '@breakwater/vsphere';
import { describe, expect, it } from 'vitest';
import { BreakerProbe } from './breaker-probe.ts';

function createBed() {
  const clock = new ManualClock();
  const asked: number[] = [];
  const server = { status: 503 };
  const bare: Transport = {
    origin: 'https://esx.example',
    exchange: (_request, read) => {
      asked.push(clock.now());
      return read({ status: server.status } as TransportResponse);
    },
    pool: () => ({ size: 1, active: 0, idle: 0, opened: 0, reconnects: 0, errors: 0 }),
    close: async () => undefined,
  };
  const pipeline = createPipeline(esxiPreset({ limits: { failureThreshold: 1 }, classify: classifyVsphereOutcome }), {
    key: 'esx',
    clock,
    onEvent: ({ kind }) => {
      if (kind === 'breaker.opened') probe.start();
      if (kind === 'breaker.reset') probe.wake();
    },
  });
  const { breaker } = pipeline;
  if (breaker === null) throw new Error('The preset has a breaker.');
  const probe = new BreakerProbe({ clock, breaker, transport: withPipeline(bare, { pipeline }) });
  const fail = async () => {
    const failed = pipeline.attempt(async () => {
      throw new OpsError({ code: 'VSPHERE_UNAVAILABLE', message: '503' });
    });
    await clock.advance(200);
    await failed;
  };
  return { clock, asked, server, breaker, probe, fail };
}

describe('probing behind an open breaker', () => {
  it('asks once per recovery time while the server is down, and closes the breaker within a second once it is well', async () => {
    const { clock, asked, server, breaker, fail } = createBed();
    await fail();
    expect(breaker.state).toBe('open');
    await clock.advance(29_700);
    expect(asked).toHaveLength(0);
    await clock.advance(65_000);
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.length).toBeLessThanOrEqual(3);
    server.status = 200;
    await clock.advance(31_000);
    expect(breaker.state).toBe('closed');
    const { length } = asked;
    await clock.advance(200_000);
    expect(asked).toHaveLength(length);
    expect(clock.pendingCount).toBe(0);
  });

  it('leaves nothing behind when a breaker that was to stay open is closed by hand, and asks again at the next opening', async () => {
    const { clock, asked, server, breaker, fail } = createBed();
    breaker.isolate('maintenance');
    await clock.advance(600_000);
    expect(asked).toHaveLength(0);
    breaker.reset();
    await clock.advance(0);
    expect(clock.pendingCount).toBe(0);
    server.status = 200;
    await fail();
    await clock.advance(31_000);
    expect(breaker.state).toBe('closed');
    expect(asked.length).toBeGreaterThan(0);
  });

  it('asks as soon as a time set by hand is over', async () => {
    const { clock, asked, server, breaker } = createBed();
    server.status = 200;
    breaker.isolate('maintenance', { expiresMs: 300_000 });
    await clock.advance(299_000);
    expect(asked).toHaveLength(0);
    await clock.advance(5_000);
    expect(breaker.state).toBe('closed');
    expect(asked).toHaveLength(3);
  });

  it('ends when the breaker is closed by hand, and when the link is', async () => {
    const byHand = createBed();
    await byHand.fail();
    byHand.breaker.reset();
    await byHand.clock.advance(120_000);
    expect(byHand.asked).toHaveLength(0);
    const closed = createBed();
    await closed.fail();
    closed.probe.close();
    await closed.clock.advance(120_000);
    expect(closed.asked).toHaveLength(0);
    expect(closed.clock.pendingCount).toBe(0);
  });
});
