import { toMoid, toOperationId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createFacts, createFleetBed, startWith } from './testing/fleet-bed.ts';

const moid = toMoid('1');

describe('an act that is done elsewhere', () => {
  it('is an operation like any other: written first, told while it goes on, and found by its machine', async () => {
    const { fleet, operations, events, id } = await startWith([createFacts('1', {})]);
    const act = { kind: 'host.apply', machine: { serverId: id, moid, name: 'web' }, actor: 'anna', details: { phase: 'waiting' } } as const;
    const begun = await fleet.journal.begin(act);
    expect(operations.entries.get(begun.id)).toMatchObject({ state: 'queued', machine_name: 'web', details: { phase: 'waiting' } });
    const running = await fleet.journal.run(begun);
    const half = fleet.journal.progress(running, { percent: 50, details: { phase: 'working' } });
    expect(await fleet.operation(toOperationId(begun.id))).toMatchObject({ progress_percent: 50, details: { phase: 'working' } });
    await fleet.journal.end(half, { state: 'failed', errorCode: 'HOST_SETUP_FAILED', error: 'No.' });
    expect(await fleet.operations({ limit: 9, serverId: id, moid })).toMatchObject([
      { state: 'failed', error_code: 'HOST_SETUP_FAILED', error: 'No.', details: { phase: 'working' } },
    ]);
    expect(events.flatMap((event) => (event.kind === 'operation.progressed' ? [event.operation.state] : []))).toEqual([
      'queued',
      'running',
      'running',
      'failed',
    ]);
  });

  it('that a killed process has left is settled by who did it, not as an act of power', async () => {
    const first = await startWith([createFacts('1', {})]);
    const machine = { serverId: first.id, moid, name: 'web' };
    const begun = await first.fleet.journal.begin({ kind: 'host.apply', machine, actor: 'anna', details: {} });
    await first.fleet.journal.run(begun);
    const second = createFleetBed({ from: first });
    await second.fleet.start();
    expect(await second.fleet.journal.listUnfinished()).toMatchObject([{ id: begun.id, state: 'running' }]);
    expect(second.operations.entries.get(begun.id)?.state).toBe('running');
    await second.fleet.stop();
  });

  it('is not begun when it cannot be written down', async () => {
    const { fleet, operations } = await startWith([]);
    operations.failure = new Error('The disk is full.');
    const begun = fleet.journal.begin({ kind: 'host.plan', machine: null, actor: 'anna', details: {} });
    await expect(begun).rejects.toMatchObject({ code: 'FLEET_JOURNAL_FAILED' });
  });
});
