import type { QueueStats, Server } from '@breakwater/contract';
import type { Fleet } from '@breakwater/fleet';
import { toServerId } from '@breakwater/kernel';
import { type MetricFamily, type MetricSample, toMetricFamilies } from '@breakwater/resilience';
import type { HttpFigures } from './http-figures.ts';

export interface MetricSources {
  readonly fleet: Fleet;
  readonly http: HttpFigures;
  readonly streamCount: () => number;
  readonly consoleCount: () => number;
  /** Seconds: how late the event loop ran its timers at the 99th percentile since the last call. */
  readonly readLoopLagS: () => number;
  readonly memoryBytes: () => number;
  /** Absent where no state is shared. */
  readonly sharedState?: (() => SharedStateFigures) | undefined;
}

/** What this portal shares with others, and whether it can at this moment. */
export interface SharedStateFigures {
  readonly status: 'connecting' | 'ok' | 'degraded';
  /** Portals that are alive, this one included. */
  readonly instances: number;
  readonly notClosed: number;
  readonly droppedWrites: number;
}

/** All figures of the portal and of its servers. Servers are labelled by name and id. */
export function collectMetrics(sources: MetricSources): readonly MetricFamily[] {
  const { fleet } = sources;
  const stats = fleet.queueStats();
  const servers = fleet.servers();
  const named = new Map(servers.map((server) => [server.id, labelsOf(server)]));
  return [
    ...serverMetrics(servers, fleet),
    ...toMetricFamilies(fleet.pipelines(), { prefix: 'portal_host', labels: (id) => named.get(id) ?? labelsOf({ id, name: id }) }),
    ...poolMetrics(stats),
    ...screenMetrics(stats, servers),
    {
      name: 'portal_vms',
      kind: 'gauge',
      help: 'Machines known, by server and whether they are running.',
      samples: servers.flatMap((server) => [
        { labels: { ...labelsOf(server), power: 'on' }, value: server.vm_on_count },
        { labels: { ...labelsOf(server), power: 'other' }, value: server.vm_count - server.vm_on_count },
      ]),
    },
    ...sharedStateMetrics(sources.sharedState?.()),
    gauge('portal_console_sessions', 'Consoles open now.', sources.consoleCount()),
    gauge('portal_sse_clients', 'Event streams open now.', sources.streamCount()),
    gauge('portal_eventloop_lag_seconds', 'Event loop delay, 99th percentile since the last scrape.', sources.readLoopLagS()),
    gauge('process_resident_memory_bytes', 'Resident memory of the process.', sources.memoryBytes()),
    {
      name: 'portal_http_request_duration_seconds',
      kind: 'summary',
      help: 'Time to answer API requests, by route and status.',
      samples: sources.http.samples(),
    },
  ];
}

const labelsOf = (server: { readonly id: string; readonly name: string }): Record<string, string> => ({
  host: server.name,
  server_id: server.id,
});

const gauge = (name: string, help: string, value: number): MetricFamily => ({ name, kind: 'gauge', help, samples: [{ value }] });

function sharedStateMetrics(figures: SharedStateFigures | undefined): readonly MetricFamily[] {
  if (figures === undefined) return [];
  return [
    gauge(
      'portal_shared_state_up',
      'Whether circuit breakers are shared with other portals now; 0: each decides alone.',
      figures.status === 'ok' ? 1 : 0,
    ),
    gauge('portal_shared_state_instances', 'Portals that share their circuit breakers, this one included.', figures.instances),
    gauge('portal_shared_breakers_not_closed', 'Circuit breakers that all portals together keep open or are probing.', figures.notClosed),
    {
      name: 'portal_shared_state_dropped_total',
      kind: 'counter',
      help: 'Messages to the other portals that were given up.',
      samples: [{ value: figures.droppedWrites }],
    },
  ];
}

function serverMetrics(servers: readonly Server[], fleet: Fleet): readonly MetricFamily[] {
  const ages = servers.flatMap((server) => {
    const ageS = fleet.machineList(toServerId(server.id)).cache_age;
    return ageS === null ? [] : [{ labels: labelsOf(server), value: ageS }];
  });
  return [
    {
      name: 'portal_host_state',
      kind: 'gauge',
      help: 'State of a server: 1 for the one it is in.',
      samples: servers.map((server) => ({ labels: { ...labelsOf(server), state: server.state }, value: 1 })),
    },
    { name: 'portal_host_data_age_seconds', kind: 'gauge', help: 'Age of what is known of a server.', samples: ages },
  ];
}

function poolMetrics(stats: QueueStats): readonly MetricFamily[] {
  const servers = Object.entries(stats.servers).map(([id, server]) => ({ ...server, labels: labelsOf({ id, name: server.name }) }));
  const perServer = (read: (server: (typeof servers)[number]) => number): MetricSample[] =>
    servers.map((server) => ({ labels: server.labels, value: read(server) }));
  return [
    {
      name: 'portal_host_pool_available',
      kind: 'gauge',
      help: 'Connections to a server that a request could use now.',
      samples: perServer((server) => server.pool.available_connections),
    },
    {
      name: 'portal_host_pool_errors_total',
      kind: 'counter',
      help: 'Connections to a server that failed.',
      samples: perServer((server) => server.pool.errors),
    },
    {
      name: 'portal_host_pool_reconnects_total',
      kind: 'counter',
      help: 'Connections to a server that were opened again.',
      samples: perServer((server) => server.pool.reconnects),
    },
  ];
}

function screenMetrics(stats: QueueStats, servers: readonly Server[]): readonly MetricFamily[] {
  const cycles = servers.flatMap((server) => {
    const refresh = stats.thumbnail_refresh[server.id];
    return refresh === undefined ? [] : [{ labels: labelsOf(server), refresh }];
  });
  return [
    gauge('portal_thumbnails', 'Screens kept now.', stats.cache.thumbnail_count),
    {
      name: 'portal_thumbnail_cycle_seconds',
      kind: 'gauge',
      help: 'How long the last round over the screens of a server took.',
      samples: cycles.flatMap(({ labels, refresh }) =>
        refresh.last_cycle_duration === null ? [] : [{ labels, value: refresh.last_cycle_duration }],
      ),
    },
    {
      name: 'portal_thumbnails_refreshed_total',
      kind: 'counter',
      help: 'Screens taken.',
      samples: cycles.map(({ labels, refresh }) => ({ labels, value: refresh.thumbnails_refreshed })),
    },
    {
      name: 'portal_thumbnail_errors_total',
      kind: 'counter',
      help: 'Screens that could not be taken.',
      samples: cycles.map(({ labels, refresh }) => ({ labels, value: refresh.errors })),
    },
  ];
}
