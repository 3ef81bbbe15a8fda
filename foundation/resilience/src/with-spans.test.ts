import { ManualClock } from '@breakwater/kernel';
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, StackContextManager, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { withSpans } from './with-spans.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
const tracer = provider.getTracer('breakwater');
let clock: ManualClock;
let pipeline: Pipeline;

beforeEach(() => {
  context.setGlobalContextManager(new StackContextManager().enable());
  exporter.reset();
  clock = new ManualClock();
  const inner = createPipeline({ admission: { maxConcurrent: 1, minIntervalMs: 200 } }, { key: 'esx-1', clock });
  pipeline = withSpans(inner, { tracer, bind: (callee) => context.bind(context.active(), callee) });
});

afterEach(() => {
  context.disable();
});

describe("spans of OpenTelemetry's own tracer", () => {
  it('tell what a call was and what it took', async () => {
    expect(await pipeline.run(() => 7, { op: 'list', priority: 'high' })).toBe(7);
    expect(exporter.getFinishedSpans()).toMatchObject([
      {
        name: 'list',
        kind: 2,
        status: { code: 0 },
        attributes: { 'resilience.key': 'esx-1', 'resilience.priority': 'high', 'resilience.attempts': 1, 'resilience.waited_ms': 0 },
      },
    ]);
    expect(pipeline.snapshot().calls.ok).toBe(1);
  });

  it('tell failures by their code and never by a foreign text, and the caller gets the error itself', async () => {
    const failure = new TypeError('password=hunter2');
    await expect(pipeline.run(() => Promise.reject(failure))).rejects.toBe(failure);
    pipeline.close();
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'RESILIENCE_CLOSED' });
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ attributes, status }) => [attributes['error.type'], status.code])).toEqual([
      ['TypeError', 2],
      ['RESILIENCE_CLOSED', 2],
    ]);
    expect(JSON.stringify(spans.map(({ attributes, status, events }) => [attributes, status, events]))).not.toContain('hunter2');
  });

  it('hang where the call was asked for, and what the callee does hangs below, also after a wait', async () => {
    const work = (): number =>
      tracer.startActiveSpan('work', (span) => {
        span.end();
        return 1;
      });
    const calls = ['first', 'second'].map((name) =>
      tracer.startActiveSpan(name, (span) => pipeline.run(work, { op: `call ${name}` }).finally(() => span.end())),
    );
    await clock.advance(1_000);
    await Promise.all(calls);
    const spans = exporter.getFinishedSpans();
    const nameOf = (id: string | undefined): string | undefined => spans.find((span) => span.spanContext().spanId === id)?.name;
    const lineage = spans
      .filter(({ name }) => name === 'work')
      .map((span) => {
        const parent = nameOf(span.parentSpanContext?.spanId);
        const call = spans.find(({ name }) => name === parent);
        return [parent, nameOf(call?.parentSpanContext?.spanId)];
      });
    expect(lineage).toEqual([
      ['call first', 'first'],
      ['call second', 'second'],
    ]);
    expect(spans.find(({ name }) => name === 'call second')?.attributes['resilience.waited_ms']).toBe(200);
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
