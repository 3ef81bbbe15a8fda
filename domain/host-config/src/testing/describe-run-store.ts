import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEntry, NewRun, RunReport, RunStore } from '../ports/run-store.ts';

export interface RunStoreBed {
  readonly store: RunStore;
  dispose(): Promise<void>;
}

const NEW_RUN: NewRun = { hostId: 'local', kind: 'apply', startedBy: 'root', plan: { steps: [1, 2] }, planHash: 'abc' };
const ENTRIES: readonly JournalEntry[] = [
  { kind: 'step.started', stepId: 'base/file', atMs: 1 },
  { kind: 'undo', stepId: 'base/file', seq: 1, undo: { kind: 'group.created', name: 'operators\n"quoted"' } },
  { kind: 'undo.done', seq: 1 },
  { kind: 'step.ended', stepId: 'base/file', atMs: 2, result: { kind: 'changed' } },
];

const reportOf = (end: RunReport['end'], endedAtMs: number): RunReport => ({
  end,
  endedAtMs,
  steps: [
    {
      stepId: 'base/file',
      module: 'base',
      title: 'Write',
      result: { kind: 'changed' },
      tookMs: 3,
      attempts: 2,
      isRescued: true,
      waitedMs: 9,
    },
  ],
});

/** What every store of runs must do. */
export function describeRunStore(name: string, open: () => Promise<RunStoreBed>): void {
  describe(`${name}`, () => {
    let bed: RunStoreBed;
    beforeEach(async () => {
      bed = await open();
    });
    afterEach(() => bed.dispose());

    it('keeps plan, journal and report of a run, and lists it', async () => {
      const { store } = bed;
      const run = await store.begin(NEW_RUN);
      for (const entry of ENTRIES) await run.append(entry);
      expect(run.journal).toEqual(ENTRIES);
      expect(await store.read(run.runId)).toMatchObject({ end: null, endedAtMs: null, report: null, journal: ENTRIES, planHash: 'abc' });
      await run.finish(reportOf('degraded', 77));
      expect(await store.read(run.runId)).toMatchObject({
        runId: run.runId,
        kind: 'apply',
        startedBy: 'root',
        plan: { steps: [1, 2] },
        journal: ENTRIES,
        end: 'degraded',
        endedAtMs: 77,
        report: reportOf('degraded', 77),
      });
      expect(await store.list({ hostId: 'local', limit: 10 })).toMatchObject([{ runId: run.runId, end: 'degraded', endedAtMs: 77 }]);
      expect(await store.list({ hostId: 'another', limit: 10 })).toEqual([]);
    });

    it('lists the newest first, and no more than asked for', async () => {
      const ids: string[] = [];
      for (let each = 0; each < 3; each++) {
        const run = await bed.store.begin(NEW_RUN);
        ids.push(run.runId);
        await run.finish(reportOf('succeeded', each));
      }
      expect(new Set(ids).size).toBe(3);
      expect(await bed.store.list({ hostId: 'local', limit: 2 })).toHaveLength(2);
    });

    it('lets one run at a time work on a host, and others on other hosts', async () => {
      const run = await bed.store.begin(NEW_RUN);
      await expect(bed.store.begin(NEW_RUN)).rejects.toMatchObject({
        code: 'HOST_RUN_LOCKED',
        details: { runId: run.runId, pid: expect.any(Number), since: expect.any(String), command: expect.any(String) },
      });
      await expect(bed.store.reopen(run.runId, 'resume')).rejects.toMatchObject({ code: 'HOST_RUN_LOCKED' });
      const other = await bed.store.begin({ ...NEW_RUN, hostId: 'another' });
      await other.release();
      await run.release();
      const again = await bed.store.begin(NEW_RUN);
      await again.release();
    });

    it('goes on with a run that was let go, for resuming and for taking back', async () => {
      const run = await bed.store.begin(NEW_RUN);
      await run.append(ENTRIES[0] as JournalEntry);
      await run.release();
      const resumed = await bed.store.reopen(run.runId, 'resume');
      expect(resumed.journal).toEqual(ENTRIES.slice(0, 1));
      for (const entry of ENTRIES.slice(1)) await resumed.append(entry);
      await resumed.finish(reportOf('succeeded', 5));
      const back = await bed.store.reopen(run.runId, 'rollback');
      await back.append({ kind: 'undone', seq: 1, atMs: 6 });
      await back.finish(reportOf('rolled-back', 7));
      expect(await bed.store.read(run.runId)).toMatchObject({
        end: 'rolled-back',
        journal: [...ENTRIES, { kind: 'undone', seq: 1, atMs: 6 }],
      });
    });

    it('keeps bytes by their hash, also for a later process', async () => {
      const run = await bed.store.begin(NEW_RUN);
      const content = Uint8Array.from([0, 1, 255, 10]);
      const sha256 = await run.keepBytes(content);
      expect(await run.keepBytes(content)).toBe(sha256);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      await run.release();
      const again = await bed.store.reopen(run.runId, 'rollback');
      expect(Uint8Array.from(await again.readBytes(sha256))).toEqual(content);
      await expect(again.readBytes('0'.repeat(64))).rejects.toMatchObject({ code: 'HOST_RUN_BYTES_LOST' });
      await expect(again.readBytes('../../etc/passwd')).rejects.toMatchObject({ code: 'HOST_RUN_BYTES_LOST' });
      await again.release();
    });

    it('knows no run that is not there', async () => {
      expect(await bed.store.read('20260101T000000Z-00000000')).toBeNull();
      expect(await bed.store.read('../../etc')).toBeNull();
      await expect(bed.store.reopen('../../etc', 'resume')).rejects.toMatchObject({ code: 'HOST_RUN_UNKNOWN' });
    });

    it('forgets all but the newest runs of each host, and none that has not ended', async () => {
      const open = await bed.store.begin({ ...NEW_RUN, hostId: 'another' });
      for (let each = 0; each < 4; each++) await (await bed.store.begin(NEW_RUN)).finish(reportOf('succeeded', each + 1));
      expect(await bed.store.prune({ keep: 2 })).toBe(2);
      expect(await bed.store.prune({ keep: 2 })).toBe(0);
      expect(await bed.store.list({ hostId: 'local', limit: 10 })).toHaveLength(2);
      expect(await bed.store.prune({ keep: 0 })).toBe(2);
      expect(await bed.store.read(open.runId)).not.toBeNull();
      await open.release();
    });
  });
}
