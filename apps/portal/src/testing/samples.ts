import type {
  BreakerStats,
  DeadLetterView,
  Machine,
  Operation,
  PoolStats,
  QueueFigures,
  QueueStats,
  ResilienceHistory,
  Server,
  ServerLimits,
  ServerResilience,
} from '@breakwater/contract';

const INSTANT = '2026-01-01T00:00:00.000Z';

export const makeServer = (server: Partial<Server> & { readonly id: string }): Server => ({
  name: server.id,
  host: '192.0.2.10',
  port: 443,
  user: 'root',
  verify_ssl: false,
  pinned_sha256: null,
  enabled: true,
  paused: false,
  polling_paused: false,
  has_password: true,
  state: 'live',
  problem_code: null,
  problem: null,
  retry_at: null,
  data_at: INSTANT,
  vm_count: 0,
  vm_on_count: 0,
  product: 'Fake ESXi 8.0',
  api_type: 'HostAgent',
  delay_ms: 150,
  cpu_percent: 10,
  memory_percent: 40,
  offered_certificate: null,
  ...server,
});

export const makeMachine = (machine: Partial<Machine> & { readonly server_id: string; readonly moid: string }): Machine => ({
  name: machine.moid,
  power_state: 'poweredOn',
  guest_os: 'Debian GNU/Linux 12 (64-bit)',
  memory_mb: 4_096,
  num_cpu: 2,
  guest_ip: '192.0.2.77',
  host_name: 'esx-01.example.org',
  guest_host_name: 'guest-01',
  ip_addresses: ['192.0.2.77', '2001:db8::77'],
  tools: 'running',
  is_template: false,
  is_accessible: true,
  instance_uuid: '50000000-0000-4000-8000-000000000001',
  annotation: null,
  boot_time: INSTANT,
  question: null,
  cpu_percent: 5,
  memory_percent: 30,
  disk_used_bytes: 10_737_418_240,
  disk_total_bytes: 21_474_836_480,
  screen_hash: null,
  screen_at: null,
  screen_problem: null,
  ...machine,
});

export const makeOperation = (operation: Partial<Operation> & { readonly id: string }): Operation => ({
  kind: 'power_on',
  server_id: 'a',
  moid: '1',
  machine_name: 'vm-1',
  actor: 'tester',
  state: 'queued',
  progress_percent: null,
  error_code: null,
  error: null,
  details: null,
  created_at: INSTANT,
  updated_at: INSTANT,
  ...operation,
});

export const makeLetter = (letter: Partial<DeadLetterView> & { readonly id: string }): DeadLetterView => ({
  server_id: 'a',
  moid: '1',
  machine_name: 'vm-1',
  verb: 'power_off',
  actor: 'tester',
  outcome: 'unknown',
  is_provable: true,
  error_code: 'TRANSPORT_RESET',
  error: 'The connection was reset.',
  attempts: 1,
  operation_id: 'op-1',
  created_at: INSTANT,
  failed_at: INSTANT,
  ...letter,
});

const wait = { total_requests: 2, avg_wait_time: 0.25, total_wait_time: 0.5 };

const queue: QueueFigures = {
  max_concurrent: 4,
  min_interval: 0.15,
  active_requests: 1,
  waiting_requests: 0,
  total_requests: 8,
  avg_wait_time: 0.25,
  current_concurrent: 4,
  current_delay: 0.15,
  by_priority: { CRITICAL: wait, HIGH: wait, NORMAL: wait, LOW: wait },
};

const pool: PoolStats = { pool_size: 5, available_connections: 4, active_connections: 1, total_connections: 1, reconnects: 0, errors: 0 };

const breaker: BreakerStats = {
  state: 'closed',
  failure_count: 0,
  success_count: 0,
  failure_threshold: 5,
  recovery_timeout: 30,
  opened_at: null,
  last_failure: null,
  time_until_retry: null,
  total_calls: 8,
  fail_counter: 0,
  success_counter: 0,
};

export const makeQueueStats = (servers: readonly Server[]): QueueStats => ({
  queue,
  pool,
  circuit_breaker: breaker,
  cache: { thumbnail_count: 0, thumbnail_ttl: 120, hits: 0, misses: 0 },
  background_refresh: { running: true, refresh_interval: 30, cached_servers: servers.length, cache_info: {} },
  thumbnail_refresh: {},
  servers: Object.fromEntries(servers.map((server) => [server.id, { name: server.name, queue, pool, circuit_breaker: breaker }])),
});

export const LIMITS: ServerLimits = {
  max_concurrent: 4,
  min_interval_ms: 150,
  failure_threshold: 5,
  request_timeout_ms: 30_000,
  thumbnail_ttl_ms: 120_000,
  list_ttl_ms: 60_000,
};

const quantiles = { waiting: 0, p50_ms: 0.5, p95_ms: 12 };

export const makeResilience = (row: Partial<ServerResilience> & { readonly id: string }): ServerResilience => ({
  name: row.id,
  state: 'live',
  linked: true,
  data_at: INSTANT,
  breaker: { state: 'closed', since: null, next_probe_at: null, failures: 0, failure_threshold: 5, isolated: null },
  requests: { active: 1, max: 4, waiting: 0, avg_wait_ms: 3 },
  waits: { CRITICAL: quantiles, HIGH: quantiles, NORMAL: quantiles, LOW: quantiles },
  delay: { now_ms: 150, min_ms: 150, max_ms: 10_000 },
  last_hour: { calls: 120, throttled: 2, timed_out: 1, failed: 0, rejected: 0 },
  pool: { size: 5, active: 1, available: 4, reconnects: 0, errors: 0, errors_last_hour: 0 },
  cache_hit_percent: 97.5,
  screens: { cycle_ms: 98_000, refreshed: 45, total: 69 },
  polling_paused: null,
  limits: { values: LIMITS, origin: 'configured', hand: null },
  alerts: [],
  ...row,
});

export const makeHistory = (span: ResilienceHistory['span']): ResilienceHistory => {
  const series = [1, null];
  const wait = { p50_ms: series, p95_ms: series };
  return {
    span,
    step_ms: span === '1h' ? 10_000 : 300_000,
    at_ms: [1_000, 2_000],
    delay_ms: series,
    waits: { CRITICAL: wait, HIGH: wait, NORMAL: wait, LOW: wait },
    calls: series,
    throttled: series,
    timed_out: series,
    failed: series,
    rejected: series,
    breaker: [0, 2],
  };
};
