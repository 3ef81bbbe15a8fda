import { ManualClock, OpsError } from '@breakwater/kernel';
import { constantBackoff, createPipeline, type Pipeline, type PipelineSpec, type Settlement } from '@breakwater/resilience';
import { describe, expect, test } from 'vitest';
import { classifyTransportError } from './classify-transport-error.ts';
import { failureOf } from './testing/failure-of.ts';
import type { Transport, TransportRequest } from './transport.ts';
import { withPipeline } from './with-pipeline.ts';

/** A transport whose answers a test writes. */
function createScriptedTransport(
  answer: (request: TransportRequest, count: number) => Promise<string>,
): Transport & { requests: TransportRequest[] } {
  const requests: TransportRequest[] = [];
  return {
    origin: 'https://host',
    requests,
    async exchange(request, read) {
      requests.push(request);
      const text = await answer(request, requests.length);
      return read({
        status: 200,
        statusText: 'OK',
        headers: {},
        chunks: (async function* () {})(),
        bytes: async () => new Uint8Array(),
        text: async () => text,
      });
    },
    pool: () => ({ size: 1, active: 0, idle: 0, opened: 0, reconnects: 0, errors: 0 }),
    close: async () => undefined,
  };
}

const classify = (settlement: Settlement) =>
  settlement.ok ? ({ kind: 'success' } as const) : (classifyTransportError(settlement.error) ?? ({ kind: 'ignored' } as const));

const createTestPipeline = (clock: ManualClock, spec: PipelineSpec): Pipeline =>
  createPipeline({ classify, ...spec }, { key: 'host', clock });

const request = (options: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'POST',
  path: '/sdk',
  operation: 'RetrievePropertiesEx',
  priority: 'normal',
  idempotent: true,
  ...options,
});

const reset = (): OpsError => new OpsError({ code: 'TRANSPORT_RESET', message: 'reset' });

describe('a transport with a pipeline around it', () => {
  test('repeats what may be repeated and nothing else', async () => {
    const clock = new ManualClock();
    const inner = createScriptedTransport(async (_request, count) => {
      if (count % 2 === 1) throw reset();
      return 'ok';
    });
    const pipeline = createTestPipeline(clock, { retry: { attempts: 2, backoff: constantBackoff(100) } });
    const transport = withPipeline(inner, { pipeline });
    const repeated = transport.exchange(request(), (response) => response.text());
    await clock.advance(100);
    await expect(repeated).resolves.toBe('ok');
    expect((await failureOf(transport.exchange(request({ idempotent: false }), (response) => response.text()))).code).toBe(
      'TRANSPORT_RESET',
    );
    expect(inner.requests).toHaveLength(3);
  });

  test('sees a fault that `read` throws', async () => {
    const clock = new ManualClock();
    const inner = createScriptedTransport(async () => 'Service Unavailable');
    const pipeline = createTestPipeline(clock, { breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 1_000 } });
    const transport = withPipeline(inner, { pipeline });
    const exchange = (): Promise<never> => transport.exchange(request(), () => Promise.reject(reset()));
    expect((await failureOf(exchange())).code).toBe('TRANSPORT_RESET');
    expect((await failureOf(exchange())).code).toBe('RESILIENCE_CIRCUIT_OPEN');
    expect(inner.requests).toHaveLength(1);
  });

  test('lets a parked exchange by while all slots are taken', async () => {
    const clock = new ManualClock();
    const held = Promise.withResolvers<string>();
    const inner = createScriptedTransport((asked) => (asked.lane === 'parked' ? Promise.resolve('news') : held.promise));
    const pipeline = createTestPipeline(clock, { admission: { maxConcurrent: 1 }, attempt: { timeoutMs: 5_000 } });
    const transport = withPipeline(inner, { pipeline });
    const first = transport.exchange(request(), (response) => response.text());
    const second = transport.exchange(request({ operation: 'Login' }), (response) => response.text());
    await expect(transport.exchange(request({ lane: 'parked' }), (response) => response.text())).resolves.toBe('news');
    expect(inner.requests.map(({ operation }) => operation)).toEqual(['RetrievePropertiesEx', 'RetrievePropertiesEx']);
    held.resolve('ok');
    await expect(Promise.all([first, second])).resolves.toEqual(['ok', 'ok']);
  });

  test('puts the urgent before the rest', async () => {
    const clock = new ManualClock();
    const inner = createScriptedTransport(async () => {
      await Promise.resolve();
      return 'ok';
    });
    const transport = withPipeline(inner, { pipeline: createTestPipeline(clock, { admission: { maxConcurrent: 1 } }) });
    await Promise.all(
      (['low', 'low', 'critical'] as const).map((priority) => transport.exchange(request({ priority }), (response) => response.text())),
    );
    expect(inner.requests.map(({ priority }) => priority)).toEqual(['low', 'critical', 'low']);
  });

  test('leaves the word about a slow answer to the transport, and speaks itself when that stays silent', async () => {
    const clock = new ManualClock();
    const inner = createScriptedTransport(() => new Promise(() => undefined));
    const pipeline = createTestPipeline(clock, { attempt: { timeoutMs: 60_000 } });
    const failure = failureOf(withPipeline(inner, { pipeline }).exchange(request({ timeoutMs: 2_000 }), (response) => response.text()));
    await clock.advance(2_999);
    expect(inner.requests[0]?.signal?.aborted).toBe(false);
    await clock.advance(1);
    expect((await failure).code).toBe('RESILIENCE_ATTEMPT_TIMEOUT');
    expect(inner.requests[0]?.signal?.aborted).toBe(true);
  });

  test('reports a cancellation in the same words as without a pipeline', async () => {
    const inner = createScriptedTransport(() => new Promise(() => undefined));
    const controller = new AbortController();
    const transport = withPipeline(inner, { pipeline: createTestPipeline(new ManualClock(), {}) });
    const failure = failureOf(transport.exchange(request({ signal: controller.signal }), (response) => response.text()));
    controller.abort('gone');
    expect(await failure).toMatchObject({ code: 'TRANSPORT_CANCELED', cause: 'gone' });
  });
});

test('a changed certificate is no sign of overload, a reset is', () => {
  const verdict = (code: string) => classifyTransportError(new OpsError({ code, message: '' }))?.kind;
  expect(verdict('TRANSPORT_CERTIFICATE_CHANGED')).toBe('ignored');
  expect(verdict('TRANSPORT_RESET')).toBe('failure');
  expect(verdict('TRANSPORT_TIMEOUT')).toBe('timeout');
  expect(verdict('VSPHERE_FAULT')).toBeUndefined();
  expect(classifyTransportError(new Error('other'))).toBeUndefined();
});
