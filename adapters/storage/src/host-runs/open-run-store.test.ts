import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRunStore } from '@breakwater/host-config/testing';
import { systemClock } from '@breakwater/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenedRunStore, openRunStore } from './open-run-store.ts';

const RUN = { hostId: 'local', kind: 'apply', startedBy: 'root', plan: { a: 1 }, planHash: 'h' } as const;
const open = (stateDir: string): Promise<OpenedRunStore> => openRunStore({ stateDir, clock: systemClock, command: 'apply --profile test' });

describeRunStore('runs in SQLite and folders', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'runs-'));
  const store = await open(stateDir);
  return {
    store,
    async dispose() {
      await store.close();
      rmSync(stateDir, { recursive: true });
    },
  };
});

describe('runs on disk', () => {
  let stateDir = '';
  let store: OpenedRunStore;
  beforeEach(async () => {
    stateDir = join(mkdtempSync(join(tmpdir(), 'runs-')), 'state');
    store = await open(stateDir);
  });
  afterEach(async () => {
    await store.close();
    rmSync(join(stateDir, '..'), { recursive: true });
  });

  test('are for their owner only', async () => {
    const run = await store.begin(RUN);
    await run.keepBytes(Uint8Array.of(1));
    run.note({ kind: 'x' });
    await run.finish({ end: 'succeeded', endedAtMs: 1, steps: [] });
    const folder = join(stateDir, 'runs', run.runId);
    for (const path of [stateDir, join(stateDir, 'runs'), folder, join(folder, 'files')]) expect(statSync(path).mode & 0o077, path).toBe(0);
    for (const name of ['plan.json', 'journal.jsonl', 'events.jsonl', 'report.json'])
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    expect(readFileSync(join(folder, 'events.jsonl'), 'utf8')).toBe('{"kind":"x"}\n');
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });

  test('go on behind half a last line', async () => {
    const run = await store.begin(RUN);
    await run.append({ kind: 'undo.done', seq: 1 });
    await run.release();
    const journal = join(stateDir, 'runs', run.runId, 'journal.jsonl');
    appendFileSync(journal, '{"kind":"undo.do');
    expect((await store.read(run.runId))?.journal).toEqual([{ kind: 'undo.done', seq: 1 }]);
    const again = await store.reopen(run.runId, 'resume');
    await again.append({ kind: 'undo.done', seq: 2 });
    await again.release();
    expect(readFileSync(journal, 'utf8')).toBe('{"kind":"undo.done","seq":1}\n{"kind":"undo.done","seq":2}\n');
  });

  test('have ended when the report is there, even if the process was killed before it could say so in the database', async () => {
    const run = await store.begin(RUN);
    await run.release();
    writeFileSync(join(stateDir, 'runs', run.runId, 'report.json'), JSON.stringify({ end: 'failed', endedAtMs: 9, steps: [] }));
    expect(await store.list({ hostId: 'local', limit: 1 })).toMatchObject([{ end: 'failed', endedAtMs: 9 }]);
  });

  test('notice that kept bytes were changed', async () => {
    const run = await store.begin(RUN);
    const sha256 = await run.keepBytes(Uint8Array.of(1, 2));
    writeFileSync(join(stateDir, 'runs', run.runId, 'files', sha256), 'other');
    await expect(run.readBytes(sha256)).rejects.toMatchObject({ code: 'HOST_RUN_BYTES_LOST' });
    await run.release();
  });

  test('leave no folder behind that belongs to no run', async () => {
    const orphan = join(stateDir, 'runs', '20200101T000000Z-00000000');
    const young = join(stateDir, 'runs', '20200101T000000Z-00000001');
    for (const folder of [orphan, young]) mkdirSync(folder);
    utimesSync(orphan, 1, 1);
    await store.prune({ keep: 20 });
    expect(existsSync(orphan)).toBe(false);
    expect(existsSync(young)).toBe(true);
  });
});
