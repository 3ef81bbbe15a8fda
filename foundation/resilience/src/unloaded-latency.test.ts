import { describe, expect, it } from 'vitest';
import { UnloadedLatency } from './unloaded-latency.ts';

const add = (latency: UnloadedLatency, calls: Readonly<Record<string, readonly number[]>>): void => {
  for (const [op, latencies] of Object.entries(calls)) for (const latencyMs of latencies) latency.add(op, latencyMs);
};

describe('the latency of an unloaded server', () => {
  it('is the least mean of a window where there is one kind of call', () => {
    const latency = new UnloadedLatency();
    add(latency, { screen: [100, 300] });
    expect([latency.close(0), latency.baseMs]).toEqual([200, 200]);
    add(latency, { screen: [400] });
    expect([latency.close(1_000), latency.baseMs]).toEqual([400, 200]);
  });

  it('follows the mixture of calls, so that many slow ones after many quick ones are no queue', () => {
    const latency = new UnloadedLatency();
    add(latency, { screen: [300, 300, 300, 300], question: [10, 10, 10, 10] });
    expect([latency.close(0), latency.baseMs]).toEqual([155, 155]);
    add(latency, { screen: [300, 300, 300] });
    expect([latency.close(1_000), latency.baseMs]).toEqual([300, 300]);
    add(latency, { question: [10, 10] });
    expect([latency.close(2_000), latency.baseMs]).toEqual([10, 10]);
    add(latency, { screen: [600], question: [20, 20, 20] });
    expect([latency.close(3_000), latency.baseMs]).toEqual([165, 82.5]);
  });

  it('does not judge a kind that was seen a few times only among others', () => {
    const latency = new UnloadedLatency();
    add(latency, { screen: [300, 300, 300, 300], list: [5_000, 5_000] });
    expect([latency.close(0), latency.baseMs]).toEqual([300, 300]);
    add(latency, { screen: [300, 300, 300, 300], list: [3_000, 3_000] });
    expect([latency.close(1_000), latency.baseMs]).toEqual([(1_200 + 6_000) / 6, (1_200 + 2 * 4_000) / 6]);
    add(latency, { unknown: [1], screen: [300] });
    expect([latency.close(2_000), latency.baseMs]).toEqual([300, 300]);
  });

  it('forgets after a minute, and at once where the queue was known to be empty', () => {
    const latency = new UnloadedLatency();
    add(latency, { screen: [100] });
    latency.close(0);
    add(latency, { screen: [200] });
    latency.close(60_000);
    expect(latency.baseMs).toBe(100);
    add(latency, { screen: [200] });
    latency.close(60_001);
    expect(latency.baseMs).toBe(200);
    latency.restart('screen', { baseMs: 500, nowMs: 60_002 });
    expect(latency.baseMs).toBe(500);
  });

  it('keeps a bounded number of kinds apart, whatever they are called', () => {
    const latency = new UnloadedLatency();
    for (let kind = 0; kind < 1_000; kind++) latency.add(`kind ${kind}`, 100);
    latency.close(0);
    for (let kind = 64; kind < 1_000; kind++) latency.add(`kind ${kind}`, 300);
    expect([latency.close(1_000), latency.baseMs]).toEqual([300, 100]);
  });

  it('is nothing where nothing has been measured', () => {
    const latency = new UnloadedLatency();
    expect([latency.close(0), latency.baseMs]).toEqual([0, 0]);
  });

  it('starts anew with what was measured on an empty queue, and remembers that for later windows', () => {
    const latency = new UnloadedLatency();
    add(latency, { screen: [100] });
    latency.close(0);
    latency.restart('screen', { baseMs: 40, nowMs: 1_000 });
    expect(latency.baseMs).toBe(40);
    add(latency, { screen: [90] });
    expect([latency.close(2_000), latency.baseMs]).toEqual([90, 40]);
  });
});
