import type { QueueStats, Server } from '@breakwater/contract';
import type { Fleet } from '@breakwater/fleet';
import { toServerId } from '@breakwater/kernel';
import type { HttpFigures } from './http-figures.ts';
import { formatMetric, type Sample } from './metrics-text.ts';

const BREAKER_STATES = ['closed', 'half_open', 'open'] as const;
const CLASSES = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const;

export interface MetricSources {
  readonly fleet: Fleet;
  readonly http: HttpFigures;
  readonly streamCount: () => number;
  readonly consoleCount: () => number;
  /** Seconds: how late the event loop ran its timers at the 99th percentile since the last call. */
  readonly readLoopLagS: () => number;
  readonly memoryBytes: () => number;
}

/** All figures of the portal and of its servers as Prometheus text. Servers are labelled by name and id. */
export function collectMetrics(sources: MetricSources): string {
  const stats = sources.fleet.queueStats();
  const servers = sources.fleet.servers();
  return [
    ...serverMetrics(servers, sources.fleet),
    ...queueMetrics(stats),
    ...screenMetrics(stats, servers),
    formatMetric({
      name: 'portal_vms',
      kind: 'gauge',
      help: 'Machines known, by server and whether they are running.',
      samples: servers.flatMap((server) => [
        { labels: { ...labelsOf(server), power: 'on' }, value: server.vm_on_count },
        { labels: { ...labelsOf(server), power: 'other' }, value: server.vm_count - server.vm_on_count },
      ]),
    }),
    gauge('portal_console_sessions', 'Consoles open now.', sources.consoleCount()),
    gauge('portal_sse_clients', 'Event streams open now.', sources.streamCount()),
    gauge('portal_eventloop_lag_seconds', 'Event loop delay, 99th percentile since the last scrape.', sources.readLoopLagS()),
    gauge('process_resident_memory_bytes', 'Resident memory of the process.', sources.memoryBytes()),
    formatMetric({
      name: 'portal_http_request_duration_seconds',
      kind: 'summary',
      help: 'Time to answer API requests, by route and status.',
      samples: sources.http.samples(),
    }),
  ].join('');
}

const labelsOf = (server: { readonly id: string; readonly name: string }): Record<string, string> => ({
  host: server.name,
  server_id: server.id,
});

const gauge = (name: string, help: string, value: number): string => formatMetric({ name, kind: 'gauge', help, samples: [{ value }] });

function serverMetrics(servers: readonly Server[], fleet: Fleet): readonly string[] {
  const ages = servers.flatMap((server) => {
    const ageS = fleet.machineList(toServerId(server.id)).cache_age;
    return ageS === null ? [] : [{ labels: labelsOf(server), value: ageS }];
  });
  return [
    formatMetric({
      name: 'portal_host_state',
      kind: 'gauge',
      help: 'State of a server: 1 for the one it is in.',
      samples: servers.map((server) => ({ labels: { ...labelsOf(server), state: server.state }, value: 1 })),
    }),
    formatMetric({ name: 'portal_host_data_age_seconds', kind: 'gauge', help: 'Age of what is known of a server.', samples: ages }),
    formatMetric({
      name: 'portal_host_request_delay_seconds',
      kind: 'gauge',
      help: 'Pause between requests that the adaptive limiter keeps now.',
      samples: servers.map((server) => ({ labels: labelsOf(server), value: server.delay_ms / 1_000 })),
    }),
  ];
}

function queueMetrics(stats: QueueStats): readonly string[] {
  const servers = Object.entries(stats.servers).map(([id, server]) => ({ ...server, labels: labelsOf({ id, name: server.name }) }));
  const perServer = (read: (server: (typeof servers)[number]) => number): Sample[] =>
    servers.map((server) => ({ labels: server.labels, value: read(server) }));
  const waits = servers.flatMap((server) =>
    CLASSES.flatMap((name) => {
      const { total_requests: count, total_wait_time: waited } = server.queue.by_priority[name];
      const labels = { ...server.labels, class: name };
      return [
        { labels, value: waited, suffix: '_sum' as const },
        { labels, value: count, suffix: '_count' as const },
      ];
    }),
  );
  return [
    formatMetric({
      name: 'portal_host_breaker_state',
      kind: 'gauge',
      help: 'Circuit breaker of a server: 0 closed, 1 half open, 2 open.',
      samples: perServer((server) => BREAKER_STATES.indexOf(server.circuit_breaker.state)),
    }),
    formatMetric({
      name: 'portal_host_breaker_failures',
      kind: 'gauge',
      help: 'Failures that the circuit breaker counts now.',
      samples: perServer((server) => server.circuit_breaker.failure_count),
    }),
    formatMetric({
      name: 'portal_host_requests_total',
      kind: 'counter',
      help: 'Requests sent to a server, by priority class.',
      samples: servers.flatMap((server) =>
        CLASSES.map((name) => ({ labels: { ...server.labels, class: name }, value: server.queue.by_priority[name].total_requests })),
      ),
    }),
    formatMetric({ name: 'portal_host_queue_wait_seconds', kind: 'summary', help: 'Time requests waited for their turn.', samples: waits }),
    formatMetric({
      name: 'portal_host_requests_active',
      kind: 'gauge',
      help: 'Requests that a server is working on.',
      samples: perServer((server) => server.queue.active_requests),
    }),
    formatMetric({
      name: 'portal_host_requests_waiting',
      kind: 'gauge',
      help: 'Requests that wait for their turn.',
      samples: perServer((server) => server.queue.waiting_requests),
    }),
    formatMetric({
      name: 'portal_host_pool_available',
      kind: 'gauge',
      help: 'Connections to a server that a request could use now.',
      samples: perServer((server) => server.pool.available_connections),
    }),
    formatMetric({
      name: 'portal_host_pool_errors_total',
      kind: 'counter',
      help: 'Connections to a server that failed.',
      samples: perServer((server) => server.pool.errors),
    }),
    formatMetric({
      name: 'portal_host_pool_reconnects_total',
      kind: 'counter',
      help: 'Connections to a server that were opened again.',
      samples: perServer((server) => server.pool.reconnects),
    }),
  ];
}

function screenMetrics(stats: QueueStats, servers: readonly Server[]): readonly string[] {
  const cycles = servers.flatMap((server) => {
    const refresh = stats.thumbnail_refresh[server.id];
    return refresh === undefined ? [] : [{ labels: labelsOf(server), refresh }];
  });
  return [
    gauge('portal_thumbnails', 'Screens kept now.', stats.cache.thumbnail_count),
    formatMetric({
      name: 'portal_thumbnail_cycle_seconds',
      kind: 'gauge',
      help: 'How long the last round over the screens of a server took.',
      samples: cycles.flatMap(({ labels, refresh }) =>
        refresh.last_cycle_duration === null ? [] : [{ labels, value: refresh.last_cycle_duration }],
      ),
    }),
    formatMetric({
      name: 'portal_thumbnails_refreshed_total',
      kind: 'counter',
      help: 'Screens taken.',
      samples: cycles.map(({ labels, refresh }) => ({ labels, value: refresh.thumbnails_refreshed })),
    }),
    formatMetric({
      name: 'portal_thumbnail_errors_total',
      kind: 'counter',
      help: 'Screens that could not be taken.',
      samples: cycles.map(({ labels, refresh }) => ({ labels, value: refresh.errors })),
    }),
  ];
}
