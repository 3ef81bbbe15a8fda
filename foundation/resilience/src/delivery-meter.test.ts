import { describe, expect, it } from 'vitest';
import { DeliveryMeter } from './delivery-meter.ts';

function create() {
  const meter = new DeliveryMeter();
  meter.begin(0);
  const add = (nowMs: number, latencyMs = 100, demand: 'waiting' | 'satisfied' = 'waiting') =>
    meter.add(latencyMs, { op: 'call', nowMs, demand });
  return { meter, add };
}

describe('delivery meter', () => {
  it('knows nothing before its first window has closed', () => {
    const { meter, add } = create();
    for (let count = 0; count < 7; count++) expect(add(300)).toBeNull();
    expect(meter).toMatchObject({ perSecond: 0, peakPerSecond: 0, baseMs: 0 });
  });

  it('closes a window at eight successes, but not within a quarter of a second', () => {
    const { meter, add } = create();
    for (let count = 0; count < 9; count++) expect(add(249)).toBeNull();
    expect(add(250, 200)).toBeCloseTo(110);
    expect(meter.perSecond).toBeCloseTo(40);
    expect(meter.baseMs).toBeCloseTo(110);
  });

  it('closes a window after two seconds with fewer', () => {
    const { meter, add } = create();
    expect(add(1_999)).toBeNull();
    expect(add(2_000)).toBe(100);
    expect(meter.perSecond).toBe(1);
  });

  it('smooths the delivered rate and keeps the peak', () => {
    const { meter, add } = create();
    for (let count = 0; count < 8; count++) add(250);
    add(2_250);
    expect(meter.perSecond).toBeCloseTo(32 / 2 + 0.5 / 2);
    expect(meter.peakPerSecond).toBeCloseTo(32);
    meter.forgetPeak();
    expect(meter.peakPerSecond).toBe(meter.perSecond);
  });

  it('does not take little demand for a slow server, but takes more deliveries for a quicker one', () => {
    const { meter, add } = create();
    add(2_000);
    add(6_000, 100, 'satisfied');
    expect(meter.perSecond).toBe(0.5);
    add(8_000, 100, 'satisfied');
    expect(meter.perSecond).toBe(0.5);
    for (let count = 0; count < 8; count++) add(8_250, 100, 'satisfied');
    expect(meter.perSecond).toBeCloseTo(16.25);
  });

  it('takes the least mean of a minute for the latency without a queue', () => {
    const { meter, add } = create();
    add(2_000, 100);
    add(4_000, 300);
    expect(meter.baseMs).toBe(100);
    add(61_999, 300);
    expect(meter.baseMs).toBe(100);
    add(64_001, 200);
    expect(meter.baseMs).toBe(200);
    meter.restartBase('call', { baseMs: 250, nowMs: 64_002 });
    expect(meter.baseMs).toBe(250);
  });

  it('tells the rate so far once it means something', () => {
    const { meter, add } = create();
    expect(new DeliveryMeter().currentPerSecond(1_000)).toBe(0);
    add(100);
    expect(meter.currentPerSecond(249)).toBe(0);
    expect(meter.currentPerSecond(500)).toBe(2);
    const later = new DeliveryMeter();
    later.begin(9_000);
    later.add(100, { op: 'call', nowMs: 9_200, demand: 'waiting' });
    expect(later.currentPerSecond(9_500)).toBe(2);
  });

  it('can be told to expect more, never less', () => {
    const { meter, add } = create();
    add(2_000);
    meter.expect(0.1);
    expect(meter.perSecond).toBe(0.5);
    meter.expect(3);
    expect(meter.perSecond).toBe(3);
  });
});
