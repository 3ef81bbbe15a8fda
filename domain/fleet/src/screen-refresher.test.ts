import { type Moid, OpsError, type ServerId, toMoid } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createFigures } from './testing/fake-links.ts';
import { createFacts, type FleetBed, type FleetBedOptions, LineLogger, startWith } from './testing/fleet-bed.ts';

const toPng = (text: string): Uint8Array => new TextEncoder().encode(text);

interface ScreenBed extends FleetBed {
  readonly id: ServerId;
  /** What each machine shows; missing: no picture; `error`: the host refuses. */
  readonly shows: Record<string, string>;
  readonly hash: (moid: string) => string | null;
}

async function startScreens(moids: readonly string[], options: FleetBedOptions = {}): Promise<ScreenBed> {
  const shows: Record<string, string> = {};
  const bed = await startWith([], options);
  const link = bed.link(bed.id);
  link.capture = async (moid: Moid) => {
    const text = shows[moid];
    if (text === 'error') throw new Error('503');
    return text === undefined ? null : { png: toPng(text) };
  };
  link.emit({ kind: 'changed', upserted: moids.map((moid) => createFacts(moid)), removed: [] });
  const ref = (moid: string) => ({ serverId: bed.id, moid: toMoid(moid) });
  return { ...bed, shows, hash: (moid) => bed.fleet.machine(ref(moid)).screen_hash };
}

const ref = (bed: ScreenBed, moid: string) => ({ serverId: bed.id, moid: toMoid(moid) });

describe('screens', () => {
  it('are taken of running machines only, two at a time, at the pace the limiter asks for', async () => {
    const bed = await startScreens(['1', '2', '3', '4', '5']);
    const link = bed.link(bed.id);
    link.emit({
      kind: 'changed',
      upserted: [
        createFacts('5', { powerState: 'poweredOff' }),
        createFacts('6', { isTemplate: true }),
        createFacts('7', { isAccessible: false }),
      ],
      removed: [],
    });
    for (const moid of ['1', '2', '3', '4', '5', '6', '7']) bed.shows[moid] = '10';
    link.current = createFigures({ delayMs: 4_000 });
    await bed.clock.advance(0);
    expect(link.captures.map(({ moid }) => moid)).toEqual(['1', '2']);
    await bed.clock.advance(3_999);
    expect(link.captures).toHaveLength(2);
    await bed.clock.advance(1);
    expect(link.captures.map(({ moid }) => moid)).toEqual(['1', '2', '3', '4']);
    await bed.clock.advance(60_000);
    expect(link.captures).toHaveLength(4);
    expect(link.captures.every(({ options }) => options.priority === 'low' && options.width === 400)).toBe(true);
  });

  it('never have more than a batch in flight, however long the server takes', async () => {
    const bed = await startScreens(['1', '2', '3', '4']);
    const link = bed.link(bed.id);
    link.capture = () => new Promise(() => undefined);
    await bed.clock.advance(600_000);
    expect(link.captures).toHaveLength(2);
  });

  it('of machines that somebody looks at come first, and with priority while there is no picture', async () => {
    const bed = await startScreens(['1', '2', '3', '4', '5', '6']);
    bed.fleet.setVisible('viewer', [ref(bed, '5'), ref(bed, '6')]);
    for (const moid of ['1', '2', '3', '4', '5', '6']) bed.shows[moid] = '10';
    await bed.clock.advance(0);
    const { captures } = bed.link(bed.id);
    expect(captures.map(({ moid, options }) => [moid, options.priority])).toEqual([
      ['5', 'high'],
      ['6', 'high'],
    ]);
    await bed.clock.advance(29_000);
    expect(captures).toHaveLength(6);
    await bed.clock.advance(5_000);
    expect(captures.slice(6).map(({ moid, options }) => [moid, options.priority])).toEqual([
      ['5', 'low'],
      ['6', 'low'],
    ]);
  });

  it('are taken again after their time to live while anybody is there, and rarely while nobody is', async () => {
    const bed = await startScreens(['1']);
    bed.shows['1'] = '10';
    await bed.clock.advance(400_000);
    expect(bed.link(bed.id).captures).toHaveLength(1);
    bed.fleet.setVisible('viewer', []);
    await bed.clock.advance(0);
    expect(bed.link(bed.id).captures).toHaveLength(2);
    await bed.clock.advance(240_000);
    expect(bed.link(bed.id).captures.length).toBeGreaterThanOrEqual(3);
  });

  it('are content-addressed: the same picture has one address, another picture another', async () => {
    const bed = await startScreens(['1', '2', '3']);
    Object.assign(bed.shows, { 1: '10 10', 2: '10 10', 3: '200 10' });
    await bed.clock.advance(5_000);
    expect(bed.hash('1')).toMatch(/^[0-9a-f]{32}$/);
    expect(bed.hash('2')).toBe(bed.hash('1'));
    expect(bed.hash('3')).not.toBe(bed.hash('1'));
    expect(bed.fleet.screenByHash(bed.hash('3') ?? '')?.bytes).toEqual(toPng('200 10'));
    expect(bed.fleet.screenHashes(bed.id)).toEqual({ 1: bed.hash('1'), 2: bed.hash('1'), 3: bed.hash('3') });
    expect(bed.fleet.screenByHash('0'.repeat(32))).toBeNull();
    expect(bed.fleet.queueStats().cache).toMatchObject({ thumbnail_count: 3, thumbnail_ttl: 120, hits: 1, misses: 1 });
  });

  it('keep the old picture, with its age, when a new one is broken or the server fails', async () => {
    const bed = await startScreens(['1'], { options: { visibleScreenIntervalMs: 10_000, thumbnailTtlMs: 40_000 } });
    bed.fleet.setVisible('viewer', [ref(bed, '1')]);
    bed.shows['1'] = '10';
    await bed.clock.advance(1_000);
    const hash = bed.hash('1');
    bed.shows['1'] = 'bad';
    await bed.clock.advance(20_000);
    expect(bed.hash('1')).toBe(hash);
    expect(bed.fleet.screen(ref(bed, '1'))?.isStale).toBe(false);
    bed.shows['1'] = 'error';
    await bed.clock.advance(30_000);
    expect(bed.hash('1')).toBe(hash);
    expect(bed.fleet.screen(ref(bed, '1'))).toMatchObject({ hash, isStale: true });
    expect(bed.fleet.machine(ref(bed, '1')).screen_problem).toBeNull();
    expect(bed.fleet.queueStats().thumbnail_refresh[bed.id]?.errors).toBeGreaterThanOrEqual(2);
  });

  it('that never came say why, and the machine is asked less and less often', async () => {
    const bed = await startScreens(['1'], { options: { visibleScreenIntervalMs: 10_000 } });
    bed.fleet.setVisible('viewer', [ref(bed, '1')]);
    bed.shows['1'] = 'bad';
    await bed.clock.advance(1_000);
    expect(bed.fleet.machine(ref(bed, '1'))).toMatchObject({ screen_hash: null, screen_problem: 'FLEET_SCREEN_INVALID' });
    await bed.clock.advance(180_000);
    expect(bed.link(bed.id).captures.length).toBeLessThanOrEqual(5);
    bed.shows['1'] = '10';
    await bed.clock.advance(600_000);
    expect(bed.fleet.machine(ref(bed, '1'))).toMatchObject({ screen_problem: null, screen_hash: expect.any(String) });
  });

  it('that only blink are neither decoded again nor told, while a new line is', async () => {
    const bed = await startScreens(['1'], {
      options: { visibleScreenIntervalMs: 10_000, screenMaxSkewMs: 900_000, thumbnailTtlMs: 900_000 },
    });
    const zeros = '0 '.repeat(99);
    const [cursorOn, cursorOff, line] = [`${zeros}4`, `${zeros}0`, `${zeros}90`];
    bed.fleet.setVisible('viewer', [ref(bed, '1')]);
    bed.shows['1'] = cursorOn;
    await bed.clock.advance(1_000);
    const hash = bed.hash('1');
    for (const text of [cursorOff, cursorOn, cursorOff, cursorOn]) {
      bed.shows['1'] = text;
      await bed.clock.advance(10_000);
    }
    expect(bed.encoder.encodes).toBe(2);
    expect(bed.hash('1')).toBe(hash);
    expect(bed.events.filter(({ kind }) => kind === 'screen.changed')).toHaveLength(1);
    bed.shows['1'] = line;
    await bed.clock.advance(10_000);
    expect(bed.hash('1')).not.toBe(hash);
  });

  it('that drift in small steps are replaced once the steps add up, and noise after its longest time', async () => {
    const bed = await startScreens(['1'], { options: { visibleScreenIntervalMs: 10_000, screenMaxSkewMs: 300_000, screenDifference: 5 } });
    bed.fleet.setVisible('viewer', [ref(bed, '1')]);
    bed.shows['1'] = '0';
    await bed.clock.advance(1_000);
    const first = bed.hash('1');
    bed.shows['1'] = '4';
    await bed.clock.advance(15_000);
    expect(bed.hash('1')).toBe(first);
    bed.shows['1'] = '8';
    await bed.clock.advance(15_000);
    const second = bed.hash('1');
    expect(second).not.toBe(first);
    bed.shows['1'] = '9';
    await bed.clock.advance(250_000);
    expect(bed.hash('1')).toBe(second);
    await bed.clock.advance(80_000);
    expect(bed.hash('1')).not.toBe(second);
  });

  it('disappear when the machine is switched off or another one takes its id', async () => {
    const bed = await startScreens(['1', '2']);
    Object.assign(bed.shows, { 1: '10', 2: '20' });
    await bed.clock.advance(1_000);
    bed.link(bed.id).emit({
      kind: 'changed',
      upserted: [createFacts('1', { powerState: 'poweredOff' }), createFacts('2', { instanceUuid: 'another' })],
      removed: [],
    });
    bed.shows['2'] = '77';
    await bed.clock.advance(0);
    expect(bed.hash('1')).toBeNull();
    expect(bed.fleet.screen(ref(bed, '1'))).toBeNull();
    expect(bed.events).toContainEqual({ kind: 'screen.changed', ref: ref(bed, '1'), hash: null, at: null });
    await bed.clock.advance(10_000);
    expect(bed.fleet.screen(ref(bed, '2'))?.bytes).toEqual(toPng('77'));
  });

  it('stay within the memory they were given, and a dropped one is taken again', async () => {
    const bed = await startScreens(['1', '2', '3'], { options: { screenMemoryBytes: 250, visibleScreenIntervalMs: 10_000 } });
    for (const moid of ['1', '2', '3']) bed.shows[moid] = `${moid}${'0'.repeat(99)}`;
    await bed.clock.advance(3_000);
    const held = ['1', '2', '3'].filter((moid) => bed.hash(moid) !== null && bed.fleet.screen(ref(bed, moid)) !== null);
    expect(held.length).toBeLessThanOrEqual(2);
    expect(bed.events.some((event) => event.kind === 'screen.changed' && event.hash === null)).toBe(true);
  });

  it('are left alone while the server is lost or its breaker is open', async () => {
    const bed = await startScreens(['1'], { options: { visibleScreenIntervalMs: 10_000 } });
    bed.fleet.setVisible('viewer', [ref(bed, '1')]);
    bed.shows['1'] = '10';
    await bed.clock.advance(1_000);
    const link = bed.link(bed.id);
    link.current = createFigures({ breaker: { ...createFigures().breaker, state: 'open' } });
    await bed.clock.advance(120_000);
    link.current = createFigures();
    link.emit({ kind: 'lost', trouble: { kind: 'unreachable', code: 'X', message: 'x' }, retryInMs: 5_000 });
    await bed.clock.advance(120_000);
    expect(link.captures).toHaveLength(1);
    link.emit({ kind: 'confirmed' });
    await bed.clock.advance(1_000);
    expect(link.captures).toHaveLength(2);
  });

  it('that our own protection turned away do not count against the machine', async () => {
    const bed = await startScreens(['1'], { options: { visibleScreenIntervalMs: 10_000 } });
    bed.fleet.setVisible('viewer', [ref(bed, '1')]);
    const link = bed.link(bed.id);
    link.capture = async () => {
      throw new OpsError({ code: 'RESILIENCE_CIRCUIT_OPEN', message: 'open' });
    };
    await bed.clock.advance(1_000);
    expect(link.captures.length).toBeGreaterThan(0);
    expect(bed.fleet.machine(ref(bed, '1')).screen_problem).toBeNull();
    expect(bed.fleet.queueStats().thumbnail_refresh[bed.id]?.errors).toBe(0);
    link.capture = async () => ({ png: toPng('10') });
    await bed.clock.advance(1_000);
    expect(bed.hash('1')).not.toBeNull();
  });

  it('report each cycle in one line and in the figures', async () => {
    const logger = new LineLogger();
    const bed = await startScreens(['1', '2', '3'], { logger });
    Object.assign(bed.shows, { 1: '10', 2: 'error', 3: '20' });
    bed.link(bed.id).current = createFigures({ delayMs: 1_000 });
    await bed.clock.advance(10_000);
    expect(logger.lines).toContain('Thumbnail refresh cycle: 2/3 VMs in 1.0s, delay: 1.00s, errors: 1');
    expect(logger.lines).toContain('Batch for esx-01: 2 succeeded, 1 failed, delay: 1.00s, 2 measurements');
    expect(bed.fleet.queueStats().thumbnail_refresh[bed.id]).toMatchObject({
      cycles: 1,
      thumbnails_refreshed: 2,
      errors: 1,
      last_cycle_duration: 1,
      current_delay: 1,
    });
  });
});
