import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Operation } from '@breakwater/contract';
import { formatInstant, type Logger, ManualClock, silentLogger, toOperationId } from '@breakwater/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStorage, type Storage } from '../open-storage.ts';

const DAY_MS = 86_400_000;

let dataDir: string;
let clock: ManualClock;
let storage: Storage;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'breakwater-journal-'));
  clock = new ManualClock();
});

afterEach(async () => {
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
});

const open = async (journal: { readonly maxAgeMs: number; readonly maxOperations: number }, logger: Logger = silentLogger) => {
  storage = await openStorage({ dataDir, logger, clock, journal });
};

const insert = (id: string, changes: Partial<Operation> = {}): Promise<void> =>
  storage.operations.insert({
    id,
    kind: 'power_on',
    server_id: 's1',
    moid: 'vm-1',
    machine_name: 'web',
    actor: 'ann',
    state: 'succeeded',
    progress_percent: null,
    error_code: null,
    error: null,
    details: null,
    created_at: formatInstant(clock.wall()),
    updated_at: formatInstant(clock.wall()),
    ...changes,
  });

/** Another hand on the same file. */
function runSql(statement: string): void {
  const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
  raw.exec(statement);
  raw.close();
}

const ids = async (): Promise<readonly string[]> =>
  (await storage.operations.list({ limit: 1_000 })).map((operation) => operation.id).toReversed();

describe('the operations journal', () => {
  it('forgets at the start what is too old, and keeps what is still under way', async () => {
    await open({ maxAgeMs: 30 * DAY_MS, maxOperations: 1_000 });
    await insert('old');
    await insert('old and running', { state: 'running' });
    await clock.advance(10 * DAY_MS);
    await insert('younger');
    await storage.close();
    await clock.advance(25 * DAY_MS);
    await open({ maxAgeMs: 30 * DAY_MS, maxOperations: 1_000 });
    expect(await ids()).toEqual(['old and running', 'younger']);
  });

  it('forgets while it runs, too: at most an hour after the last look, with the next operation', async () => {
    await open({ maxAgeMs: DAY_MS, maxOperations: 1_000 });
    await insert('old');
    await clock.advance(DAY_MS + 1);
    await insert('new');
    expect(await ids()).toEqual(['new']);
  });

  it('never holds many more than so many, however fast they come', async () => {
    await open({ maxAgeMs: DAY_MS, maxOperations: 50 });
    for (let index = 1; index <= 500; index++) await insert(String(index));
    const kept = await ids();
    expect(kept.length).toBeLessThanOrEqual(150);
    expect(kept.at(-1)).toBe('500');
    expect(kept).not.toContain('350');
  });

  it('is brought within a smaller bound at the next start, however long it had become', async () => {
    await open({ maxAgeMs: DAY_MS, maxOperations: 10_000 });
    await insert('1');
    runSql(`insert into operations (id, kind, actor, state, created_at, updated_at)
      with recursive numbers(n) as (values(2) union all select n + 1 from numbers where n < 2500)
      select n, kind, actor, state, created_at, updated_at from numbers, operations`);
    await storage.close();
    await open({ maxAgeMs: DAY_MS, maxOperations: 3 });
    expect(await ids()).toEqual(['2498', '2499', '2500']);
  });

  it('keeps the new operation when the old ones cannot be removed, and says so', async () => {
    const lines: string[] = [];
    await open({ maxAgeMs: DAY_MS, maxOperations: 1_000 }, { ...silentLogger, warn: (line) => void lines.push(line) });
    await insert('old');
    await clock.advance(DAY_MS + 1);
    runSql(`create trigger keep before delete on operations begin select raise(abort, 'not now'); end`);
    await insert('new');
    expect(await storage.operations.find(toOperationId('new'))).not.toBeNull();
    expect(lines).toEqual(['Old operations could not be removed from the journal.']);
  });
});
