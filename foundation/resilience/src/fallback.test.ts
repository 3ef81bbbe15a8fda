import { expect, it } from 'vitest';
import { type FallbackStep, runFallbacks } from './fallback.ts';

const fails = (name: string): FallbackStep<string> => ({ name, run: () => Promise.reject(new Error(`no ${name}`)) });
const answers = (name: string): FallbackStep<string> => ({ name, run: ({ error }) => `${name} after ${String(error)}` });

it('serves from the first way that answers, and says what failed before', async () => {
  expect(await runFallbacks([answers('live'), fails('cache')])).toEqual({
    kind: 'served',
    value: 'live after undefined',
    servedBy: 'live',
    failures: [],
  });
  expect(await runFallbacks([fails('live'), fails('cache'), answers('memory')])).toEqual({
    kind: 'served',
    value: 'memory after Error: no cache',
    servedBy: 'memory',
    failures: [
      { name: 'live', error: new Error('no live') },
      { name: 'cache', error: new Error('no cache') },
    ],
  });
});

it('fails with the reasons of all when no way answers', async () => {
  expect(await runFallbacks([fails('live'), fails('cache')])).toMatchObject({
    kind: 'failed',
    failures: [{ name: 'live' }, { name: 'cache' }],
  });
});

it('stops at an error after which another way makes no sense', async () => {
  const result = await runFallbacks([fails('live'), answers('cache')], { mayFallBack: () => false });
  expect(result).toMatchObject({ kind: 'failed', failures: [{ name: 'live' }] });
});

it('ends at once when its caller gives up, before a step and in one', async () => {
  const reason = new Error('gave up');
  await expect(runFallbacks([answers('live')], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const aborting: FallbackStep<string> = {
    name: 'live',
    run: () => {
      controller.abort(reason);
      throw new Error('cut off');
    },
  };
  await expect(runFallbacks([aborting, answers('cache')], { signal: controller.signal })).rejects.toBe(reason);
});
