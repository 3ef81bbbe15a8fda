import { type Clock, isOpsError, OpsError, sleep } from '@breakwater/kernel';
import type { HostConfig } from '../config/host-config-schema.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import { readHostFacts } from '../facts/read-host-facts.ts';
import type { NetworkOperations } from '../network/network-operations.ts';
import { makePlan } from '../plan/make-plan.ts';
import { countPlan, type Plan } from '../plan/plan.ts';
import type { PlannableModule } from '../plan/plannable-module.ts';
import type { StepContext } from '../plan/step.ts';
import type { HostDoor, HostTarget } from '../ports/host-door.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import type { OpenRun, RunRecord, RunStore } from '../ports/run-store.ts';
import { recordRollback } from '../run/record-rollback.ts';
import { type RecordedRun, recordRun } from '../run/record-run.ts';
import { planRollback, type RollbackReport } from '../run/roll-back.ts';
import { readSetupConfig, type SetupConfig, type SetupConfigRoom } from './read-setup-config.ts';
import type { SetupEvent } from './setup-progress.ts';
import { openBootingHost } from './wait-for-boot.ts';

/** Runs of each host that are kept. */
const KEPT_RUNS = 20;
const LEFT_OVER_PAUSE_MS = 2_000;
/** No step of ours runs longer than this. */
const LEFT_OVER_WAIT_MS = 3_600_000;

export interface SetupOrder {
  readonly target: HostTarget;
  readonly profile: string | null;
  /** YAML of the host configurator; may be empty. */
  readonly config: string;
  /** For a machine that is just being started. 0: it is up. */
  readonly bootWaitMs: number;
}

export interface ApplyOrder extends SetupOrder {
  /** Of the plan that was agreed to. */
  readonly planHash: string;
  readonly dangers: 'accepted' | 'refused';
  readonly keepsGoing: boolean;
  readonly startedBy: string;
}

export interface ResumeOrder extends SetupOrder {
  readonly runId: string;
  readonly keepsGoing: boolean;
}

export interface RollBackOrder {
  readonly target: HostTarget;
  readonly runId: string;
  readonly whenChanged: 'refuse' | 'overwrite';
}

export interface SetupStepOptions {
  /** Ends what goes on in order; the journal of the run says how far it came. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: SetupEvent) => void;
}

export interface SetupStepParts extends SetupConfigRoom {
  readonly clock: Clock;
  readonly door: HostDoor;
  readonly runs: RunStore;
  openNetwork(order: { readonly host: HostExecutor; readonly config: HostConfig; readonly signal: AbortSignal }): NetworkOperations;
}

/**
 * Setting up one host as one step of something larger: what the portal does when a person asks for it, and what a deployment calls after a machine was
 * made. Keeps nothing but runs; who may, how many at once and what is told to whom is up to the caller.
 */
export interface HostSetupStep {
  /** Only what can be told without the host. Throws `HOST_CONFIG_*`, `HOST_PROFILE_UNKNOWN`, `HOST_MODULE_*`, `HOST_SETUP_PLUGINS`. */
  check(wish: Pick<SetupOrder, 'profile' | 'config'>): void;
  plan(order: SetupOrder, options: SetupStepOptions): Promise<Plan>;
  /** Plans again first. `HOST_PREFLIGHT_PLAN_MOVED` when that is another plan, `HOST_SETUP_DANGERS`; nothing was done then. */
  apply(order: ApplyOrder, options: SetupStepOptions): Promise<RecordedRun>;
  /** Goes on with a run that was interrupted: each step looks first whether it is done. */
  resume(order: ResumeOrder, options: SetupStepOptions): Promise<RecordedRun>;
  rollBack(order: RollBackOrder, options: SetupStepOptions): Promise<RollbackReport>;
}

export function createHostSetupStep(parts: SetupStepParts): HostSetupStep {
  return {
    check: (wish) => void readSetupConfig(wish, parts),
    plan: (order, options) => withSession(parts, order, { ...options, run: async ({ plan }) => plan }),
    apply: (order, options) =>
      withSession(parts, order, {
        ...options,
        async run(session) {
          const { host, plan } = session;
          refuseMoved(order.planHash, plan);
          refuseDangers(order.dangers, plan);
          const { startedBy } = order;
          const run = await parts.runs.begin({ hostId: host.hostId, kind: 'apply', startedBy, plan, planHash: plan.hash });
          return await work(parts, { ...session, ...options, run, keepsGoing: order.keepsGoing });
        },
      }),
    resume: (order, options) =>
      withSession(parts, order, {
        ...options,
        afterOpen: (host) => waitForLeftOvers(parts, host, options),
        async run(session) {
          await requireRun(parts.runs, order);
          const run = await parts.runs.reopen(order.runId, 'resume');
          return await work(parts, { ...session, ...options, run, keepsGoing: order.keepsGoing });
        },
      }),
    rollBack: (order, options) => rollBackOn(parts, order, options),
  };
}

interface Session {
  readonly settings: SetupConfig;
  readonly host: HostExecutor;
  readonly context: StepContext;
  readonly modules: readonly PlannableModule[];
  readonly plan: Plan;
}

interface SessionUse<T> extends SetupStepOptions {
  readonly afterOpen?: (host: HostExecutor) => Promise<void>;
  run(session: Session): Promise<T>;
}

async function withSession<T>(parts: SetupStepParts, order: SetupOrder, use: SessionUse<T>): Promise<T> {
  const { signal, onEvent } = use;
  const settings = readSetupConfig(order, parts);
  const host = await openHost(parts, order, use);
  try {
    await use.afterOpen?.(host);
    onEvent({ kind: 'setup.phase', phase: 'planning' });
    const network = parts.openNetwork({ host, config: settings.resolved.config, signal });
    const context: StepContext = { host, network, signal, progress: (line) => onEvent({ kind: 'setup.told', line }) };
    const facts = await readHostFacts(host, { signal });
    const modules = settings.chosen.toPlannable(facts);
    const plan = await makePlan({ modules, notes: settings.chosen.notes, facts, profile: settings.profile, context });
    return await use.run({ settings, host, context, modules, plan });
  } finally {
    await host.close();
  }
}

async function openHost(
  { clock, door }: SetupStepParts,
  { bootWaitMs, target }: Pick<SetupOrder, 'bootWaitMs' | 'target'>,
  { onEvent, signal }: SetupStepOptions,
): Promise<HostExecutor> {
  onEvent({ kind: 'setup.phase', phase: 'connecting' });
  try {
    return await openBootingHost(() => door.open(target, { signal }), {
      waitMs: bootWaitMs,
      clock,
      signal,
      tell: (line) => onEvent({ kind: 'setup.told', line }),
    });
  } catch (error) {
    // The file of known hosts holds one confirmed key, so this can only be another one.
    if (!isOpsError(error) || error.code !== 'HOST_SSH_HOST_KEY') throw error;
    throw new OpsError({
      code: 'HOST_KEY_CHANGED',
      message: `${target.host} shows another key than the one that was confirmed (${target.hostKey.fingerprint}). Nothing was sent. Find out why, then look the key up and confirm it.`,
      cause: error,
      details: { host: target.host, port: target.port, trusted: target.hostKey.fingerprint },
    });
  }
}

/** Commands of an interrupted run go on at the host. While they do, no other one begins, or a step would run twice at once. */
async function waitForLeftOvers({ clock, door }: SetupStepParts, host: HostExecutor, { onEvent, signal }: SetupStepOptions): Promise<void> {
  const untilMs = clock.now() + LEFT_OVER_WAIT_MS;
  for (let isTold = false; (await door.countLeftOvers(host, { signal })) > 0; isTold = true) {
    if (clock.now() > untilMs) {
      throw new OpsError({
        code: 'HOST_SETUP_LEFT_OVER',
        message: 'A command that was begun before the interruption still runs on the host. Nothing was begun beside it.',
      });
    }
    if (!isTold) onEvent({ kind: 'setup.told', line: 'Waiting for a command that was begun before the interruption' });
    await sleep(clock, LEFT_OVER_PAUSE_MS, { signal, keepAlive: true });
  }
}

async function work(
  { clock, runs }: SetupStepParts,
  job: Session & SetupStepOptions & { readonly run: OpenRun; readonly keepsGoing: boolean },
): Promise<RecordedRun> {
  const { context, keepsGoing, modules, onEvent, run, settings } = job;
  const recorded = await recordRun({ run, modules, config: settings.resolved.config, context, clock, keepsGoing, onEvent });
  await runs.prune({ keep: KEPT_RUNS });
  return recorded;
}

async function rollBackOn(parts: SetupStepParts, order: RollBackOrder, options: SetupStepOptions): Promise<RollbackReport> {
  const { clock, runs } = parts;
  const { onEvent, signal } = options;
  const record = await requireRun(runs, order);
  const host = await openHost(parts, { target: order.target, bootWaitMs: 0 }, options);
  try {
    await waitForLeftOvers(parts, host, options);
    // What a run has done is in its journal; of the settings only the built-in ones of the network are needed.
    const { config } = resolveConfig({ layers: [], modules: [] });
    const network = parts.openNetwork({ host, config, signal });
    const context: StepContext = { host, network, signal, progress: (line) => onEvent({ kind: 'setup.told', line }) };
    const run = await runs.reopen(order.runId, 'rollback');
    onEvent({ kind: 'run.started', runId: run.runId, hostId: host.hostId, steps: planRollback(run.journal).entries.length });
    return await recordRollback({
      run,
      context,
      clock,
      steps: record.report?.steps ?? [],
      whenChanged: order.whenChanged,
      onEvent,
    });
  } finally {
    await host.close();
  }
}

/** Runs of one host must not be played on another one. */
async function requireRun(runs: RunStore, order: { readonly target: HostTarget; readonly runId: string }): Promise<RunRecord> {
  const record = await runs.read(order.runId);
  if (record !== null && record.hostId === order.target.hostId) return record;
  throw new OpsError({
    code: 'HOST_RUN_UNKNOWN',
    message: 'What was done in this set-up is no longer kept.',
    details: { runId: order.runId.slice(0, 60) },
  });
}

function refuseMoved(planHash: string, plan: Plan): void {
  if (planHash === plan.hash) return;
  throw new OpsError({
    code: 'HOST_PREFLIGHT_PLAN_MOVED',
    message: 'The host is no longer as it was when the plan was made. Nothing was done. Make a new plan and look at it.',
    details: { planned: planHash.slice(0, 128), now: plan.hash },
  });
}

function refuseDangers(dangers: ApplyOrder['dangers'], plan: Plan): void {
  const found = countPlan(plan).dangers;
  if (dangers === 'accepted' || found.length === 0) return;
  throw new OpsError({
    code: 'HOST_SETUP_DANGERS',
    message: `The plan removes or interrupts something: ${found.join('; ').slice(0, 300)}`,
    details: { dangers: found },
  });
}
