import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@breakwater/kernel';
import { openRunStore } from '@breakwater/storage';
import { expect, test } from 'vitest';

test('a run survives the kill of its process at any moment: the lock is free, the journal is whole and can be gone on with', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'runs-'));
  const store = await openRunStore({ stateDir, clock: systemClock, command: 'test' });
  const writer = join(import.meta.dirname, 'peers/endless-run.ts');
  for (let each = 0; each < 6; each++) {
    const child = spawn(process.execPath, ['--conditions=@breakwater/source', writer, stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = await new Promise<number>((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        // A different point each time: after the first, the fourth, ... confirmed entry.
        if (text.split('\n').length - 1 >= 1 + each * 3) child.kill('SIGKILL');
      });
      child.once('close', () => resolve(text.split('\n').length - 1));
    });
    const [summary] = await store.list({ hostId: 'local', limit: 1 });
    expect(summary).toMatchObject({ end: null });
    const runId = summary?.runId ?? '';
    const found = (await store.read(runId))?.journal ?? [];
    // Every entry that was confirmed is there.
    expect(found.length).toBeGreaterThanOrEqual(lines);
    const resumed = await store.reopen(runId, 'resume');
    expect(resumed.journal).toEqual(found);
    await resumed.finish({ end: 'interrupted', endedAtMs: 1, steps: [] });
  }
  await store.close();
  rmSync(stateDir, { recursive: true });
});
