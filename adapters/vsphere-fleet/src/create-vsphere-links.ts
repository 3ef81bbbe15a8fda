import type { ServerCredentials, ServerLinks, ServerRecord } from '@breakwater/fleet';
import { type Clock, type Logger, type Random, systemRandom } from '@breakwater/kernel';
import {
  createPipeline,
  ESXI_LIMITS,
  ESXI_SCREEN_TIMEOUT_MS,
  type EsxiLimits,
  esxiPreset,
  type LimiterSpec,
  type Pipeline,
  type ResilienceEvent,
  type SharedBreakers,
  toLogLines,
} from '@breakwater/resilience';
import { type Transport, withPipeline } from '@breakwater/transport';
import { classifyVsphereOutcome, createVsphereClient } from '@breakwater/vsphere';
import { BreakerProbe } from './breaker-probe.ts';
import { openRoad } from './open-road.ts';
import { probeServer, testServer } from './server-test.ts';
import { type CallTimes, VsphereLink } from './vsphere-link.ts';

export interface VsphereLinksDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: the system's. */
  readonly random?: Random;
  /** Hears what happens in the pipelines, by server id; it is logged in any case. */
  readonly onEvent?: (event: ResilienceEvent) => void;
  /** Shares the breakers with other portals that manage the same servers. */
  readonly shared?: SharedBreakers | undefined;
  readonly options?: Partial<VsphereLinksOptions>;
}

const LIMITERS = {
  'paced-window': { kind: 'pacedWindow' },
  delay: { kind: 'delay' },
  'delay-as-written': { kind: 'delay', law: 'as-written' },
  aimd: { kind: 'aimd' },
  fixed: { kind: 'fixed' },
} as const satisfies Readonly<Record<string, LimiterSpec>>;

export type LimiterName = keyof typeof LIMITERS;

export interface VsphereLinksOptions {
  /** What differs from `ESXI_LIMITS` (spec 01). */
  readonly limits: Partial<EsxiLimits>;
  /** How what a server stands is learned inside these limits. Default: `paced-window`; `delay` is the law of spec 02, repaired; `delay-as-written` word for word. */
  readonly limiter: LimiterName;
  /** Connections for calls, per server; the wait for news has one of its own. Spec 02: 5. */
  readonly poolSize: number;
  /** How long an unused connection is kept. Spec 02: 5 min. */
  readonly connectionTtlMs: number;
  /** Spec 01: 20 s. */
  readonly screenTimeoutMs: number;
  /** How often a quiet server confirms that nothing has changed. Spec 02: a cycle of 30 s. */
  readonly confirmIntervalMs: number;
  /** Certificates (PEM) that servers with `verifySsl` may chain to, instead of the public ones. */
  readonly authoritiesPem?: string;
}

export const DEFAULT_VSPHERE_LINKS_OPTIONS: VsphereLinksOptions = {
  limits: {},
  limiter: 'paced-window',
  poolSize: 5,
  connectionTtlMs: 300_000,
  screenTimeoutMs: ESXI_SCREEN_TIMEOUT_MS,
  confirmIntervalMs: 30_000,
};

/** The fleet's ports on vSphere: per server one session, one set of connections and one pipeline around every call. */
export function createVsphereLinks(deps: VsphereLinksDependencies): ServerLinks {
  const { clock, logger } = deps;
  const options: VsphereLinksOptions = { ...DEFAULT_VSPHERE_LINKS_OPTIONS, ...deps.options };
  const requestTimeoutMs = options.limits.requestTimeoutMs ?? ESXI_LIMITS.requestTimeoutMs;
  const road = (record: ServerRecord, connections: number): Transport =>
    openRoad(record, {
      clock,
      connections,
      connectionTtlMs: options.connectionTtlMs,
      requestTimeoutMs,
      authoritiesPem: options.authoritiesPem,
    });
  return {
    limits: {
      maxConcurrent: options.limits.maxConcurrent ?? ESXI_LIMITS.maxConcurrent,
      minIntervalMs: options.limits.minIntervalMs ?? ESXI_LIMITS.minIntervalMs,
      failureThreshold: options.limits.failureThreshold ?? ESXI_LIMITS.failureThreshold,
      requestTimeoutMs,
    },
    open(record, credentials) {
      const linkLogger = logger.with({ serverId: record.id });
      const bare = road(record, options.poolSize + 1);
      let link: VsphereLink | null = null;
      const times: CallTimes = { requestMs: requestTimeoutMs, screenMs: options.screenTimeoutMs };
      const pipeline = openPipeline(record, {
        ...deps,
        logger: linkLogger,
        ...options,
        onOpened: () => probe?.start(),
        onClosed: () => link?.breakerClosed(),
      });
      const guarded = withPipeline(bare, { pipeline });
      const probe = pipeline.breaker === null ? null : new BreakerProbe({ clock, breaker: pipeline.breaker, transport: guarded });
      const client = createVsphereClient({
        transport: letSignOut(limitTimes(guarded, times), bare),
        ...toSignIn(credentials),
        clock,
        logger: linkLogger,
        maxWaitMs: options.confirmIntervalMs,
      });
      link = new VsphereLink({ record, client, pipeline, probe, road: bare, clock, times, authoritiesPem: options.authoritiesPem });
      return link;
    },
    test: (record, credentials, { signal }) =>
      testServer(record, toSignIn(credentials), {
        clock,
        logger: logger.with({ serverId: record.id }),
        signal,
        openRoad: () => road(record, 1),
      }),
    probe: (address, { signal }) => probeServer(address, { clock, signal }),
  };
}

const toSignIn = ({ user, password }: ServerCredentials): ServerCredentials => ({ user, password });

function openPipeline(
  record: ServerRecord,
  deps: Pick<VsphereLinksDependencies, 'clock' | 'logger' | 'random' | 'onEvent' | 'shared'> & {
    readonly limits: Partial<EsxiLimits>;
    readonly limiter: LimiterName;
    onOpened(): void;
    onClosed(): void;
  },
): Pipeline {
  const { clock, logger, random = systemRandom } = deps;
  const spec = esxiPreset({ limits: deps.limits, limiter: LIMITERS[deps.limiter], classify: classifyVsphereOutcome });
  const onEvent = (event: ResilienceEvent): void => {
    for (const { level, text } of toLogLines(event)) logger[level](text);
    if (event.kind === 'breaker.opened') deps.onOpened();
    if (event.kind === 'breaker.reset' || event.kind === 'breaker.closed') deps.onClosed();
    deps.onEvent?.(event);
  };
  // Every portal has ids of its own for the same servers; their addresses are the same.
  const sharedKey = `vsphere ${record.host.toLowerCase()}:${record.port}`;
  return createPipeline(spec, { key: record.id, clock, random, onEvent, shared: deps.shared, sharedKey });
}

/** A host takes its time to draw, but nobody waits longer than this for a picture; and the next cycle is the repetition. */
function limitTimes(transport: Transport, times: CallTimes): Transport {
  return {
    origin: transport.origin,
    exchange: (request, read) =>
      request.operation === 'GET /screen'
        ? transport.exchange({ ...request, timeoutMs: times.screenMs, idempotent: false }, read)
        : transport.exchange(request.timeoutMs === undefined ? { ...request, timeoutMs: times.requestMs } : request, read),
    pool: () => transport.pool(),
    close: () => transport.close(),
  };
}

/**
 * The goodbye passes an open breaker and a full queue: it is one small call, the last, and it frees the server of a session
 * that would else stay until it times out.
 */
function letSignOut(guarded: Transport, bare: Transport): Transport {
  return {
    origin: guarded.origin,
    exchange: (request, read) => (request.operation === 'Logout' ? bare : guarded).exchange(request, read),
    pool: () => guarded.pool(),
    close: () => guarded.close(),
  };
}
