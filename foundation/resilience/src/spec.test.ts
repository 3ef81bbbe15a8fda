import { describe, expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import { type PipelineSpec, validateSpec } from './spec.ts';

const BREAKER = { trip: { kind: 'consecutive', failures: 1 }, openMs: 1 } as const;

describe('specification', () => {
  it.each<[string, PipelineSpec]>([
    ['no deadline', { deadlineMs: 0 }],
    ['an endless deadline', { deadlineMs: Number.POSITIVE_INFINITY }],
    ['no attempt timeout', { attempt: { timeoutMs: 0 } }],
    ['a negative time for abandoned attempts', { attempt: { timeoutMs: 1, abandonedMs: -1 } }],
    ['no attempt', { retry: { attempts: 0, backoff: constantBackoff(1) } }],
    ['half an attempt', { retry: { attempts: 1.5, backoff: constantBackoff(1) } }],
    ['a negative cap', { retry: { attempts: 1, backoff: constantBackoff(1), retryAfterCapMs: -1 } }],
    ['no failures to open', { breaker: { ...BREAKER, trip: { kind: 'consecutive', failures: 0 } } }],
    ['no open time', { breaker: { ...BREAKER, openMs: 0 } }],
    ['no first open time', { breaker: { ...BREAKER, openMs: { firstMs: 0, factor: 2, capMs: 1 } } }],
    ['a shrinking open time', { breaker: { ...BREAKER, openMs: { firstMs: 1, factor: 0.5, capMs: 1 } } }],
    ['a cap below the first open time', { breaker: { ...BREAKER, openMs: { firstMs: 2, factor: 2, capMs: 1 } } }],
    ['no probes', { breaker: { ...BREAKER, halfOpen: { probes: 0 } } }],
    ['no successes to close', { breaker: { ...BREAKER, halfOpen: { successes: 0 } } }],
    ['no lease', { breaker: { ...BREAKER, halfOpen: { leaseMs: 0 } } }],
    ['negative lumping', { breaker: { ...BREAKER, lumpMs: -1 } }],
    ['no concurrency', { admission: { maxConcurrent: 0 } }],
    ['a negative interval', { admission: { maxConcurrent: 1, minIntervalMs: -1 } }],
    ['a reserve that leaves nothing', { admission: { maxConcurrent: 2, interactiveReserve: 2 } }],
    ['a negative reserve', { admission: { maxConcurrent: 2, interactiveReserve: -1 } }],
    ['a negative queue', { admission: { maxConcurrent: 2, queue: { maxWaiting: -1 } } }],
    ['no time to wait', { admission: { maxConcurrent: 2, queue: { maxWaitMs: 0 } } }],
    ['no time for an operation', { attempt: { timeoutMs: 1, timeoutMsByOp: { read: 0 } } }],
    ['no aging time', { admission: { maxConcurrent: 2, queue: { agingMs: 0 } } }],
    ['no least pause', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', minMs: 0 } } }],
    ['a longest pause below the least', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', minMs: 10, maxMs: 9 } } }],
    ['an increase that decreases', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', increase: 0.5 } } }],
    ['a decrease that increases', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', decrease: 1.1 } } }],
    ['a decrease to nothing', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', decrease: 0 } } }],
    ['no margin', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', margin: 0 } } }],
    ['a negative calm time', { admission: { maxConcurrent: 2, limiter: { kind: 'delay', calmMs: -1 } } }],
  ])('with %s is refused', (_name, spec) => {
    expect(() => validateSpec(spec)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });

  it('that says everything is accepted', () => {
    expect(() =>
      validateSpec({
        deadlineMs: 1,
        attempt: { timeoutMs: 1, abandonedMs: 0 },
        retry: { attempts: 1, backoff: constantBackoff(0), retryAfterCapMs: 0 },
        breaker: { ...BREAKER, openMs: { firstMs: 1, factor: 1, capMs: 1 }, halfOpen: { probes: 1, successes: 1, leaseMs: 1 }, lumpMs: 0 },
        admission: {
          maxConcurrent: 2,
          minIntervalMs: 0,
          interactiveReserve: 1,
          queue: { maxWaiting: 0, agingMs: 1 },
          limiter: { kind: 'delay', minMs: 1, maxMs: 1, increase: 1, decrease: 1, margin: 1, calmMs: 0, exempt: [] },
        },
      }),
    ).not.toThrow();
  });
});
