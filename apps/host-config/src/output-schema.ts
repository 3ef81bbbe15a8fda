import { z } from 'zod';

/** Milliseconds since 1970. */
const instantMs = z.number();
const names = z.array(z.string());
const one = (kind: string, fields: z.ZodRawShape) => z.strictObject({ kind: z.literal(kind), ...fields });

const explanation = {
  class: z.enum(['ok', 'transient', 'throttled', 'wait-lock', 'repair', 'permanent', 'security', 'local', 'unknown']),
  code: z.string().describe('Stable and dotted, such as apt.pkg.notfound.'),
  cause: z.string(),
  hint: z.string().describe('The next step.'),
  retryAfterMs: z.number().optional(),
  failedHosts: names,
  lockHolder: z.strictObject({ pid: z.int(), name: z.string() }).optional(),
  isMirrorSync: z.boolean().optional(),
  evidence: names,
};

const result = z.discriminatedUnion('kind', [
  one('changed', {}),
  one('unchanged', {}),
  one('degraded', { reason: z.string(), finishWith: z.string() }),
  one('skipped', { reason: z.string() }),
  one('failed', {
    code: z.string(),
    reason: z.string(),
    hint: z.string().nullable(),
    temporary: z.enum(['service', 'lock']).optional(),
  }),
]);

const stepReport = z.strictObject({
  stepId: z.string(),
  module: z.string(),
  title: z.string(),
  result,
  tookMs: z.number(),
  attempts: z.int(),
  isRescued: z.boolean(),
  waitedMs: z.number(),
});

const end = z.enum(['succeeded', 'degraded', 'failed', 'interrupted', 'rolled-back']);

const facts = {
  hostname: z.string(),
  osId: z.string(),
  osVersion: z.string(),
  osCodename: z.string(),
  architecture: z.string(),
  isRoot: z.boolean(),
  hasSystemd: z.boolean(),
  machineId: z.string().nullable(),
  memoryMib: z.number(),
  rootFreeMib: z.number(),
  sshPort: z.int().nullable(),
};

const change = z.looseObject({ summary: z.string(), details: z.array(z.looseObject({ kind: z.string() })), dangers: names });

const plannedStep = z.strictObject({
  id: z.string(),
  title: z.string(),
  lane: z.looseObject({ kind: z.enum(['apt', 'local', 'service']) }),
  isOptional: z.boolean(),
  outcome: z.discriminatedUnion('kind', [
    one('unchanged', {}),
    one('change', { change }),
    one('problem', { code: z.string(), text: z.string() }),
  ]),
});

const plan = z.strictObject({
  hostId: z.string(),
  profile: z.string().nullable(),
  facts: z.strictObject(facts),
  notes: names,
  modules: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      dependsOn: names,
      isMandatory: z.boolean(),
      isExclusive: z.boolean(),
      services: names,
      findings: z.array(z.strictObject({ severity: z.enum(['error', 'warning']), text: z.string(), hint: z.string() })),
      steps: z.array(plannedStep),
    }),
  ),
  hash: z.string(),
});

/** Events of the network layer; within a run they name the step. */
const network = (kind: string, fields: z.ZodRawShape) => one(kind, { stepId: z.string(), ...fields });
const said = { service: z.string(), title: z.string() };

const RUN_EVENTS = [
  one('run.started', { runId: z.string(), hostId: z.string(), steps: z.int() }),
  one('module.started', { module: z.string() }),
  one('module.ended', { module: z.string(), result: z.enum(['done', 'degraded', 'failed', 'skipped']) }),
  one('step.started', { stepId: z.string(), title: z.string() }),
  one('step.progressed', { stepId: z.string(), text: z.string() }),
  one('step.ended', { report: stepReport }),
  one('undo.started', { stepId: z.string(), title: z.string() }),
  one('undo.ended', { stepId: z.string(), title: z.string(), problem: z.string().nullable() }),
  one('run.ended', { runId: z.string(), end }),
  network('network.started', { ...said, doing: z.string() }),
  network('network.attempted', { ...said, attempt: z.int(), attempts: z.int() }),
  network('network.retry-scheduled', {
    ...said,
    attempt: z.int(),
    attemptsLeft: z.int(),
    delayMs: z.number(),
    explanation: z.strictObject(explanation),
  }),
  network('network.rescued', { ...said, attempts: z.int() }),
  network('network.succeeded', { ...said, attempts: z.int() }),
  network('network.failed', {
    ...said,
    attempts: z.int(),
    reason: z.enum(['failed', 'breaker', 'offline', 'timeout', 'lock-timeout']),
    explanation: z.strictObject(explanation),
  }),
  network('network.repaired', { title: z.string(), explanation: z.strictObject(explanation) }),
  network('network.lock-waited', {
    title: z.string(),
    holder: z.strictObject({ pid: z.int(), name: z.string() }).nullable(),
    waitedMs: z.number(),
  }),
  network('network.dpkg-waited', { title: z.string(), waitedMs: z.number() }),
  network('network.breaker-changed', { service: z.string(), state: z.enum(['closed', 'open', 'half_open']) }),
] as const;

const blob = { sha256: z.string(), sizeBytes: z.int() };

const ANSWERS = [
  one('explanation', { tool: z.enum(['apt', 'git', 'http', 'ssh']), exitCode: z.int(), ...explanation }),
  one('error', { code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
  one('plan', { plan }),
  one('plan.ended', { changes: z.int(), unchanged: z.int(), problems: z.int(), dangers: names, hash: z.string() }),
  one('verified', { module: z.string(), title: z.string(), isOk: z.boolean(), text: z.string() }),
  one('verification.ended', { modules: z.int(), drifted: z.int() }),
  one('rollback.planned', {
    runId: z.string(),
    entries: z.array(z.strictObject({ seq: z.int(), stepId: z.string(), title: z.string(), isDone: z.boolean() })),
  }),
  one('rollback.ended', {
    runId: z.string(),
    undone: z.int(),
    failed: z.array(z.strictObject({ seq: z.int(), title: z.string(), code: z.string(), text: z.string() })),
  }),
  one('breaker', {
    service: z.string(),
    state: z.enum(['closed', 'open', 'half_open']),
    failure_count: z.int(),
    failure_threshold: z.int(),
    total_calls: z.int(),
    time_until_retry: z.number().nullable().describe('Seconds.'),
    opened_at: z.string().nullable(),
    opened_times: z.int(),
    last_failure: z.looseObject({}).nullable(),
    order: z.looseObject({}).nullable().describe('Who has opened or closed it by hand.'),
  }),
  one('breaker.changed', { service: z.string(), action: z.enum(['reset', 'trip']), by: z.string(), forMs: z.number().optional() }),
  one('run', {
    runKind: z.enum(['apply', 'rollback']),
    runId: z.string(),
    hostId: z.string(),
    startedAtMs: instantMs,
    endedAtMs: instantMs.nullable(),
    startedBy: z.string(),
    end: end.nullable(),
  }),
  one('report', {
    runId: z.string(),
    hostId: z.string(),
    runKind: z.enum(['apply', 'rollback']),
    startedBy: z.string(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    end: end.nullable(),
    planHash: z.string(),
    steps: z.array(stepReport),
  }),
  one('module', {
    name: z.string(),
    description: z.string(),
    priority: z.number(),
    dependsOn: names,
    schema: z.looseObject({}).optional(),
  }),
  one('profile', { name: z.string(), description: z.string(), modules: names, config: z.looseObject({}).optional() }),
  one('setting', { path: z.string(), value: z.unknown(), origin: z.string() }),
  one('config.valid', { source: z.string() }),
  one('schema', { schema: z.looseObject({}).optional(), yaml: z.string().optional() }),
  one('facts', facts),
  one('diagnosis', { check: z.string(), verdict: z.enum(['ok', 'warning', 'problem', 'unknown']), text: z.string() }),
  one('health', {
    service: z.string(),
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    url: z.string(),
    tookMs: z.number().nullable(),
    statusCode: z.int().nullable(),
    phasesMs: z
      .strictObject({
        dns: z.number().nullable(),
        connect: z.number().nullable(),
        tls: z.number().nullable(),
        firstByte: z.number().nullable(),
      })
      .nullable(),
    clockSkewMs: z.number().nullable(),
    cause: z.string().nullable(),
  }),
  one('bundle', {
    path: z.string(),
    sha256: z.string().nullable(),
    sizeBytes: z.int().nullable(),
    contents: z.looseObject({
      createdAt: z.string(),
      target: z.looseObject({}),
      packages: z.array(z.looseObject({ name: z.string(), version: z.string(), ...blob })),
      lists: z.array(z.looseObject({ name: z.string(), ...blob })),
      downloads: z.array(z.looseObject({ urls: names, ...blob })),
      checkouts: z.array(z.looseObject({ url: z.string(), commit: z.string(), ...blob })),
      missing: z.array(z.strictObject({ what: z.string(), why: z.string() })),
    }),
  }),
  one('bundle.progressed', { text: z.string() }),
] as const;

/** Every line that `--json` prints. */
export const outputSchema = z.union([...RUN_EVENTS, ...ANSWERS]);
