import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createPipeline } from '../pipeline.ts';
import { validateSpec } from '../spec.ts';
import { MCP_LIMITS, MCP_USE_CASES, type McpUseCase, mcpBackoff, mcpPreset } from './mcp.ts';

const pauses = (limits: Parameters<typeof mcpBackoff>[0], count: number): number[] =>
  Array.from({ length: count }, (_, retry) => mcpBackoff(limits).delayMs(retry, 0, () => 0.5));

it('has the values of the parameter tables of spec 04', () => {
  expect(MCP_LIMITS).toEqual({
    attempts: 3,
    minWaitMs: 1_000,
    maxWaitMs: 10_000,
    breaker: 'on',
    failureThreshold: 5,
    recoveryMs: 60_000,
    timeoutMs: 30_000,
    maxConcurrent: 30,
  });
});

it('pauses by the formula of spec 04: the bounds come after the power', () => {
  expect(pauses(MCP_LIMITS, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(pauses({ minWaitMs: 3_000, maxWaitMs: 30_000 }, 6)).toEqual([3_000, 3_000, 4_000, 8_000, 16_000, 30_000]);
  expect(pauses({ minWaitMs: 1_000, maxWaitMs: 30_000, multiplierMs: 5_000 }, 4)).toEqual([5_000, 10_000, 20_000, 30_000]);
});

it.each<[McpUseCase, object]>([
  ['high-latency', { attempt: { timeoutMs: 60_000 }, breaker: { openMs: 60_000, mode: 'active' } }],
  ['critical', { retry: { attempts: 5 }, breaker: { trip: { failures: 10 } } }],
  ['development', { retry: { attempts: 1 }, breaker: { mode: 'disabled' } }],
  ['fails-too-slowly', { retry: { attempts: 2 } }],
  ['opens-too-quickly', { breaker: { trip: { failures: 10 } } }],
  ['stays-open-too-long', { breaker: { openMs: 30_000 } }],
])('has the advice for %s', (useCase, expected) => {
  const spec = mcpPreset({ limits: MCP_USE_CASES[useCase] });
  expect(() => validateSpec(spec)).not.toThrow();
  expect(spec).toMatchObject(expected);
});

describe('the pipeline', () => {
  it('repeats what is transient, pauses 1 s and 2 s, and leaves validation errors alone', async () => {
    const clock = new ManualClock();
    const pipeline = createPipeline(
      mcpPreset({
        classify: ({ ok, ...rest }) => {
          if (ok) return { kind: 'success' };
          return 'error' in rest && rest.error instanceof RangeError ? { kind: 'ignored' } : { kind: 'failure', transient: true };
        },
      }),
      { key: 'pfsense_api', clock, random: () => 0 },
    );
    const sentAt: number[] = [];
    const failing = pipeline.attempt(
      () => {
        sentAt.push(clock.now());
        return Promise.reject(new Error('Connection error'));
      },
      { idempotent: true },
    );
    await clock.advance(10_000);
    await failing;
    expect(sentAt).toEqual([0, 1_000, 3_000]);
    for (let time = 0; time < 9; time++) {
      const invalid = pipeline.attempt(() => Promise.reject(new RangeError('no such alias')), { idempotent: true });
      await clock.advance(0);
      expect(await invalid).toMatchObject({ meta: { attempts: 1 } });
    }
    expect(pipeline.breaker?.state).toBe('closed');
    expect(pipeline.snapshot().breaker).toMatchObject({ failures: 3, failureThreshold: 5 });
  });
});
