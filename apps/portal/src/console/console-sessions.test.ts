import { isOpsError, ManualClock, toMoid, toServerId } from '@breakwater/kernel';
import { expect, test } from 'vitest';
import { ConsoleSessions } from './console-sessions.ts';

const refOf = (server: string, moid = '12') => ({ serverId: toServerId(server), moid: toMoid(moid) });

function createSessions(options: { readonly maxPerPrincipal?: number; readonly maxPerServer?: number } = {}) {
  const clock = new ManualClock();
  const sessions = new ConsoleSessions({ clock, unusedMs: 180_000, maxPerPrincipal: 8, maxPerServer: 20, ...options });
  const ask = (principalId: string, server = 'esxi-1') => sessions.create({ principalId, ref: refOf(server), viewOnly: false });
  return { clock, sessions, ask };
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return isOpsError(error) ? error.code : 'other';
  }
}

test('an id is long, unlike any other and fit for a path', () => {
  const { ask } = createSessions();
  const ids = new Set(Array.from({ length: 40 }, () => ask('anna').id));
  expect(ids.size).toBe(40);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{32}$/);
});

test('a session opens once, with what was asked for', () => {
  const { sessions, clock } = createSessions();
  const { id, expiresInMs } = sessions.create({ principalId: 'anna', ref: refOf('esxi-1'), viewOnly: true });
  expect(expiresInMs).toBe(180_000);
  const open = sessions.take(id, 'anna');
  expect(open).toMatchObject({ id, principalId: 'anna', viewOnly: true, ref: refOf('esxi-1') });
  expect(codeOf(() => sessions.take(id, 'anna'))).toBe('PORTAL_CONSOLE_IN_USE');
  open.release();
  expect(codeOf(() => sessions.take(id, 'anna'))).toBe('PORTAL_CONSOLE_UNKNOWN');
  expect(clock.pendingCount).toBe(0);
});

test('an unused session is void after its time', async () => {
  const { sessions, clock, ask } = createSessions();
  const { id } = ask('anna');
  await clock.advance(179_999);
  const other = ask('anna');
  await clock.advance(1);
  expect(codeOf(() => sessions.take(id, 'anna'))).toBe('PORTAL_CONSOLE_UNKNOWN');
  expect(codeOf(() => sessions.take(other.id, 'anna'))).toBe('none');
});

test('somebody else can neither open nor use up a session', () => {
  const { sessions, ask } = createSessions();
  const { id } = ask('anna');
  expect(codeOf(() => sessions.take(id, 'boris'))).toBe('PORTAL_FORBIDDEN');
  const open = sessions.take(id, 'anna');
  expect(codeOf(() => sessions.take(id, 'boris'))).toBe('PORTAL_FORBIDDEN');
  open.release();
});

test('places are counted per person and per server, and come back', () => {
  const { sessions, ask } = createSessions({ maxPerPrincipal: 2, maxPerServer: 3 });
  const first = sessions.take(ask('anna').id, 'anna');
  const waiting = ask('anna');
  sessions.take(ask('anna').id, 'anna');
  expect(codeOf(() => ask('anna', 'esxi-2'))).toBe('PORTAL_CONSOLE_LIMIT');
  expect(codeOf(() => sessions.take(waiting.id, 'anna'))).toBe('PORTAL_CONSOLE_LIMIT');
  sessions.take(ask('boris').id, 'boris');
  expect(codeOf(() => ask('clara'))).toBe('PORTAL_CONSOLE_LIMIT');
  expect(codeOf(() => ask('clara', 'esxi-2'))).toBe('none');
  first.release();
  expect(codeOf(() => sessions.take(waiting.id, 'anna'))).toBe('none');
});

test('a page that asks without end pushes out its own oldest sessions only', () => {
  const { sessions, ask, clock } = createSessions();
  const boris = ask('boris');
  const oldest = ask('anna');
  for (let count = 0; count < 50; count++) ask('anna');
  expect(codeOf(() => sessions.take(oldest.id, 'anna'))).toBe('PORTAL_CONSOLE_UNKNOWN');
  expect(codeOf(() => sessions.take(boris.id, 'boris'))).toBe('none');
  expect(clock.pendingCount).toBe(50);
});

test('closing voids what nobody has used', () => {
  const { sessions, ask, clock } = createSessions();
  const { id } = ask('anna');
  sessions.close();
  expect(codeOf(() => sessions.take(id, 'anna'))).toBe('PORTAL_CONSOLE_UNKNOWN');
  expect(clock.pendingCount).toBe(0);
});
