import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type LogFields, type Logger, ManualClock, silentLogger, systemClock } from '@breakwater/kernel';
import { createKeptBreakers, type KeptHost } from '@breakwater/resilience';
import { describeKeptStore } from '@breakwater/resilience/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BreakerState, openBreakerState } from './open-breaker-state.ts';
import { readHost } from './read-host.ts';

let folder = '';
let path = '';
const opened: BreakerState[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-state-'));
  path = join(folder, 'state', 'state.db');
});

afterEach(() => {
  for (const state of opened.splice(0)) state.close();
  rmSync(folder, { recursive: true, force: true });
});

function createLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const logger = { ...silentLogger, lines, warn: (message: string, _fields?: LogFields) => void lines.push(message) };
  return { ...logger, with: () => logger };
}

function open(options: { readonly host?: KeptHost; readonly logger?: Logger } = {}): BreakerState {
  const state = openBreakerState({ path, logger: silentLogger, clock: systemClock, ...options });
  opened.push(state);
  return state;
}

const HOST: KeptHost = {
  machineId: 'machine',
  pid: 42,
  now: () => ({ bootId: 'boot', monotonicMs: 1, wallMs: 1_700_000_000_000 }),
  startOf: () => 'start',
};
const SPEC = { failures: 1, openMs: 60_000, successes: 1 };
const breakersOf = (state: BreakerState) => createKeptBreakers({ ...state, spec: SPEC });
const trip = (state: BreakerState): void => {
  const admission = breakersOf(state).admit('github', { operationMs: 1_000 });
  if (admission.kind === 'admitted') admission.settle('failure');
};

describeKeptStore('SQLite', () => open({ host: HOST }).store);

describe('the state of breakers in a file', () => {
  it('is there for the next command, and for its owner only', () => {
    trip(open());
    for (const state of opened.splice(0)) state.close();
    expect(breakersOf(open()).status()).toMatchObject([{ service: 'github', state: 'open' }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(folder, 'state'))) expect(statSync(join(folder, 'state', name)).mode & 0o077).toBe(0);
  });

  it('is ignored on another computer, and used again on its own', () => {
    trip(open({ host: HOST }));
    const copy = open({ host: { ...HOST, machineId: 'another' } });
    expect(breakersOf(copy).status()).toEqual([]);
    expect(breakersOf(copy).transitions()).toEqual([]);
    expect(breakersOf(open({ host: HOST })).status()).toMatchObject([{ state: 'open' }]);
    expect(breakersOf(copy).admit('github', { operationMs: 1 }).kind).toBe('admitted');
  });

  it('forgets transitions after thirty days', () => {
    const store = open({ host: HOST }).store;
    const now = 1_700_000_000_000;
    const note = (atWallMs: number) =>
      store.update({ scope: 'local', service: 's' }, (found) => ({
        record: found ?? { ...createRecord(), service: 's' },
        transition: { scope: 'local', service: 's', from: 'closed', to: 'open', cause: 'failures', who: null, reason: 'r', atWallMs },
        result: undefined,
      }));
    note(now - 31 * 86_400_000);
    note(now - 29 * 86_400_000);
    note(now);
    expect(store.transitions({ limit: 10 }).map(({ atWallMs }) => now - atWallMs)).toEqual([0, 29 * 86_400_000]);
  });

  it.each([
    ['no database at all', () => writeFileSync(path, 'x'.repeat(20_000))],
    ['a row of another program', () => change("update breakers set record = '{}'")],
    ['a state in another spelling', () => change("update breakers set state = 'OPEN'")],
  ])('is moved aside with a warning when it is damaged: %s', (_, damage) => {
    trip(open({ host: HOST }));
    for (const state of opened.splice(0)) state.close();
    damage();
    const logger = createLogger();
    const state = open({ host: HOST, logger });
    expect(breakersOf(state).status()).toEqual([]);
    expect(state.kept).toBe('file');
    trip(state);
    expect(breakersOf(state).status()).toMatchObject([{ state: 'open' }]);
    expect(logger.lines).toEqual([expect.stringContaining('moved aside')]);
    expect(readdirSync(join(folder, 'state')).filter((name) => name.includes('.damaged-') && !/-(wal|shm)$/.test(name))).toHaveLength(1);
  });

  it('lives in memory where nothing can be written, and says so once', () => {
    writeFileSync(join(folder, 'state'), 'a file where the folder should be');
    const logger = createLogger();
    const state = open({ logger });
    expect(state.kept).toBe('memory');
    trip(state);
    expect(breakersOf(state).status()).toMatchObject([{ state: 'open' }]);
    expect(logger.lines).toHaveLength(1);
  });

  it('leaves a file of a newer program as it is', () => {
    trip(open({ host: HOST }));
    for (const state of opened.splice(0)) state.close();
    change('pragma user_version = 99');
    const logger = createLogger();
    expect(open({ host: HOST, logger }).kept).toBe('memory');
    expect(logger.lines).toHaveLength(1);
    change('pragma user_version = 1');
    expect(breakersOf(open({ host: HOST })).status()).toMatchObject([{ state: 'open' }]);
  });

  it('knows its own process, and that another one does not exist', () => {
    const host = readHost(new ManualClock());
    expect(host.startOf(process.pid)).toMatch(/^\d+$/);
    expect(host.startOf(2 ** 22 + 1)).toBeNull();
    const [one, two] = [host.now(), host.now()];
    expect(two.monotonicMs).toBeGreaterThanOrEqual(one.monotonicMs);
    expect(two.bootId).toBe(one.bootId);
  });
});

function createRecord() {
  const at = HOST.now();
  const totals = { calls: 0, failures: 0, opens: 0, rejected: 0 };
  return {
    scope: 'local',
    service: '',
    machineId: HOST.machineId,
    state: 'closed' as const,
    period: 1,
    failures: 0,
    successes: 0,
    streak: 0,
    openedAt: null,
    openMs: 0,
    activeAt: at,
    lease: null,
    lastFailure: null,
    totals,
    order: null,
  };
}

function change(sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
