import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import type { EventListener, ResilienceEvent } from './events.ts';
import { joinListeners } from './join-listeners.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { PipelineSpec } from './spec.ts';

type Ended = Extract<ResilienceEvent, { kind: 'call.ended' }>;

function create(spec: PipelineSpec = {}): { readonly pipeline: Pipeline; readonly clock: ManualClock; readonly ended: Ended[] } {
  const clock = new ManualClock();
  const ended: Ended[] = [];
  const onEvent: EventListener = Object.assign((event: ResilienceEvent) => void (event.kind === 'call.ended' && ended.push(event)), {
    hears: (kind: ResilienceEvent['kind']) => kind === 'call.ended',
  });
  return { pipeline: createPipeline(spec, { key: 'a', clock, random: () => 0, onEvent }), clock, ended };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('the end of a call is told', () => {
  it('once, with what it took', async () => {
    const { pipeline, clock, ended } = create({ retry: { attempts: 3, backoff: constantBackoff(100) } });
    let calls = 0;
    const answer = pipeline.run(
      () => {
        calls++;
        if (calls < 3) throw new Error('no');
        return 'yes';
      },
      { op: 'list', priority: 'high', idempotent: true },
    );
    await clock.advance(1_000);
    expect(await answer).toBe('yes');
    expect(ended).toEqual([
      {
        kind: 'call.ended',
        key: 'a',
        atWallMs: expect.any(Number),
        op: 'list',
        priority: 'high',
        outcome: 'success',
        attempts: 3,
        waitedMs: 0,
        tookMs: 200,
        error: undefined,
      },
    ]);
  });

  it('with the time in the queue and the last failure', async () => {
    const { pipeline, clock, ended } = create({ admission: { maxConcurrent: 1, minIntervalMs: 300 } });
    const failure = new Error('no');
    void pipeline.attempt(() => 1);
    void pipeline.attempt(() => {
      throw failure;
    });
    await clock.advance(1_000);
    expect(ended[1]).toMatchObject({ outcome: 'failure', attempts: 1, waitedMs: 300, error: failure });
  });

  it.each<[string, PipelineSpec, object]>([
    [
      'ran out of its attempt',
      { attempt: { timeoutMs: 500 } },
      { outcome: 'timeout', attempts: 1, error: { code: 'RESILIENCE_ATTEMPT_TIMEOUT' } },
    ],
    [
      'ran out of its deadline',
      { deadlineMs: 500 },
      { outcome: 'timeout', attempts: 1, tookMs: 500, error: { code: 'RESILIENCE_DEADLINE' } },
    ],
  ])('when it %s', async (_name, spec, expected) => {
    const { pipeline, clock, ended } = create(spec);
    void pipeline.attempt(never);
    await clock.advance(1_000);
    expect(ended).toMatchObject([expected]);
  });

  it('when its caller leaves, when it waited in vain, and when it was turned away', async () => {
    const { pipeline, clock, ended } = create({ deadlineMs: 500, admission: { maxConcurrent: 1 } });
    const controller = new AbortController();
    void pipeline.attempt(never, { signal: controller.signal });
    void pipeline.attempt(never);
    await clock.advance(400);
    controller.abort(new Error('gone'));
    await clock.advance(200);
    pipeline.close();
    void pipeline.attempt(never);
    expect(ended).toMatchObject([
      { outcome: 'canceled', attempts: 1, error: { message: 'gone' } },
      { outcome: 'rejected', attempts: 0, error: { code: 'RESILIENCE_DEADLINE' } },
      { outcome: 'rejected', attempts: 0, error: { code: 'RESILIENCE_CLOSED' } },
    ]);
  });
});

describe('a listener', () => {
  it('that does not ask for the end of every call is not told of it', async () => {
    const heard: string[] = [];
    const pipeline = createPipeline({}, { key: 'a', clock: new ManualClock(), onEvent: ({ kind }) => heard.push(kind) });
    await pipeline.run(() => 1);
    pipeline.close();
    await pipeline.attempt(() => 1);
    expect(heard).toEqual(['call.rejected']);
  });

  it('may be several, each with its own wishes, and the error of one is seen and keeps nothing from the next', async () => {
    const heard: string[] = [];
    const failures: unknown[] = [];
    const onFailure = (reason: unknown): void => void failures.push(reason);
    process.on('unhandledRejection', onFailure);
    const picky = Object.assign((event: ResilienceEvent): void => void heard.push(`picky ${event.kind}`), {
      hears: (kind: ResilienceEvent['kind']): boolean => kind === 'call.ended',
    });
    const broken = (): void => {
      throw new Error('broken listener');
    };
    const usual = (event: ResilienceEvent): void => void heard.push(`usual ${event.kind}`);
    const pipeline = createPipeline({}, { key: 'a', clock: new ManualClock(), onEvent: joinListeners(broken, picky, usual) });
    pipeline.close();
    await pipeline.attempt(() => 1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onFailure);
    expect(heard).toEqual(['usual call.rejected', 'picky call.ended']);
    expect(failures).toMatchObject([{ message: 'broken listener' }]);
  });
});
