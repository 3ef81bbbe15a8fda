import { type ServerLimits, serverResilienceSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { LIMIT_PRESETS } from './limit-presets.ts';
import { parseControls } from './server-controls.ts';
import { createFigures } from './testing/fake-links.ts';
import { createFacts, createFleetBed, createRecord, type FleetBed, loaded, startWith } from './testing/fleet-bed.ts';

const MINUTE_MS = 60_000;
const by = (forMs: number | null = 15 * MINUTE_MS) => ({ actor: 'ann', forMs });
const journalOf = ({ operations }: FleetBed) => [...operations.entries.values()];

describe('isolating a server', () => {
  it('is written down before it happens, shows who and until when, and ends by itself', async () => {
    const bed = await startWith([createFacts('1')]);
    const { fleet, id, link, clock, settle } = bed;
    await fleet.protection.isolate(id, { ...by(), reason: 'firmware' });
    expect(link(id).calls).toContain(`isolate ${15 * MINUTE_MS}`);
    const row = serverResilienceSchema.parse(fleet.protection.server(id));
    expect(row.breaker).toMatchObject({
      state: 'open',
      isolated: { actor: 'ann', reason: 'firmware', until: expect.stringMatching(/^2026/) },
    });
    expect(row.alerts.map(({ kind }) => kind)).toEqual(['breaker_open']);
    expect(fleet.server(id)).toMatchObject({
      state: 'unreachable',
      problem_code: 'FLEET_SERVER_ISOLATED',
      retry_at: expect.stringContaining('T00:15:00'),
    });
    expect(journalOf(bed)).toMatchObject([
      {
        kind: 'breaker.isolate',
        actor: 'ann',
        state: 'succeeded',
        server_id: id,
        details: {
          server_name: id,
          reason: 'firmware',
          before: { breaker: 'closed', isolation: null },
          after: { isolation: { actor: 'ann' } },
        },
      },
    ]);
    await clock.advance(15 * MINUTE_MS);
    await settle();
    expect(fleet.protection.server(id).breaker.isolated).toBeNull();
    expect(journalOf(bed).at(-1)).toMatchObject({ kind: 'breaker.end_isolation', actor: 'breakwater', state: 'succeeded' });
    expect(bed.controls.saved.get(id)?.isolation).toBeNull();
  });

  it('outlives a restart for the rest of its time, and not longer', async () => {
    const before = await startWith([createFacts('1')]);
    await before.fleet.protection.isolate(before.id, { ...by(), reason: null });
    await before.fleet.stop();
    await before.clock.advance(5 * MINUTE_MS);
    const bed = createFleetBed({ from: before });
    await bed.fleet.start();
    expect(bed.link(before.id).calls).toContain(`isolate ${10 * MINUTE_MS}`);
    await bed.fleet.stop();
    await bed.clock.advance(11 * MINUTE_MS);
    const last = createFleetBed({ from: before });
    await last.fleet.start();
    await last.settle();
    expect(last.link(before.id).calls.filter((call) => call.startsWith('isolate'))).toEqual([]);
    expect(last.fleet.protection.server(before.id).breaker.isolated).toBeNull();
  });

  it('ends when the breaker is reset, by this door or the documents', async () => {
    const { fleet, id, link } = await startWith([]);
    await fleet.protection.isolate(id, { ...by(null), reason: null });
    expect(fleet.protection.server(id).breaker.isolated?.until).toBeNull();
    await fleet.protection.reset(undefined, { actor: 'bob' });
    expect(link(id).calls).toContain('resetBreaker');
    expect(fleet.protection.server(id).breaker).toMatchObject({ state: 'closed', isolated: null });
    await fleet.protection.isolate(id, { ...by(), reason: null });
    await fleet.retryServer(id, { actor: 'bob' });
    expect(fleet.protection.server(id).breaker.isolated).toBeNull();
  });

  it('does not happen when it cannot be written down', async () => {
    const { fleet, id, link, operations, controls } = await startWith([]);
    operations.failure = new Error('disk full');
    await expect(fleet.protection.isolate(id, { ...by(), reason: null })).rejects.toMatchObject({ code: 'FLEET_JOURNAL_FAILED' });
    operations.failure = null;
    controls.failure = new Error('disk full');
    await expect(fleet.protection.isolate(id, { ...by(), reason: null })).rejects.toThrow('disk full');
    expect(link(id).calls).not.toContain(`isolate ${15 * MINUTE_MS}`);
    expect([...operations.entries.values()].at(-1)).toMatchObject({ state: 'failed', error_code: 'FLEET_CONTROL_FAILED' });
  });
});

describe('resetting all', () => {
  it.each([
    ['that is well is left alone', createFigures(), false],
    ['that was only slowed is asked at its old pace again', createFigures({ delayMs: 4_000 }), true],
    ['whose breaker is open is asked again', createFigures({ breaker: { ...createFigures().breaker, state: 'open' } }), true],
  ])('a server %s', async (_name, figures, isReset) => {
    const bed = await startWith([]);
    const { fleet, id, link } = bed;
    link(id).current = figures;
    await fleet.protection.reset(undefined, { actor: 'ann' });
    expect(link(id).calls.includes('resetBreaker')).toBe(isReset);
    expect(journalOf(bed).filter(({ kind }) => kind === 'breaker.reset')).toHaveLength(isReset ? 1 : 0);
  });
});

describe('tripping', () => {
  it('opens the breaker as failures would, and is refused where nothing is talked to', async () => {
    const { fleet, id, link } = await startWith([]);
    await fleet.protection.trip(id, { actor: 'ann', reason: null });
    expect(link(id).calls).toContain('tripBreaker');
    expect(fleet.protection.server(id).breaker).toMatchObject({ state: 'open', isolated: null });
    await fleet.updateServer(id, { paused: true });
    await expect(fleet.protection.trip(id, { actor: 'ann', reason: null })).rejects.toMatchObject({ code: 'FLEET_SERVER_PAUSED' });
    await expect(fleet.protection.trip(toServerId('zzz'), { actor: 'ann', reason: null })).rejects.toMatchObject({
      code: 'FLEET_SERVER_UNKNOWN',
    });
  });
});

describe('pausing', () => {
  it('reads nothing by itself while people may still act, then begins with everything', async () => {
    const { fleet, id, link, clock, settle } = await startWith([createFacts('1')]);
    fleet.setVisible('viewer', []);
    await fleet.protection.pausePolling(id, by());
    await settle();
    const { gaugeReads } = link(id);
    link(id).emit(loaded([createFacts('1'), createFacts('2')]));
    await clock.advance(10 * MINUTE_MS);
    expect(link(id).gaugeReads).toBe(gaugeReads);
    expect(fleet.machines()).toHaveLength(1);
    expect(fleet.server(id)).toMatchObject({ state: 'paused', paused: false, polling_paused: true, problem_code: null });
    expect(fleet.machineList(id).cache_age).toBeGreaterThan(599);
    expect(fleet.protection.server(id).alerts).toEqual([]);
    await fleet.power({ serverId: id, moid: createFacts('1').moid }, 'reset', { actor: 'ann' });
    await settle();
    expect(link(id).acts).toHaveLength(1);
    const follows = link(id).calls.filter((call) => call === 'follow').length;
    await clock.advance(5 * MINUTE_MS);
    expect(link(id).calls.filter((call) => call === 'follow')).toHaveLength(follows + 1);
    expect(link(id).calls.slice(-2)).toEqual(['invalidate', 'follow']);
    await settle();
    expect(fleet.machines()).toHaveLength(2);
    expect(fleet.server(id).state).toBe('live');
    expect(link(id).gaugeReads).toBeGreaterThan(gaugeReads);
  });

  it('can be ended and begun again at once', async () => {
    const { fleet, id, link, settle } = await startWith([createFacts('1')]);
    for (let turn = 0; turn < 3; turn++) {
      await fleet.protection.pausePolling(id, by(null));
      await fleet.protection.resumePolling(id, { actor: 'ann' });
    }
    link(id).emit(loaded([createFacts('2')]));
    await settle();
    expect(fleet.machines().map(({ moid }) => moid)).toEqual(['2']);
    expect(fleet.server(id).polling_paused).toBe(false);
  });
});

describe('limits', () => {
  it('of a preset hold for the link and its ages, and go back when their time is over', async () => {
    const { fleet, id, link, clock, settle } = await startWith([createFacts('1')]);
    await fleet.protection.setLimits(id, { preset: 'faster' }, by(MINUTE_MS));
    expect(link(id).limits.at(-1)).toEqual({ maxConcurrent: 8, minIntervalMs: 50, failureThreshold: 3, requestTimeoutMs: 10_000 });
    expect(fleet.protection.server(id).limits).toMatchObject({ origin: 'faster', values: LIMIT_PRESETS.faster, hand: { actor: 'ann' } });
    await clock.advance(MINUTE_MS);
    await settle();
    expect(link(id).limits.at(-1)).toEqual({ maxConcurrent: 4, minIntervalMs: 150, failureThreshold: 5, requestTimeoutMs: 30_000 });
    expect(fleet.protection.server(id).limits).toMatchObject({ origin: 'configured', hand: null });
  });

  it('of numbers add to what holds, and are refused outside their ranges without a trace', async () => {
    const bed = await startWith([]);
    const { fleet, id } = bed;
    await fleet.protection.setLimits(id, { preset: 'stabler' }, by(null));
    await fleet.protection.setLimits(id, { limits: { max_concurrent: 2 } }, by());
    expect(fleet.protection.server(id).limits).toMatchObject({ origin: 'numbers', values: { max_concurrent: 2, min_interval_ms: 200 } });
    expect(journalOf(bed).at(-1)?.details).toMatchObject({
      before: { limits: { origin: 'stabler', values: { max_concurrent: 3 } } },
      after: { limits: { origin: 'numbers', values: { max_concurrent: 2 } } },
    });
    const count = journalOf(bed).length;
    const tooMany = { max_concurrent: 1_000 } as Partial<ServerLimits>;
    await expect(fleet.protection.setLimits(id, { limits: tooMany }, by())).rejects.toMatchObject({ code: 'FLEET_LIMITS_INVALID' });
    expect(journalOf(bed)).toHaveLength(count);
    await fleet.protection.revertLimits(id, { actor: 'bob' });
    expect(fleet.protection.server(id).limits.origin).toBe('configured');
  });

  it('set again while they run end at the later time only', async () => {
    const { fleet, id, clock, settle } = await startWith([]);
    await fleet.protection.setLimits(id, { preset: 'small' }, by(MINUTE_MS));
    await clock.advance(MINUTE_MS / 2);
    await fleet.protection.setLimits(id, { preset: 'large' }, by(MINUTE_MS));
    await clock.advance(MINUTE_MS / 2);
    await settle();
    expect(fleet.protection.server(id).limits.origin).toBe('large');
    await clock.advance(MINUTE_MS / 2);
    await settle();
    expect(fleet.protection.server(id).limits.origin).toBe('configured');
  });

  it('that are set anew while their end waits for its turn stay, and nothing is written about an end', async () => {
    const { fleet, id, clock, controls, operations, settle } = await startWith([]);
    await fleet.protection.setLimits(id, { preset: 'small' }, by(MINUTE_MS));
    const { promise, resolve } = Promise.withResolvers<void>();
    const save = controls.save.bind(controls);
    controls.save = async (...entry) => {
      await promise;
      await save(...entry);
    };
    await clock.advance(MINUTE_MS - 1);
    const anew = fleet.protection.setLimits(id, { preset: 'large' }, by(MINUTE_MS));
    await clock.advance(1);
    resolve();
    await anew;
    await settle();
    expect(fleet.protection.server(id).limits.origin).toBe('large');
    expect([...operations.entries.values()].map(({ kind }) => kind)).toEqual(['limits.set', 'limits.set']);
  });

  it('of time change when lists count as stale, for that server alone', async () => {
    const { fleet, clock, link } = createFleetBed({ records: [createRecord('a'), createRecord('b')] });
    await fleet.start();
    for (const id of ['a', 'b']) link(id).emit(loaded([createFacts('1')]));
    await clock.advance(0);
    await fleet.protection.setLimits(toServerId('a'), { limits: { list_ttl_ms: 600_000 } }, by());
    await clock.advance(90_000);
    expect(fleet.machineList(toServerId('a')).stale).toBe(false);
    expect(fleet.machineList(toServerId('b')).stale).toBe(true);
  });

  it('go back even when the journal cannot be written then', async () => {
    const { fleet, id, link, clock, operations } = await startWith([]);
    await fleet.protection.setLimits(id, { preset: 'small' }, by(MINUTE_MS));
    operations.failure = new Error('disk full');
    await clock.advance(MINUTE_MS);
    expect(fleet.protection.server(id).limits.origin).toBe('configured');
    expect(link(id).limits.at(-1)?.maxConcurrent).toBe(4);
  });
});

describe('what was kept', () => {
  it('is read back as it was, and dropped when it is anything else', () => {
    const hand = { actor: 'ann', sinceWallMs: 1, untilWallMs: null };
    const whole = { isolation: { ...hand, reason: 'x' }, polling: hand, limits: { ...hand, origin: 'small', values: LIMIT_PRESETS.small } };
    expect(parseControls(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
    for (const wrong of [null, 7, {}, { ...whole, polling: { actor: 1 } }, { ...whole, limits: { ...whole.limits, origin: 'x' } }]) {
      expect(parseControls(wrong)).toBeNull();
    }
    expect(parseControls({ ...whole, limits: { ...whole.limits, values: { ...LIMIT_PRESETS.small, max_concurrent: 999 } } })).toBeNull();
  });

  it('about figures comes back with the next process, and a broken disk costs only the charts', async () => {
    const before = await startWith([createFacts('1')]);
    await before.clock.advance(60_000);
    await before.fleet.stop();
    const bed = createFleetBed({ from: before });
    await bed.fleet.start();
    expect(bed.fleet.protection.history(before.id, '1h').at_ms).toHaveLength(6);
    await bed.fleet.stop();
    before.histories.failure = new Error('corrupt');
    const last = createFleetBed({ from: before });
    await last.fleet.start();
    expect(last.fleet.protection.history(before.id, '1h').at_ms).toEqual([]);
  });
});
