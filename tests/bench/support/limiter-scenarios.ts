/** What a simulated server stands at one moment. */
export interface ServerState {
  readonly workers: number;
  /** Mean time of one call at work. */
  readonly serviceMs: number;
  /** Spread of the logarithm of the service time. */
  readonly sigma: number;
  /** Calls that wait in the server; the next one is rejected. */
  readonly queue: number;
  readonly outage: boolean;
  /** Null: only the workers limit it. */
  readonly rate: { readonly perSecond: number; readonly burst: number } | null;
  /** What a rejection asks for; undefined without the header. */
  readonly retryAfterMs: number | undefined;
}

export interface Scenario {
  readonly name: string;
  readonly clients: number;
  readonly timeoutMs: number;
  /** Instants (s) at which the capacity changes. */
  readonly changesS: readonly number[];
  state(second: number): ServerState;
  /** Calls per second that an all-knowing client would get answered. */
  capacity(second: number): number;
}

export const SCENARIO_SECONDS = 300;

const PLAIN: ServerState = {
  workers: 6,
  serviceMs: 250,
  sigma: 0.3,
  queue: 4,
  outage: false,
  rate: null,
  retryAfterMs: undefined,
};

function workersOfA(second: number): number {
  if (second < 60) return 6;
  if (second < 120) return 2;
  return second < 180 ? 8 : 4;
}

const isOutageOfA = (second: number): boolean => second >= 180 && second < 195;

function rateLimited(name: string, retryAfterMs: number | undefined): Scenario {
  const state: ServerState = { ...PLAIN, workers: 8, queue: 8, rate: { perSecond: 3, burst: 5 }, retryAfterMs };
  return { name, clients: 1, timeoutMs: 5_000, changesS: [0], state: () => state, capacity: () => 3 };
}

/** Six servers that do not say what they stand. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'A  workers 6 > 2 > 8 > outage > 4',
    clients: 1,
    timeoutMs: 5_000,
    changesS: [0, 60, 120, 195],
    state: (second) => ({ ...PLAIN, workers: workersOfA(second), outage: isOutageOfA(second) }),
    capacity: (second) => (isOutageOfA(second) ? 0 : workersOfA(second) * 4),
  },
  rateLimited('B  3 calls a second, Retry-After 2 s', 2_000),
  rateLimited('B2 3 calls a second, no header', undefined),
  {
    name: 'C  heavy tail of latency',
    clients: 1,
    timeoutMs: 8_000,
    changesS: [0],
    state: () => ({ ...PLAIN, workers: 5, serviceMs: 400, sigma: 1 }),
    capacity: () => 12.5,
  },
  {
    name: 'D  never rejects, deep queue, workers 4 > 2',
    clients: 1,
    timeoutMs: 5_000,
    changesS: [0, 150],
    state: (second) => ({ ...PLAIN, workers: second < 150 ? 4 : 2, queue: 400 }),
    capacity: (second) => (second < 150 ? 16 : 8),
  },
  { name: 'E  two clients share it', clients: 2, timeoutMs: 5_000, changesS: [0], state: () => PLAIN, capacity: () => 24 },
];
