import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/api-error.ts';
import { type ConsoleState, createConsoleSession } from './console-session.ts';

type Events = Parameters<Parameters<typeof createConsoleSession>[0]['connect']>[1];

function setUp() {
  const clock = new ManualClock();
  const states: ConsoleState[] = [];
  const links: { readonly session: string; readonly events: Events; isClosed: boolean }[] = [];
  const world = { error: null as Error | null, tickets: 0 };
  const session = createConsoleSession({
    clock,
    random: () => 0,
    openTicket: () => {
      world.tickets += 1;
      if (world.error !== null) return Promise.reject(world.error);
      const id = `t${world.tickets}`;
      return Promise.resolve({
        session_id: id,
        ws_url: '',
        ws_path: `/proxy/${id}`,
        vm_name: 'web-01',
        vm_moid: '1',
        view_only: false,
        expires_in: 30,
      });
    },
    connect: (ticket, events) => {
      const link = { session: ticket.session_id, events, isClosed: false };
      links.push(link);
      return {
        close: () => {
          link.isClosed = true;
        },
      };
    },
    onState: (state) => states.push(state),
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { clock, states, links, world, session, settle };
}

describe('a console session', () => {
  it('takes a new one-time session for every try', async () => {
    const { clock, states, links, session, settle } = setUp();
    session.start();
    await settle();
    links[0]?.events.onConnect();
    expect(states.at(-1)?.kind).toBe('connected');
    links[0]?.events.onDisconnect();
    expect(states.at(-1)?.kind).toBe('waiting');
    await clock.advance(500);
    await settle();
    expect(links.map((link) => link.session)).toEqual(['t1', 't2']);
    expect(links[0]?.isClosed).toBe(true);
  });

  it('waits 0.5, 1, 2, 4, 8, 15, 30 seconds, and gives up after ten minutes', async () => {
    const { clock, states, world, session, settle } = setUp();
    world.error = new ApiError({ status: 503, code: 'RESILIENCE_CIRCUIT_OPEN', message: 'x' });
    session.start();
    await settle();
    const waits: number[] = [];
    while (states.at(-1)?.kind === 'waiting') {
      const state = states.at(-1);
      if (state?.kind !== 'waiting') break;
      const waitMs = Math.round(state.retryAtMs - clock.wall());
      waits.push(waitMs);
      await clock.advance(waitMs);
      await settle();
    }
    expect(waits.slice(0, 8)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000]);
    expect(states.at(-1)).toEqual({ kind: 'ended', reason: 'given-up' });
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(600_000);
  });

  it('stops at once when it is not allowed, not there or not running', async () => {
    for (const status of [401, 403, 404]) {
      const { states, world, session, settle } = setUp();
      world.error = new ApiError({ status, code: 'X', message: 'x' });
      session.start();
      await settle();
      expect(states.at(-1)?.kind, String(status)).toBe('refused');
    }
    const { states, world, session, settle } = setUp();
    world.error = new ApiError({ status: 409, code: 'FLEET_MACHINE_OFF', message: 'x' });
    session.start();
    await settle();
    expect(states.at(-1)).toEqual({ kind: 'ended', reason: 'off' });
  });

  it('does not come back after it was closed', async () => {
    const { clock, states, links, session, settle } = setUp();
    session.start();
    await settle();
    links[0]?.events.onConnect();
    session.end('closed');
    links[0]?.events.onDisconnect();
    await clock.advance(60_000);
    await settle();
    expect(states.at(-1)).toEqual({ kind: 'ended', reason: 'closed' });
    expect(links).toHaveLength(1);
  });

  it('ignores an answer that comes after it was closed', async () => {
    const { links, session, settle } = setUp();
    session.start();
    session.end('off');
    await settle();
    expect(links).toHaveLength(0);
  });
});
