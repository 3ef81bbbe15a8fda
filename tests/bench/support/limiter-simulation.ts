import { createSeededRandom, type Priority, type Random } from '@breakwater/kernel';
import {
  type AdmissionSpec,
  type CallContext,
  createPipeline,
  exponentialBackoff,
  type Pipeline,
  type PipelineSpec,
  type Settlement,
  type Verdict,
} from '@breakwater/resilience';
import { SCENARIO_SECONDS, type Scenario, type ServerState } from './limiter-scenarios.ts';
import { quantile } from './process-figures.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface LimiterFigures {
  /** Answered calls divided by what the server could have answered. */
  readonly goodput: number;
  /** Failed share of all attempts. */
  readonly errors: number;
  /** 99th percentile of calls a person waits for, queue and repetitions included. */
  readonly interactiveS: number;
  /** Worst time to four fifths of a new capacity with few errors. */
  readonly convergenceS: number;
}

const REJECTION_MS = 20;
/** What a rejection costs the server, taken from the next calls at work. */
const REJECTION_COST_MS = 12;
const LARGEST_COST_MS = 300;
/** Each waiting call slows the server by this share. */
const SLOWDOWN = 0.03;
/** A call that failed for good counts as this long. */
const FAILED_S = 10;

const BACKGROUND_CALLS = 70;
const ARRIVALS: readonly { readonly priority: Priority; readonly perSecond: number }[] = [
  { priority: 'critical', perSecond: 1 },
  { priority: 'high', perSecond: 0.5 },
  { priority: 'low', perSecond: 0.5 },
];

/** The server's no. One for all, because making an error costs more than the whole simulated call. */
const REJECTED = new Error('503');

interface Work {
  readonly resolve: () => void;
}

class SimulatedServer {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #scenario: Scenario;
  readonly #waiting: Work[] = [];
  #busy = 0;
  #costMs = 0;
  #tokens: number;
  #tokensAtMs = 0;

  constructor(scenario: Scenario, options: { readonly clock: VirtualClock; readonly random: Random }) {
    this.#scenario = scenario;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#tokens = scenario.state(0).rate?.burst ?? 0;
  }

  get state(): ServerState {
    return this.#scenario.state(this.#clock.now() / 1_000);
  }

  call(): Promise<void> {
    return new Promise((resolve, reject) => {
      const state = this.state;
      const refuse = (): void => void this.#clock.after(REJECTION_MS, () => reject(REJECTED));
      if (state.outage || !this.#takeToken(state)) {
        refuse();
      } else if (this.#busy < state.workers) {
        this.#work({ resolve }, state);
      } else if (this.#waiting.length < state.queue) {
        this.#waiting.push({ resolve });
      } else {
        this.#costMs += REJECTION_COST_MS;
        refuse();
      }
    });
  }

  #takeToken({ rate }: ServerState): boolean {
    if (rate === null) return true;
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(rate.burst, this.#tokens + ((nowMs - this.#tokensAtMs) * rate.perSecond) / 1_000);
    this.#tokensAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #work(work: Work, state: ServerState): void {
    this.#busy++;
    const costMs = Math.min(this.#costMs, LARGEST_COST_MS);
    this.#costMs -= costMs;
    // Divided by its own mean, so that a wider spread does not make the server slower.
    const spread = Math.exp(state.sigma * toNormal(this.#random) - state.sigma ** 2 / 2);
    this.#clock.after(state.serviceMs * spread * (1 + SLOWDOWN * this.#waiting.length) + costMs, () => {
      this.#busy--;
      work.resolve();
      const now = this.state;
      while (this.#busy < now.workers) {
        const next = this.#waiting.shift();
        if (next === undefined) break;
        this.#work(next, now);
      }
    });
  }
}

class Tally {
  readonly ok = new Uint32Array(SCENARIO_SECONDS + 1);
  readonly bad = new Uint32Array(SCENARIO_SECONDS + 1);
  readonly interactiveS: number[] = [];
}

/** One run of a scenario, through the real pipeline, in virtual time. */
export async function simulate(
  scenario: Scenario,
  options: { readonly createAdmission: (scenario: Scenario) => AdmissionSpec; readonly seed: number },
): Promise<LimiterFigures> {
  const clock = new VirtualClock();
  const random = createSeededRandom(options.seed);
  const server = new SimulatedServer(scenario, { clock, random });
  const tally = new Tally();
  for (let index = 0; index < scenario.clients; index++) {
    const admission = options.createAdmission(scenario);
    const pipeline = createPipeline(toSpec(scenario, { admission, server, clock, tally }), {
      key: `client ${index + 1}`,
      clock,
      random,
      onEvent: (event) => {
        if (event.kind === 'attempt.abandoned') count(tally.bad, clock);
      },
    });
    startClient(pipeline, { scenario, server, clock, random, tally });
  }
  await clock.runUntil(SCENARIO_SECONDS * 1_000);
  return toFigures(scenario, tally);
}

interface World {
  readonly server: SimulatedServer;
  readonly clock: VirtualClock;
  readonly tally: Tally;
}

function toSpec(scenario: Scenario, world: World & { readonly admission: AdmissionSpec }): PipelineSpec {
  const { server, clock, tally, admission } = world;
  const success: Verdict = { kind: 'success' };
  const plain: Verdict = { kind: 'throttled' };
  return {
    retry: { attempts: 4, backoff: exponentialBackoff({ firstMs: 400, capMs: 2_000 }) },
    // Four lines, first come first served in each: no aging, and no bound that would turn somebody away.
    admission: { interactiveReserve: 0, queue: { maxWaiting: 1_000_000, agingMs: 1e9 }, ...admission },
    // The client hangs up, and the server works on unnoticed.
    attempt: { timeoutMs: scenario.timeoutMs, abandonedMs: 0 },
    classify: (settlement: Settlement) => {
      count(settlement.ok ? tally.ok : tally.bad, clock);
      if (settlement.ok) return success;
      const { retryAfterMs } = server.state;
      return retryAfterMs === undefined ? plain : { kind: 'throttled', retryAfterMs };
    },
  };
}

function startClient(pipeline: Pipeline, world: World & { readonly scenario: Scenario; readonly random: Random }): void {
  const { server, clock, random, scenario, tally } = world;
  const callee = (_context: CallContext): Promise<void> => server.call();
  const refresh = (): void => void pipeline.attempt(callee, { priority: 'normal' }).then(refresh);
  for (let index = 0; index < BACKGROUND_CALLS; index++) refresh();
  for (const { priority, perSecond } of ARRIVALS) {
    const arrive = (): void => {
      clock.after((-Math.log(1 - random()) / perSecond) * 1_000, arrive);
      const arrivedMs = clock.now();
      // Nobody is served during an outage, whatever the limiter does.
      const isCounted = priority !== 'low' && !isNearOutage(scenario, arrivedMs / 1_000);
      void pipeline.attempt(callee, { priority, idempotent: true }).then((outcome) => {
        if (isCounted) tally.interactiveS.push(outcome.ok ? (clock.now() - arrivedMs) / 1_000 : FAILED_S);
      });
    };
    clock.after((-Math.log(1 - random()) / perSecond) * 1_000, arrive);
  }
}

function isNearOutage(scenario: Scenario, second: number): boolean {
  return scenario.state(second).outage || scenario.state(second + 5).outage;
}

function count(seconds: Uint32Array, clock: VirtualClock): void {
  const second = Math.floor(clock.now() / 1_000);
  seconds[second] = (seconds[second] ?? 0) + 1;
}

function toFigures(scenario: Scenario, tally: Tally): LimiterFigures {
  let possible = 0;
  for (let second = 0; second < SCENARIO_SECONDS; second++) possible += scenario.capacity(second);
  const ok = sum(tally.ok, 0, SCENARIO_SECONDS);
  const bad = sum(tally.bad, 0, SCENARIO_SECONDS);
  const convergence = scenario.changesS.map((fromS, index) =>
    toConvergenceS(scenario, { tally, fromS, toS: scenario.changesS[index + 1] ?? SCENARIO_SECONDS }),
  );
  return {
    goodput: ok / possible,
    errors: bad / (ok + bad),
    interactiveS: quantile(tally.interactiveS, 0.99),
    convergenceS: Math.max(...convergence),
  };
}

/** Until five seconds in a row bring four fifths of the capacity with fewer than 15 % errors; the whole phase when they never do. */
function toConvergenceS(scenario: Scenario, phase: { readonly tally: Tally; readonly fromS: number; readonly toS: number }): number {
  const { tally, fromS, toS } = phase;
  for (let second = fromS; second + 5 <= toS; second++) {
    const ok = sum(tally.ok, second, second + 5);
    if (ok >= 0.8 * 5 * scenario.capacity(second + 2) && sum(tally.bad, second, second + 5) <= 0.15 * ok) return second - fromS;
  }
  return toS - fromS;
}

function sum(seconds: Uint32Array, from: number, to: number): number {
  return seconds.subarray(from, to).reduce((total, value) => total + value, 0);
}

function toNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
