import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import type { ResilienceEvent } from './events.ts';
import { esxiPreset } from './presets/esxi.ts';
import { createRuntime } from './runtime.ts';

function create() {
  const clock = new ManualClock();
  const events: ResilienceEvent[] = [];
  const runtime = createRuntime({
    clock,
    random: createSeededRandom(1),
    profiles: { esxi: esxiPreset({ limits: { failureThreshold: 1 } }) },
    onEvent: (event) => events.push(event),
  });
  return { clock, events, runtime };
}

const refuse = (): Promise<never> => Promise.reject(new Error('refused'));

it('keeps one pipeline for each key, with a breaker of its own', async () => {
  const { runtime, events } = create();
  const first = runtime.pipeline('esxi', 'server-1');
  expect(runtime.pipeline('esxi', 'server-1')).toBe(first);
  await expect(first.run(refuse)).rejects.toThrow('refused');
  await expect(runtime.pipeline('esxi', 'server-2').run(() => 1)).resolves.toBe(1);
  expect(runtime.snapshots().map(({ key, breaker }) => [key, breaker?.state])).toEqual([
    ['server-1', 'open'],
    ['server-2', 'closed'],
  ]);
  expect(events).toMatchObject([{ kind: 'breaker.opened', key: 'server-1' }]);
});

it('resets all breakers', async () => {
  const { runtime } = create();
  const pipeline = runtime.pipeline('esxi', 'server-1');
  runtime.pipeline({}, 'plain');
  await expect(pipeline.run(refuse)).rejects.toThrow('refused');
  runtime.resetAll('by an operator');
  expect(pipeline.breaker?.state).toBe('closed');
});

it('takes a specification instead of a name, and refuses unknown names', () => {
  const { runtime } = create();
  expect(runtime.pipeline({ deadlineMs: 5 }, 'x').spec.deadlineMs).toBe(5);
  expect(() => runtime.pipeline('toString', 'y')).toThrow('known are: esxi');
  expect(() => createRuntime().pipeline('esxi', 'y')).toThrow('known are: none');
});

it('forgets a removed pipeline and closes it', async () => {
  const { runtime } = create();
  const removed = runtime.pipeline({}, 'x');
  runtime.remove('x');
  runtime.remove('never there');
  expect(runtime.find('x')).toBeUndefined();
  await expect(removed.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CLOSED' });
  expect(runtime.pipeline({}, 'x')).not.toBe(removed);
});

it('closes all pipelines, later ones included', async () => {
  const { runtime } = create();
  const early = runtime.pipeline({}, 'x');
  runtime.close();
  await expect(early.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CLOSED' });
  await expect(runtime.pipeline({}, 'y').run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CLOSED' });
});

it('needs one timer for the attempts of all servers and none when idle', async () => {
  const { runtime, clock } = create();
  const pipelines = Array.from({ length: 100 }, (_none, index) => runtime.pipeline({ attempt: { timeoutMs: 30_000 } }, `server-${index}`));
  expect(clock.pendingCount).toBe(0);
  await Promise.all(pipelines.map((pipeline) => pipeline.run(() => 1)));
  expect(clock.pendingCount).toBe(1);
  await clock.advance(30_000);
  expect(clock.pendingCount).toBe(0);
});
