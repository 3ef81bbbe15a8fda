import type { DeadLetterView } from '@breakwater/contract';
import { OpsError, toMoid, toOperationId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { ActOutcome } from './ports/server-link.ts';
import type { RetryRequest } from './retry-desk.ts';
import { createFacts, createFleetBed, createRecord, type FleetBed, LineLogger, loaded, startWith } from './testing/fleet-bed.ts';

const moid = toMoid('1');
const LOST: ActOutcome = { kind: 'unknown', code: 'TRANSPORT_RESET', message: 'The connection was reset.' };
const NOT_SENT: ActOutcome = { kind: 'failed', code: 'RESILIENCE_CIRCUIT_OPEN', message: 'open', cause: 'transient' };
const REFUSED: ActOutcome = { kind: 'failed', code: 'VSPHERE_NO_PERMISSION', message: 'no' };
const SUCCEEDED: ActOutcome = { kind: 'succeeded' };

const ask = (change: Partial<RetryRequest> = {}): RetryRequest => ({
  actor: 'bob',
  repetition: 'refused',
  signal: new AbortController().signal,
  ...change,
});

const lettersOf = async ({ fleet }: Pick<FleetBed, 'fleet'>): Promise<readonly DeadLetterView[]> =>
  (await fleet.failedOperations({ limit: 100 })).dead_letters;

type Started = Awaited<ReturnType<typeof startWith>>;

/** Asks for the verb and lets it end that way. */
async function act(bed: Started, outcome: ActOutcome, verb: 'power_on' | 'power_off' | 'reset' = 'power_off'): Promise<string> {
  bed.link(bed.id).act = async () => outcome;
  const { id } = await bed.fleet.power({ serverId: bed.id, moid }, verb, { actor: 'ann' });
  await bed.settle();
  return id;
}

async function only(bed: Started): Promise<DeadLetterView> {
  const [letter, ...rest] = await lettersOf(bed);
  if (letter === undefined || rest.length > 0)
    throw new Error(`there is not one letter but ${rest.length + (letter === undefined ? 0 : 1)}`);
  return letter;
}

describe('an operation that was lost', () => {
  it.each([
    ['unknown', LOST],
    ['failed', NOT_SENT],
  ] as const)('with %s outcome is kept with who, what and why, and told', async (outcome, end) => {
    const bed = await startWith([createFacts('1')]);
    const operationId = await act(bed, end);
    const letter = await only(bed);
    expect(letter).toMatchObject({
      server_id: bed.id,
      moid: '1',
      machine_name: 'machine 1',
      verb: 'power_off',
      actor: 'ann',
      outcome,
      is_provable: true,
      error_code: 'code' in end ? end.code : '',
      attempts: 1,
      operation_id: operationId,
    });
    expect(bed.events).toContainEqual({ kind: 'dead-letter.changed', letter });
  });

  it('for a reason that would come again is not kept: the journal says it', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, REFUSED);
    await act(bed, SUCCEEDED);
    expect(await lettersOf(bed)).toEqual([]);
  });

  it('is one loss, however often it is asked for, and is over when it succeeds at last', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    const second = await act(bed, NOT_SENT);
    const letter = await only(bed);
    // The first one may still have happened.
    expect(letter).toMatchObject({ attempts: 2, outcome: 'unknown', error_code: 'RESILIENCE_CIRCUIT_OPEN', operation_id: second });
    await act(bed, REFUSED);
    expect(await only(bed)).toMatchObject({ id: letter.id, attempts: 3, error_code: 'VSPHERE_NO_PERMISSION' });
    await act(bed, SUCCEEDED);
    expect(await lettersOf(bed)).toEqual([]);
    expect(bed.events).toContainEqual({ kind: 'dead-letter.removed', id: letter.id });
  });

  it('is over when the inventory proves that it has happened', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    bed.link(bed.id).emit(loaded([createFacts('1', { powerState: 'poweredOff' })]));
    await bed.settle();
    expect(await lettersOf(bed)).toEqual([]);
  });

  it('survives a restart, and what a killed process left is added', async () => {
    const before = await startWith([createFacts('1')]);
    await act(before, LOST);
    const kept = await only(before);
    const at = kept.created_at;
    const rest = {
      progress_percent: null,
      error_code: null,
      error: null,
      created_at: at,
      updated_at: at,
      actor: 'ann',
      server_id: before.id,
      details: null,
    };
    before.operations.entries.set('r', { id: 'r', kind: 'machine.reset', moid: '2', machine_name: 'b', state: 'running', ...rest });
    before.operations.entries.set('q', { id: 'q', kind: 'machine.suspend', moid: '3', machine_name: 'c', state: 'queued', ...rest });
    const after = createFleetBed({ from: before });
    await after.fleet.start();
    await after.settle();
    const letters = await lettersOf(after);
    expect(letters).toContainEqual(kept);
    expect(Object.fromEntries(letters.map(({ moid: id, outcome, error_code: code }) => [id, `${outcome} ${code}`]))).toEqual({
      1: 'unknown TRANSPORT_RESET',
      2: 'unknown FLEET_OPERATION_INTERRUPTED',
      3: 'failed FLEET_OPERATION_NOT_BEGUN',
    });
    await after.fleet.stop();
  });

  it('does not stop the act when it cannot be kept; the log says so', async () => {
    const logger = new LineLogger();
    const bed = await startWith([createFacts('1')], { logger });
    bed.deadLetters.put = () => Promise.reject(new Error('disk full'));
    const id = await act(bed, LOST);
    expect(await bed.fleet.operation(toOperationId(id))).toMatchObject({ state: 'unknown' });
    expect(logger.lines).toContain('A failed operation could not be put among the failed ones; the journal has it');
  });
});

describe('doing it again', () => {
  it('asks the machine first, then sends it once, and the letter is gone', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    const { id } = await only(bed);
    const link = bed.link(bed.id);
    link.act = async () => SUCCEEDED;
    link.powerState = async () => 'poweredOn';
    link.acts.length = 0;
    const retried = await bed.fleet.retryFailedOperation(id, ask());
    await bed.settle();
    expect(link.calls.filter((call) => call === 'readPowerState')).toHaveLength(1);
    expect(link.acts).toHaveLength(1);
    expect(retried).toMatchObject({ outcome: 'begun', operation: { kind: 'machine.power_off', actor: 'bob' } });
    expect(await lettersOf(bed)).toEqual([]);
  });

  it('sends nothing when the machine is already as wanted, and writes that down', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    const link = bed.link(bed.id);
    link.acts.length = 0;
    link.powerState = async () => 'poweredOff';
    expect(await bed.fleet.retryFailedOperation((await only(bed)).id, ask())).toEqual({ outcome: 'already_done' });
    await bed.settle();
    expect(link.acts).toHaveLength(0);
    expect(await lettersOf(bed)).toEqual([]);
    const [entry] = await bed.fleet.operations({ limit: 1 });
    expect(entry).toMatchObject({ kind: 'dead_letter.settled', actor: 'bob', state: 'succeeded', machine_name: 'machine 1' });
  });

  it('believes the server and not what is remembered of the machine', async () => {
    const bed = await startWith([createFacts('1', { powerState: 'poweredOff' })]);
    await act(bed, NOT_SENT, 'power_on');
    bed.link(bed.id).emit({ kind: 'changed', upserted: [createFacts('1')], removed: [] });
    await bed.settle();
    bed.link(bed.id).act = async () => SUCCEEDED;
    // Remembered as on, which would refuse "power on".
    expect(await bed.fleet.retryFailedOperation((await only(bed)).id, ask())).toMatchObject({ outcome: 'begun' });
  });

  it('leaves the letter as it is when the machine cannot be asked', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    const letter = await only(bed);
    const link = bed.link(bed.id);
    link.acts.length = 0;
    link.powerState = () => Promise.reject(new OpsError({ code: 'TRANSPORT_TIMEOUT', message: 'silent' }));
    await expect(bed.fleet.retryFailedOperation(letter.id, ask())).rejects.toMatchObject({ code: 'TRANSPORT_TIMEOUT' });
    expect(link.acts).toHaveLength(0);
    expect(await only(bed)).toEqual(letter);
  });

  it('of what nothing can prove needs a person who accepts that it may happen twice', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST, 'reset');
    const letter = await only(bed);
    expect(letter.is_provable).toBe(false);
    const link = bed.link(bed.id);
    link.acts.length = 0;
    link.powerState = async () => 'poweredOn';
    await expect(bed.fleet.retryFailedOperation(letter.id, ask())).rejects.toMatchObject({ code: 'FLEET_REPETITION_NOT_ACCEPTED' });
    expect(link.acts).toHaveLength(0);
    expect(await bed.fleet.retryFailedOperation(letter.id, ask({ repetition: 'accepted' }))).toMatchObject({ outcome: 'begun' });
    await bed.settle();
    expect(link.acts).toHaveLength(1);
  });

  it('keeps the letter with the new reason when it fails again, and is refused while it runs', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, NOT_SENT);
    const { id } = await only(bed);
    const link = bed.link(bed.id);
    link.powerState = async () => 'poweredOn';
    const { promise, resolve } = Promise.withResolvers<ActOutcome>();
    link.act = () => promise;
    await bed.fleet.retryFailedOperation(id, ask());
    await expect(bed.fleet.retryFailedOperation(id, ask())).rejects.toMatchObject({
      code: 'FLEET_POWER_REFUSED',
      details: { reason: 'busy' },
    });
    resolve(LOST);
    await bed.settle();
    expect(await only(bed)).toMatchObject({ id, attempts: 2, outcome: 'unknown', error_code: 'TRANSPORT_RESET', actor: 'ann' });
  });

  it('says by code that there is no such letter, or that its server is paused', async () => {
    const bed = await startWith([createFacts('1')]);
    await expect(bed.fleet.retryFailedOperation('x', ask())).rejects.toMatchObject({ code: 'FLEET_DEAD_LETTER_UNKNOWN' });
    await act(bed, LOST);
    await bed.fleet.updateServer(bed.id, { paused: true });
    await expect(bed.fleet.retryFailedOperation((await only(bed)).id, ask())).rejects.toMatchObject({ code: 'FLEET_SERVER_PAUSED' });
  });
});

describe('giving it up', () => {
  it('needs a reason, which the journal keeps', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    const { id } = await only(bed);
    await bed.fleet.discardFailedOperation(id, { actor: 'bob', reason: 'done by hand' });
    expect(await lettersOf(bed)).toEqual([]);
    expect(bed.events).toContainEqual({ kind: 'dead-letter.removed', id });
    const [entry] = await bed.fleet.operations({ limit: 1 });
    expect(entry).toMatchObject({ kind: 'dead_letter.discarded', actor: 'bob', error: 'done by hand', moid: '1', server_id: bed.id });
    await expect(bed.fleet.discardFailedOperation(id, { actor: 'bob', reason: 'again' })).rejects.toMatchObject({
      code: 'FLEET_DEAD_LETTER_UNKNOWN',
    });
  });

  it('does not happen when the journal cannot be written', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    bed.operations.failure = new Error('disk full');
    await expect(bed.fleet.discardFailedOperation((await only(bed)).id, { actor: 'bob', reason: 'x' })).rejects.toThrow('disk full');
    expect(await lettersOf(bed)).toHaveLength(1);
  });

  it('comes with the removal of the server', async () => {
    const bed = await startWith([createFacts('1')]);
    await act(bed, LOST);
    await bed.fleet.removeServer(bed.id);
    await bed.settle();
    expect(await lettersOf(bed)).toEqual([]);
  });
});

describe('what is kept', () => {
  it('is bounded in number: the oldest goes for the newest, and the log says so', async () => {
    const logger = new LineLogger();
    const machines = ['1', '2', '3'].map((id) => createFacts(id));
    const bed = await startWith(machines, { logger, options: { failedOperationsMax: 2 } });
    bed.link(bed.id).act = async () => LOST;
    for (const machine of machines) {
      await bed.fleet.power({ serverId: bed.id, moid: machine.moid }, 'power_off', { actor: 'ann' });
      await bed.clock.advance(1_000);
    }
    expect((await lettersOf(bed)).map((letter) => letter.moid)).toEqual(['3', '2']);
    expect((await bed.fleet.failedOperations({ limit: 1 })).total).toBe(2);
    expect(logger.lines).toContain('A failed operation is no longer kept, because there are too many');
  });

  it('is bounded in age, while the program runs and when it starts', async () => {
    const options = { failedOperationsMaxAgeMs: 7_200_000 };
    const bed = await startWith([createFacts('1')], { options });
    await act(bed, LOST);
    await bed.clock.advance(3_700_000);
    expect(await lettersOf(bed)).toHaveLength(1);
    await bed.clock.advance(7_200_000);
    expect(await lettersOf(bed)).toEqual([]);
    await act(bed, LOST);
    await bed.fleet.stop();
    await bed.clock.advance(8_000_000);
    const after = createFleetBed({ from: bed, options, records: [createRecord(bed.id)] });
    await after.fleet.start();
    await after.settle();
    expect(await lettersOf(after)).toEqual([]);
    await after.fleet.stop();
  });
});
