import type { HostSetup, HostSetupAct, HostSetupProgress, Operation } from '@breakwater/contract';
import type { ActJournal, Fleet } from '@breakwater/fleet';
import { type Clock, createId, formatInstant, type Logger, OpsError, sleep, toMachineKey, toMoid, toServerId } from '@breakwater/kernel';
import type { HostDoor, HostTarget } from '../ports/host-door.ts';
import type { RunStore } from '../ports/run-store.ts';
import type { HostKeyRepository, HostLoginRepository, SetupRecord, SetupRepository } from '../ports/setup-repositories.ts';
import { HostKeys } from './host-keys.ts';
import { HostLogins } from './host-logins.ts';
import { createHostSetupStep, type HostSetupStep, type SetupOrder, type SetupStepOptions, type SetupStepParts } from './host-setup-step.ts';
import type { HostSetups } from './host-setups.ts';
import { settleLeftSetups } from './settle-left-setups.ts';
import { type SetupEnd, toRollbackEnd, toRunEnd, toThrownEnd } from './setup-ends.ts';
import { advanceProgress, beginProgress, toPercent } from './setup-progress.ts';
import { listActions, toHostPlan, toSetup, toSetupRow, withoutBody } from './setup-view.ts';
import { createTurns, type Turns } from './turns.ts';

/** Set-ups of each machine that are kept; like its runs. */
const KEPT_SETUPS = 20;
const PLANS_AT_ONCE = 4;
const MAX_WAITING = 32;
/** A dpkg that was asked to stop takes its time, and the program cannot wait for it: what is left is settled at the next start. */
const STOP_GRACE_MS = 20_000;

export interface HostSetupsDependencies extends Omit<SetupStepParts, 'runs'> {
  readonly machines: Pick<Fleet, 'machine'>;
  readonly journal: ActJournal;
  readonly logins: HostLoginRepository;
  readonly keys: HostKeyRepository;
  readonly setups: SetupRepository;
  readonly runs: RunStore;
  readonly door: HostDoor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many machines are changed at the same time. */
  readonly atOnce: number;
}

const STATE_OF: Readonly<Record<HostSetupAct, SetupRecord['state']>> = {
  plan: 'planning',
  apply: 'applying',
  resume: 'applying',
  roll_back: 'rolling_back',
};

const NOTHING_DONE = {
  act: 'plan',
  state: 'planning',
  error_code: null,
  error: null,
  plan_hash: null,
  counts: null,
  plan: null,
  steps: [],
  operation_id: '',
  run_id: null,
} satisfies Partial<SetupRecord>;

interface Act {
  readonly act: HostSetupAct;
  readonly actor: string;
  readonly turns: Turns;
  readonly work: (target: HostTarget, options: SetupStepOptions) => Promise<SetupEnd>;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export function createHostSetups(deps: HostSetupsDependencies): HostSetups {
  return new SetupDesk(deps);
}

class SetupDesk implements HostSetups {
  readonly logins: HostLogins;
  readonly keys: HostKeys;
  readonly #deps: HostSetupsDependencies;
  readonly #step: HostSetupStep;
  readonly #changing: Turns;
  readonly #planning = createTurns({ atOnce: PLANS_AT_ONCE, waiting: MAX_WAITING });
  /** Newer than the repository. */
  readonly #live = new Map<string, SetupRecord>();
  readonly #running = new Map<string, Running>();
  readonly #busyMachines = new Set<string>();
  #isStopped = false;

  constructor(deps: HostSetupsDependencies) {
    this.#deps = deps;
    this.#step = createHostSetupStep(deps);
    this.#changing = createTurns({ atOnce: deps.atOnce, waiting: MAX_WAITING });
    this.logins = new HostLogins({ ...deps, repository: deps.logins });
    this.keys = new HostKeys({ ...deps, repository: deps.keys });
  }

  async start(): Promise<void> {
    await settleLeftSetups({ ...this.#deps, toHostId });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = [...this.#running.values()];
    if (running.length === 0) return;
    for (const { abort } of running) {
      abort.abort(new OpsError({ code: 'HOST_SETUP_STOPPED', message: 'The portal was stopped. It can be resumed.' }));
    }
    const grace = new AbortController();
    const all = Promise.all(running.map(({ done }) => done)).finally(() => grace.abort());
    await sleep(this.#deps.clock, STOP_GRACE_MS, { signal: grace.signal, keepAlive: true }).catch(() => undefined);
    if (this.#running.size === 0) await all;
    else
      this.#deps.logger.warn('Set-ups of hosts did not end in time; the next start says what became of them', {
        count: this.#running.size,
      });
  }

  profiles() {
    const { modules, profiles } = this.#deps;
    return {
      profiles: profiles.map(({ description, modules: names, name }) => ({ name, description, modules: [...names] })),
      modules: modules.map(({ dependsOn, description, name }) => ({ name, description, depends_on: [...dependsOn] })),
    };
  }

  async plan(input: Parameters<HostSetups['plan']>[0], { actor }: { readonly actor: string }): Promise<HostSetup> {
    const machine = this.#deps.machines.machine({ serverId: toServerId(input.server_id), moid: toMoid(input.moid) });
    const login = await this.logins.require(input.login_id);
    await this.keys.require(input);
    this.#step.check(input);
    const { login_id: loginId, ...wish } = input;
    const now = formatInstant(this.#deps.clock.wall());
    const record: SetupRecord = {
      ...NOTHING_DONE,
      ...wish,
      id: createId(),
      machine_name: machine.name,
      login_id: loginId,
      login_name: login.name,
      user: login.user,
      requested_by: actor,
      created_at: now,
      updated_at: now,
    };
    return await this.#begin(record, {
      act: 'plan',
      actor,
      turns: this.#planning,
      work: async (target, options) => {
        const plan = toHostPlan(await this.#step.plan(toOrder(record, target), options));
        return {
          record: { state: 'planned', plan, plan_hash: plan.hash, counts: plan.counts, error_code: null, error: null },
          operation: { state: 'succeeded', errorCode: null, error: null },
        };
      },
    });
  }

  async apply(id: string, input: Parameters<HostSetups['apply']>[1], { actor }: { readonly actor: string }): Promise<HostSetup> {
    const record = await this.#require(id, 'apply');
    const { accept_dangers: accepted, keep_going: keepsGoing, plan_hash: planHash } = input;
    if (planHash !== record.plan_hash) {
      throw new OpsError({
        code: 'HOST_PREFLIGHT_PLAN_MOVED',
        message: 'This is another plan than the one that was seen. Nothing was done.',
        details: { planned: planHash, now: record.plan_hash },
      });
    }
    const dangers = record.plan?.dangers ?? [];
    if (dangers.length > 0 && !accepted) {
      throw new OpsError({
        code: 'HOST_SETUP_DANGERS',
        message: `The plan removes or interrupts something: ${dangers.join('; ').slice(0, 300)}`,
        details: { dangers },
      });
    }
    return await this.#begin(record, {
      act: 'apply',
      actor,
      turns: this.#changing,
      work: async (target, options) => {
        const order = { ...toOrder(record, target), bootWaitMs: 0, planHash, keepsGoing, startedBy: actor };
        const { report } = await this.#step.apply({ ...order, dangers: accepted ? 'accepted' : 'refused' }, options);
        return toRunEnd(report, options.signal.reason);
      },
    });
  }

  async resume(id: string, { actor }: { readonly actor: string }): Promise<HostSetup> {
    const record = await this.#require(id, 'resume');
    return await this.#begin(record, {
      act: 'resume',
      actor,
      turns: this.#changing,
      work: async (target, options) => {
        const order = { ...toOrder(record, target), bootWaitMs: 0, runId: record.run_id ?? '', keepsGoing: false };
        const { report } = await this.#step.resume(order, options);
        return toRunEnd(report, options.signal.reason);
      },
    });
  }

  async rollBack(id: string, input: Parameters<HostSetups['rollBack']>[1], { actor }: { readonly actor: string }): Promise<HostSetup> {
    const record = await this.#require(id, 'roll_back');
    const order = { runId: record.run_id ?? '', whenChanged: input.when_changed };
    return await this.#begin(record, {
      act: 'roll_back',
      actor,
      turns: this.#changing,
      work: async (target, options) => toRollbackEnd(await this.#step.rollBack({ target, ...order }, options)),
    });
  }

  async cancel(id: string, { actor }: { readonly actor: string }): Promise<HostSetup> {
    const record = await this.#require(id, 'cancel');
    this.#running.get(id)?.abort.abort(new OpsError({ code: 'HOST_SETUP_CANCELED', message: `Canceled by ${actor}.`, details: { actor } }));
    return toSetup(record);
  }

  async find(id: string): Promise<HostSetup> {
    return toSetup(await this.#findRecord(id));
  }

  async list(options: Parameters<HostSetups['list']>[0]): ReturnType<HostSetups['list']> {
    const records = await this.#deps.setups.list(options);
    return records.map((record) => {
      const live = this.#live.get(record.id);
      return toSetupRow(live === undefined ? record : withoutBody(live));
    });
  }

  async #findRecord(id: string): Promise<SetupRecord> {
    const record = this.#live.get(id) ?? (await this.#deps.setups.find(id));
    if (record !== null) return record;
    throw new OpsError({ code: 'HOST_SETUP_UNKNOWN', message: 'There is no such set-up.', details: { id: id.slice(0, 60) } });
  }

  async #require(id: string, action: HostSetup['actions'][number]): Promise<SetupRecord> {
    const record = await this.#findRecord(id);
    if (listActions(record).includes(action)) return record;
    throw new OpsError({
      code: 'HOST_SETUP_STATE',
      message: `This set-up is "${record.state}", so this cannot be done with it now.`,
      details: { state: record.state, action },
    });
  }

  async #begin(found: SetupRecord, act: Act): Promise<HostSetup> {
    const { journal, setups } = this.#deps;
    const ref = { serverId: toServerId(found.server_id), moid: toMoid(found.moid) };
    const key = toMachineKey(ref);
    if (this.#isStopped) throw new OpsError({ code: 'HOST_SETUP_STOPPED', message: 'The portal is being stopped.' });
    if (this.#busyMachines.has(key)) {
      throw new OpsError({
        code: 'HOST_SETUP_BUSY',
        message: 'This machine is being set up already. Wait until that is over, or cancel it.',
        details: { machine: found.machine_name },
      });
    }
    act.turns.requireRoom();
    this.#busyMachines.add(key);
    try {
      const progress = beginProgress(found.id, act.act);
      const machine = { ...ref, name: found.machine_name };
      const operation = await journal.begin({ kind: `host.${act.act}`, machine, actor: act.actor, details: { ...progress } });
      const begun = { act: act.act, state: STATE_OF[act.act], operation_id: operation.id, error_code: null, error: null };
      const record: SetupRecord = { ...found, ...begun, updated_at: formatInstant(this.#deps.clock.wall()) };
      try {
        await setups.save(record);
      } catch (error) {
        await journal.end(operation, { state: 'failed', errorCode: 'FLEET_JOURNAL_FAILED', error: 'It could not be written down.' });
        throw error;
      }
      this.#live.set(record.id, record);
      const abort = new AbortController();
      const done = this.#run(act, { stateBefore: found.state, record, operation, progress, signal: abort.signal }).finally(() => {
        this.#busyMachines.delete(key);
        this.#running.delete(record.id);
        this.#live.delete(record.id);
      });
      this.#running.set(record.id, { abort, done });
      return toSetup(record);
    } catch (error) {
      this.#busyMachines.delete(key);
      throw error;
    }
  }

  /** Never rejects. */
  async #run(
    { act, turns, work }: Act,
    begun: {
      readonly stateBefore: SetupRecord['state'];
      readonly record: SetupRecord;
      readonly operation: Operation;
      readonly progress: HostSetupProgress;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { clock, journal, logger, setups } = this.#deps;
    const { signal, stateBefore } = begun;
    let { operation, progress, record } = begun;
    let hasBegun = false;
    let end: SetupEnd;
    let giveBack: (() => void) | null = null;
    try {
      giveBack = await turns.take(signal);
      operation = await journal.run(operation);
      const target = await this.#toTarget(record);
      end = await work(target, {
        signal,
        onEvent: (event) => {
          progress = advanceProgress(progress, event);
          operation = journal.progress(operation, { percent: toPercent(progress), details: { ...progress } });
          if (event.kind !== 'run.started') return;
          hasBegun = true;
          record = { ...record, run_id: event.runId };
          this.#live.set(record.id, record);
          // Should the process die before this is written, the run is found by its time.
          setups
            .save(record)
            .catch((error: unknown) => logger.error('The run of a set-up could not be noted', { setup: record.id, error }));
        },
      });
    } catch (error) {
      end = toThrownEnd(error, { act, stateBefore, hasBegun });
      logger.warn('A set-up of a host did not go through', { setup: record.id, act, machine: record.machine_name, error });
    } finally {
      giveBack?.();
    }
    record = { ...record, ...end.record, updated_at: formatInstant(clock.wall()) };
    this.#live.set(record.id, record);
    try {
      // Before the operation ends, so that whoever hears of that end finds the set-up as it is.
      await setups.save(record);
      await setups.prune({ serverId: toServerId(record.server_id), moid: toMoid(record.moid) }, { keep: KEPT_SETUPS });
    } catch (error) {
      logger.error('The end of a set-up could not be written down; the next start will', { setup: record.id, error });
    }
    progress = advanceProgress(progress, { kind: 'setup.phase', phase: 'over' });
    await journal.end(operation, { ...end.operation, details: { ...progress } });
  }

  async #toTarget(record: SetupRecord): Promise<HostTarget> {
    const { host, login_id, port } = record;
    const login = await this.logins.require(login_id);
    const [privateKey, hostKey] = await Promise.all([this.logins.requireKey(login), this.keys.require(record)]);
    return { hostId: toHostId(record), host, port, user: login.user, privateKey, hostKey };
  }
}

/** The same whatever the address of the machine is. */
const toHostId = ({ moid, server_id: serverId }: SetupRecord): string => `machine:${serverId}/${moid}`;

function toOrder({ boot_wait_seconds: waitS, config, profile }: SetupRecord, target: HostTarget): SetupOrder {
  return { target, profile, config, bootWaitMs: waitS * 1_000 };
}
