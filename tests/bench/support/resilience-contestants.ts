import {
  type BreakerSpec,
  createPipeline,
  exponentialBackoff,
  type Pipeline,
  type PipelineSpec,
  type RunOptions,
} from '@breakwater/resilience';
import Bottleneck from 'bottleneck';
import * as cockatiel from 'cockatiel';
import { Effect } from 'effect';
import * as mollitia from 'mollitia';
import CircuitBreaker from 'opossum';
import PQueue from 'p-queue';
import pRetry from 'p-retry';
import type { Contestant } from './interleave.ts';

const work = async (): Promise<number> => 1;
const fail = async (): Promise<never> => {
  throw FAILURE;
};
const FAILURE = new Error('down');

export function repeat(call: () => unknown): Contestant {
  return async (times) => {
    for (let time = 0; time < times; time++) await call();
  };
}

const BREAKER = { trip: { kind: 'consecutive', failures: 5 }, openMs: 30_000 } as const;

const SAMPLING: BreakerSpec = {
  trip: { kind: 'time-window', windowMs: 30_000, minCalls: 20, failureRate: 0.5, slowRate: 0.5, slowMs: 1_000 },
  openMs: 30_000,
};

/** Retry, breaker and timeout, as everybody here is set. */
export const GUARDED: PipelineSpec = {
  retry: { attempts: 3, backoff: exponentialBackoff({ firstMs: 128, capMs: 30_000 }) },
  breaker: BREAKER,
  attempt: { timeoutMs: 30_000 },
};

const FULL: PipelineSpec = {
  ...GUARDED,
  deadlineMs: 60_000,
  admission: { maxConcurrent: 4, limiter: { kind: 'delay' } },
};

const READ: RunOptions = { op: 'read', idempotent: true };

function guard(spec: PipelineSpec): Pipeline {
  let heard = 0;
  return createPipeline(spec, { key: 'server-1', onEvent: () => heard++ });
}

const retryPolicy = () => cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2, backoff: new cockatiel.ExponentialBackoff() });
export const cockatielBreaker = () =>
  cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 30_000, breaker: new cockatiel.ConsecutiveBreaker(5) });
export const cockatielSampling = () =>
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 30_000,
    breaker: new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 30_000 }),
  });
const timeoutPolicy = () => cockatiel.timeout(30_000, cockatiel.TimeoutStrategy.Cooperative);

export const ownBreaker = (): Pipeline => createPipeline({ breaker: BREAKER }, { key: 'server-1' });
export const ownSampling = (): Pipeline => createPipeline({ breaker: SAMPLING }, { key: 'server-1' });
export const opossumBreaker = () => new CircuitBreaker(work, { timeout: 30_000, rollingPercentilesEnabled: false });

/** One successful call after the other. */
export function createCallers() {
  const guarded = guard(GUARDED);
  const full = guard(FULL);
  const retrying = createPipeline(
    { retry: { attempts: 3, backoff: exponentialBackoff({ firstMs: 128, capMs: 30_000 }) } },
    { key: 'server-1' },
  );
  const plain = ownBreaker();
  const sampled = ownSampling();
  const { signal } = new AbortController();
  const withSignal = { ...READ, signal };
  const wrapped = cockatiel.wrap(retryPolicy(), cockatielBreaker(), timeoutPolicy());
  const cheaper = cockatiel.wrap(
    retryPolicy(),
    cockatielBreaker(),
    cockatiel.timeout(30_000, { strategy: cockatiel.TimeoutStrategy.Cooperative, abortOnReturn: false }),
  );
  const bulkhead = cockatiel.wrap(retryPolicy(), cockatielBreaker(), cockatiel.bulkhead(4, 1_000), timeoutPolicy());
  const consecutive = cockatielBreaker();
  const sampling = cockatielSampling();
  const opossum = opossumBreaker();
  const circuit = new mollitia.Circuit({
    func: work,
    options: {
      modules: [new mollitia.Retry({ attempts: 2 }), new mollitia.SlidingCountBreaker({}), new mollitia.Timeout({ delay: 30_000 })],
    },
  });
  const effect = Effect.promise(work).pipe(Effect.timeout('30 seconds'), Effect.retry({ times: 2 }));
  const queue = new PQueue({ concurrency: 4 });
  const bottleneck = new Bottleneck({ maxConcurrent: 4 });
  const gate = createPipeline({ admission: { maxConcurrent: 4 } }, { key: 'server-1' });
  const callers = {
    bare: repeat(() => work()),
    own: repeat(() => guarded.run(work, READ)),
    ownSignal: repeat(() => guarded.run(({ signal: own }) => (own.aborted ? fail() : work()), READ)),
    ownSignals: repeat(() => guarded.run(({ signal: own }) => (own.aborted ? fail() : work()), withSignal)),
    ownFull: repeat(() => full.run(work, READ)),
    ownRetry: repeat(() => retrying.run(work, READ)),
    ownBreaker: repeat(() => plain.run(work)),
    ownSampling: repeat(() => sampled.run(work)),
    ownGate: repeat(() => gate.run(work, { priority: 'high' })),
    cockatiel: repeat(() => wrapped.execute(work)),
    cockatielCheaper: repeat(() => cheaper.execute(work)),
    cockatielBulkhead: repeat(() => bulkhead.execute(work)),
    cockatielBreaker: repeat(() => consecutive.execute(work)),
    cockatielSampling: repeat(() => sampling.execute(work)),
    opossum: repeat(() => opossum.fire()),
    pRetry: repeat(() => pRetry(work, { retries: 2 })),
    mollitia: repeat(() => circuit.execute()),
    effect: repeat(() => Effect.runPromise(effect)),
    pQueue: repeat(() => queue.add(work, { priority: 1 })),
    bottleneck: repeat(() => bottleneck.schedule({ priority: 1 }, work)),
  };
  return { callers, close: () => opossum.shutdown() };
}

/** One call after the other against an open breaker. */
export async function createRefused() {
  const own = ownBreaker();
  own.breaker?.trip('bench');
  const control = own.breaker;
  const policy = cockatielBreaker();
  policy.isolate();
  const opossum = opossumBreaker();
  opossum.open();
  const quiet = (call: () => Promise<unknown>): Contestant => repeat(() => call().catch(() => undefined));
  return {
    callers: {
      ownThrown: quiet(() => own.run(work)),
      ownOutcome: repeat(() => own.attempt(work)),
      ownPermit: async (times: number) => {
        for (let time = 0; time < times; time++) if (control?.permit() !== null) throw FAILURE;
      },
      cockatiel: quiet(() => policy.execute(work)),
      opossum: quiet(() => opossum.fire()),
    },
    close: () => opossum.shutdown(),
  };
}

/** A failing call, with as many calls in the window of the breaker. */
export async function createFailing(callsInWindow: number) {
  const own = createPipeline(
    {
      breaker: {
        trip: { kind: 'time-window', windowMs: 600_000, minCalls: 1_000_000_000, failureRate: 1, slowRate: 1, slowMs: 60_000 },
        openMs: 30_000,
      },
    },
    { key: 'server-1' },
  );
  const opossum = new CircuitBreaker(async (isWell: boolean) => (isWell ? 1 : fail()), {
    errorThresholdPercentage: 100,
    volumeThreshold: 1_000_000_000,
    rollingCountTimeout: 600_000,
  });
  for (let call = 0; call < callsInWindow; call++) {
    await own.run(work);
    await opossum.fire(true);
  }
  return {
    own: repeat(() => own.attempt(fail)),
    opossum: repeat(() => opossum.fire(false).catch(() => undefined)),
    close: () => opossum.shutdown(),
  };
}

/** A call that is given up while that many others wait. */
export function createAborts(waiting: number): Contestant {
  const gate = createPipeline({ admission: { maxConcurrent: 1, queue: { maxWaiting: waiting + 1 } } }, { key: 'server-1' });
  for (let call = 0; call <= waiting; call++) void gate.run(() => new Promise<never>(() => undefined));
  return repeat(() => {
    const controller = new AbortController();
    const call = gate.attempt(work, { priority: 'high', signal: controller.signal });
    controller.abort(FAILURE);
    return call;
  });
}

/** That many jobs at once, of four priorities, four at a time. */
export function createCrowd(size: number): { readonly own: Contestant; readonly ownKeyed: Contestant; readonly pQueue: Contestant } {
  const levels = ['critical', 'high', 'normal', 'low'] as const;
  const crowd = async (times: number, add: (index: number) => Promise<unknown>): Promise<void> => {
    for (let done = 0; done < times; done += size) await Promise.all(Array.from({ length: size }, (_, index) => add(index)));
  };
  const gate = createPipeline({ admission: { maxConcurrent: 4, queue: { maxWaiting: size } } }, { key: 'server-1' });
  const queue = new PQueue({ concurrency: 4 });
  const inSteps = (add: (index: number) => Promise<unknown>): Contestant =>
    Object.assign((times: number) => crowd(times, add), { step: size });
  return {
    own: inSteps((index) => gate.run(work, { priority: levels[index % 4] ?? 'normal' })),
    ownKeyed: inSteps((index) => gate.run(work, { priority: levels[index % 4] ?? 'normal', fairKey: `person-${index % 50}` })),
    pQueue: inSteps((index) => queue.add(work, { priority: index % 4 })),
  };
}
