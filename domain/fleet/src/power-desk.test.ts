import { toMoid, toOperationId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { ActOutcome } from './ports/server-link.ts';
import { createFacts, createFleetBed, createRecord, loaded, startWith } from './testing/fleet-bed.ts';

const moid = toMoid('1');
const actor = 'ann';
const off = createFacts('1', { powerState: 'poweredOff' });

describe('power', () => {
  it('writes the journal before it acts, then tells progress and success', async () => {
    const { fleet, link, operations, events, settle, id } = await startWith([off]);
    const { promise, resolve } = Promise.withResolvers<ActOutcome>();
    let journalAtAct: string | undefined;
    link(id).act = () => {
      journalAtAct = [...operations.entries.values()][0]?.state;
      return promise;
    };
    const operation = await fleet.power({ serverId: id, moid }, 'power_on', { actor });
    expect(operation).toMatchObject({
      state: 'queued',
      kind: 'machine.power_on',
      actor,
      machine_name: 'machine 1',
      server_id: id,
      moid: '1',
    });
    await settle();
    expect(journalAtAct).toBe('running');
    link(id).acts[0]?.report({ percent: 40 });
    expect(await fleet.operation(toOperationId(operation.id))).toMatchObject({ state: 'running', progress_percent: 40 });
    resolve({ kind: 'succeeded' });
    await settle();
    expect(await fleet.operation(toOperationId(operation.id))).toMatchObject({ state: 'succeeded', progress_percent: 100, error: null });
    expect(operations.entries.get(operation.id)?.state).toBe('succeeded');
    const states = events.flatMap((event) => (event.kind === 'operation.progressed' ? [event.operation.state] : []));
    expect(states).toEqual(['queued', 'running', 'running', 'succeeded']);
  });

  it.each([
    ['failed', { kind: 'failed', code: 'VSPHERE_FILE_LOCKED', message: 'File is locked.' }],
    ['unknown', { kind: 'unknown', code: 'VSPHERE_ANSWER_LOST', message: 'The answer was lost.' }],
  ] as const)('ends as %s with the reason, and is not repeated', async (state, outcome) => {
    const { fleet, link, clock, id } = await startWith([off]);
    link(id).act = async () => outcome;
    const { id: operationId } = await fleet.power({ serverId: id, moid }, 'power_on', { actor });
    await clock.advance(600_000);
    expect(await fleet.operation(toOperationId(operationId))).toMatchObject({ state, error_code: outcome.code, error: outcome.message });
    expect(link(id).acts).toHaveLength(1);
  });

  it('takes a thrown error for an unknown outcome, and a later inventory for the proof of success', async () => {
    const { fleet, link, settle, id } = await startWith([off]);
    link(id).act = async () => {
      throw new Error('socket hang up');
    };
    const { id: operationId } = await fleet.power({ serverId: id, moid }, 'power_on', { actor });
    await settle();
    expect(await fleet.operation(toOperationId(operationId))).toMatchObject({ state: 'unknown', error_code: 'FLEET_POWER_FAILED' });
    link(id).emit(loaded([createFacts('1')]));
    await settle();
    expect(await fleet.operation(toOperationId(operationId))).toMatchObject({ state: 'succeeded', error: null });
  });

  it('refuses what makes no sense, with the reason, before anything is written or sent', async () => {
    const facts = [
      createFacts('on', { tools: 'not_running' }),
      createFacts('off', { powerState: 'poweredOff' }),
      createFacts('suspended', { powerState: 'suspended' }),
      createFacts('template', { powerState: 'poweredOff', isTemplate: true }),
      createFacts('lost', { isAccessible: false }),
    ];
    const { fleet, link, operations, id } = await startWith(facts);
    const cases = [
      ['on', 'power_on', 'already'],
      ['off', 'power_off', 'already'],
      ['suspended', 'suspend', 'already'],
      ['off', 'reset', 'not-running'],
      ['suspended', 'shut_down_guest', 'not-running'],
      ['on', 'shut_down_guest', 'no-tools'],
      ['template', 'power_on', 'template'],
      ['lost', 'power_off', 'inaccessible'],
    ] as const;
    for (const [machine, verb, reason] of cases) {
      await expect(fleet.power({ serverId: id, moid: toMoid(machine) }, verb, { actor })).rejects.toMatchObject({
        code: 'FLEET_POWER_REFUSED',
        details: { reason, verb },
      });
    }
    await expect(fleet.power({ serverId: id, moid: toMoid('none') }, 'reset', { actor })).rejects.toMatchObject({
      code: 'FLEET_MACHINE_UNKNOWN',
    });
    expect(operations.entries.size).toBe(0);
    expect(link(id).acts).toHaveLength(0);
    await fleet.power({ serverId: id, moid: toMoid('suspended') }, 'power_off', { actor });
  });

  it('refuses a second act on a machine while one runs', async () => {
    const { fleet, link, id } = await startWith([createFacts('1')]);
    link(id).act = () => new Promise(() => undefined);
    const ref = { serverId: id, moid };
    const [first, second] = await Promise.allSettled([fleet.power(ref, 'reset', { actor }), fleet.power(ref, 'reset', { actor })]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'FLEET_POWER_REFUSED', details: { reason: 'busy' } } });
  });

  it('does not act when the journal cannot be written', async () => {
    const { fleet, link, operations, settle, id } = await startWith([off]);
    operations.failure = new Error('ENOSPC');
    await expect(fleet.power({ serverId: id, moid }, 'power_on', { actor })).rejects.toMatchObject({ code: 'FLEET_JOURNAL_FAILED' });
    await settle();
    expect(link(id).acts).toHaveLength(0);
    operations.failure = null;
    await fleet.power({ serverId: id, moid }, 'power_on', { actor });
    await settle();
    expect(link(id).acts).toHaveLength(1);
  });

  it('tells an outcome that cannot be written, keeps it, and writes it when the disk has room again', async () => {
    const { fleet, link, operations, clock, id } = await startWith([off]);
    link(id).act = async () => {
      operations.failure = new Error('ENOSPC');
      return { kind: 'succeeded' };
    };
    const { id: operationId } = await fleet.power({ serverId: id, moid }, 'power_on', { actor });
    await clock.advance(1_000);
    expect(operations.entries.get(operationId)?.state).toBe('running');
    expect((await fleet.operation(toOperationId(operationId))).state).toBe('succeeded');
    expect((await fleet.operations({ limit: 10 }))[0]?.state).toBe('succeeded');
    operations.failure = null;
    await clock.advance(30_000);
    expect(operations.entries.get(operationId)?.state).toBe('succeeded');
  });

  it('refuses on a paused or disabled server by code', async () => {
    const { fleet, id } = await startWith([off]);
    await fleet.updateServer(id, { paused: true });
    await expect(fleet.power({ serverId: id, moid }, 'power_on', { actor })).rejects.toMatchObject({ code: 'FLEET_SERVER_PAUSED' });
    await fleet.updateServer(id, { enabled: false });
    await expect(fleet.power({ serverId: id, moid }, 'power_on', { actor })).rejects.toMatchObject({ code: 'FLEET_SERVER_DISABLED' });
  });

  it('writes down as unknown what still runs when the program stops', async () => {
    const { fleet, link, operations, clock, id } = await startWith([off]);
    link(id).act = () => new Promise(() => undefined);
    const { id: operationId } = await fleet.power({ serverId: id, moid }, 'power_on', { actor });
    await clock.advance(0);
    const stopped = fleet.stop();
    await clock.advance(5_000);
    await stopped;
    expect(operations.entries.get(operationId)).toMatchObject({ state: 'unknown', error_code: 'FLEET_STOPPED' });
  });
});

describe('after a killed process', () => {
  async function restartWith(state: 'queued' | 'running', kind: string, found: ReturnType<typeof createFacts>) {
    const bed = createFleetBed({ records: [createRecord('a')] });
    const at = '2026-01-01T00:00:00.000Z';
    const entry = {
      id: 'op',
      kind,
      server_id: 'a',
      moid: '1',
      machine_name: 'machine 1',
      actor,
      state,
      progress_percent: null,
      error_code: null,
      error: null,
      details: null,
      created_at: at,
      updated_at: at,
    };
    bed.operations.entries.set('op', entry);
    await bed.fleet.start();
    const atStart = bed.operations.entries.get('op')?.state;
    bed.link('a').emit(loaded([found]));
    await bed.settle();
    expect(bed.link('a').acts).toHaveLength(0);
    return { atStart, later: bed.operations.entries.get('op') };
  }

  it('an act that was under way is unknown, and succeeded once the state read back proves it', async () => {
    const { atStart, later } = await restartWith('running', 'machine.power_on', createFacts('1'));
    expect(atStart).toBe('unknown');
    expect(later).toMatchObject({ state: 'succeeded', error_code: null });
  });

  it('stays unknown when the state proves nothing', async () => {
    expect((await restartWith('running', 'machine.power_on', off)).later).toMatchObject({
      state: 'unknown',
      error_code: 'FLEET_OPERATION_INTERRUPTED',
    });
    expect((await restartWith('running', 'machine.reset', createFacts('1'))).later).toMatchObject({ state: 'unknown' });
  });

  it('an act that had not been begun is canceled', async () => {
    expect((await restartWith('queued', 'machine.power_on', off)).later).toMatchObject({
      state: 'canceled',
      error_code: 'FLEET_OPERATION_NOT_BEGUN',
    });
  });
});
