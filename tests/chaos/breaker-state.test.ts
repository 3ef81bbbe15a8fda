import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@breakwater/kernel';
import { createKeptBreakers, type KeptBreakers } from '@breakwater/resilience';
import { type BreakerState, openBreakerState } from '@breakwater/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../e2e/support/child.ts';
import { type StateProcess, startStateProcesses } from './support/state-processes.ts';

const COUNT = 8;

let folder: string;
let path: string;
let state: BreakerState;
let breakers: KeptBreakers;
let processes: readonly StateProcess[];

const look = (): { readonly state: BreakerState; readonly breakers: KeptBreakers } => {
  const opened = openBreakerState({ path, logger: silentLogger, clock: systemClock });
  return { state: opened, breakers: createKeptBreakers({ ...opened, spec: { failures: 3, openMs: 60_000, successes: 1 } }) };
};
const find = (from: KeptBreakers, service: string) => from.status().find((each) => each.service === service);
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

// Each step goes on where the one before it has left the file: processes are dear.
describe('eight processes at one state of breakers', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'breakwater-state-'));
    path = join(folder, 'state.db');
    ({ state, breakers } = look());
    processes = await startStateProcesses(COUNT, path);
  });

  afterAll(async () => {
    for (const each of processes) await each.kill();
    state.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lose none of 800 updates', async () => {
    for (const each of processes) each.tell('count');
    await eventually(() => processes.every(({ said }) => said().includes('counted')), { what: 'all have counted', timeoutMs: 60_000 });
    expect(find(breakers, 'github')?.totals.calls).toBe(COUNT * 100);
  });

  it('send one probe, and the next one as soon as the prober is gone', async () => {
    breakers.trip('github', { who: 'test', reason: 'drill', forMs: 1 });
    await wait(20);
    for (const each of processes) each.tell('probe');
    await eventually(() => processes.every(({ said }) => /probing|turned away/.test(said())), { what: 'all have asked' });
    const probers = processes.filter(({ said }) => said().includes('probing'));
    expect(probers).toHaveLength(1);
    expect(find(breakers, 'github')?.state).toBe('probe-running');
    await probers[0]?.kill();
    expect(find(breakers, 'github')?.state).toBe('probe-due');
    expect(breakers.admit('github', { operationMs: 1_000 })).toMatchObject({ kind: 'admitted', isProbe: true });
  });

  it('leave a file that can be read and written after every kill in the middle of writing', async () => {
    const rest = processes.filter(({ said }) => said().includes('turned away'));
    for (const each of rest) each.tell('write');
    await eventually(() => rest.every(({ said }) => said().includes('writing')), { what: 'all write' });
    let calls = 0;
    for (const [round, each] of rest.entries()) {
      await wait(50 + round * 7);
      await each.kill();
      const seen = look();
      const { totals } = find(seen.breakers, 'docker_hub') ?? {};
      expect(totals?.calls).toBeGreaterThanOrEqual(calls);
      calls = totals?.calls ?? 0;
      seen.breakers.reset('github', { who: 'test', reason: `round ${round}` });
      expect(seen.state.kept).toBe('file');
      seen.state.close();
    }
    expect(rest).toHaveLength(COUNT - 1);
    expect(calls).toBeGreaterThan(100);
    expect(readdirSync(folder).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});
