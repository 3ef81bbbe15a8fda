import type { Machine, Operation, Server, ServerResilience, Snapshot } from '@breakwater/contract';

/** Values of the API for tests; each key can be set. */
export function buildMachine(overrides: Partial<Machine> = {}): Machine {
  return {
    name: 'web-01',
    moid: '1',
    power_state: 'poweredOn',
    guest_os: 'Debian GNU/Linux 12 (64-bit)',
    memory_mb: 4_096,
    num_cpu: 2,
    guest_ip: null,
    server_id: 's1',
    host_name: null,
    guest_host_name: null,
    ip_addresses: [],
    tools: 'running',
    is_template: false,
    is_accessible: true,
    instance_uuid: null,
    annotation: null,
    boot_time: null,
    question: null,
    cpu_percent: 10,
    memory_percent: 20,
    disk_used_bytes: null,
    disk_total_bytes: null,
    screen_hash: null,
    screen_at: null,
    screen_problem: null,
    ...overrides,
  };
}

export function buildServer(overrides: Partial<Server> = {}): Server {
  return {
    id: 's1',
    name: 'esx-01',
    host: '10.0.0.1',
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
    data_at: null,
    vm_count: 1,
    vm_on_count: 1,
    product: null,
    api_type: 'HostAgent',
    delay_ms: 150,
    cpu_percent: null,
    memory_percent: null,
    offered_certificate: null,
    ...overrides,
  };
}

export function buildOperation(overrides: Partial<Operation> = {}): Operation {
  return {
    id: 'o1',
    kind: 'power_off',
    server_id: 's1',
    moid: '1',
    machine_name: 'web-01',
    actor: 'anna',
    state: 'running',
    progress_percent: null,
    error_code: null,
    error: null,
    details: null,
    created_at: '2026-01-01T10:00:00Z',
    updated_at: '2026-01-01T10:00:00Z',
    ...overrides,
  };
}

export const buildSnapshot = (overrides: Partial<Snapshot> = {}): Snapshot => ({
  boot: 'b1',
  seq: 1,
  servers: [buildServer()],
  machines: [buildMachine()],
  operations: [],
  ...overrides,
});

export function buildResilience(row: Partial<ServerResilience> & { readonly id: string }): ServerResilience {
  const wait = { waiting: 0, p50_ms: 0.5, p95_ms: 12 };
  return {
    name: row.id,
    state: 'live',
    linked: true,
    data_at: '2026-01-01T00:00:00.000Z',
    breaker: { state: 'closed', since: null, next_probe_at: null, failures: 0, failure_threshold: 5, isolated: null },
    requests: { active: 1, max: 4, waiting: 0, avg_wait_ms: 3 },
    waits: { CRITICAL: wait, HIGH: wait, NORMAL: wait, LOW: wait },
    delay: { now_ms: 150, min_ms: 150, max_ms: 10_000 },
    last_hour: { calls: 120, throttled: 2, timed_out: 1, failed: 0, rejected: 0 },
    pool: { size: 5, active: 1, available: 4, reconnects: 0, errors: 0, errors_last_hour: 0 },
    cache_hit_percent: 97.5,
    screens: { cycle_ms: 98_000, refreshed: 45, total: 69 },
    polling_paused: null,
    limits: {
      values: {
        max_concurrent: 4,
        min_interval_ms: 150,
        failure_threshold: 5,
        request_timeout_ms: 30_000,
        thumbnail_ttl_ms: 120_000,
        list_ttl_ms: 60_000,
      },
      origin: 'configured',
      hand: null,
    },
    alerts: [],
    ...row,
  };
}
