import { type Operation, type PowerState, type PowerVerb, powerVerbSchema } from '@breakwater/contract';
import {
  type Clock,
  createId,
  formatInstant,
  type Logger,
  type Moid,
  OpsError,
  sleep,
  toMachineKey,
  toMoid,
  toOpsError,
} from '@breakwater/kernel';
import { isActElsewhere } from './act-journal.ts';
import type { FailedOperations } from './failed-operations.ts';
import type { OperationsJournal } from './operations-journal.ts';
import type { ActOutcome, ServerLink } from './ports/server-link.ts';
import { type PowerRefusal, REFUSAL_TEXTS, reachesTarget, refusePower } from './power-rules.ts';
import type { ServerUnit } from './server-unit.ts';

export interface PowerDeskDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: OperationsJournal;
  readonly failed: FailedOperations;
  readonly stopGraceMs: number;
}

const KIND_PREFIX = 'machine.';

interface Act {
  readonly link: ServerLink;
  readonly moid: Moid;
  readonly verb: PowerVerb;
  readonly operation: Operation;
}

/** Decides about power acts, writes them down, then does them in the background. An act is sent once and never repeated. */
export class PowerDesk {
  readonly #deps: PowerDeskDependencies;
  readonly #busy = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  /** Acts whose outcome is unknown; the next whole inventory of their server may prove that they succeeded. */
  #unsettled: readonly Operation[] = [];

  constructor(deps: PowerDeskDependencies) {
    this.#deps = deps;
  }

  /** `powerState`: the server has just been asked, and may know better than what is remembered. */
  async begin(
    unit: ServerUnit,
    act: { readonly moid: Moid; readonly verb: PowerVerb; readonly actor: string; readonly powerState?: PowerState },
  ): Promise<Operation> {
    const { moid, verb } = act;
    const machine = unit.machine(moid);
    const remembered = unit.rows.facts(moid);
    const facts = remembered === undefined ? undefined : { ...remembered, powerState: act.powerState ?? remembered.powerState };
    const key = toMachineKey({ serverId: unit.record.id, moid });
    const refusal: PowerRefusal | null = this.#busy.has(key) ? 'busy' : facts === undefined ? null : refusePower(facts, verb);
    if (refusal !== null) {
      throw new OpsError({
        code: 'FLEET_POWER_REFUSED',
        message: REFUSAL_TEXTS[refusal],
        details: { reason: refusal, verb, machine: machine.name },
      });
    }
    const link = unit.link();
    this.#busy.add(key);
    const now = formatInstant(this.#deps.clock.wall());
    const operation: Operation = {
      id: createId(),
      kind: `${KIND_PREFIX}${verb}`,
      server_id: unit.record.id,
      moid,
      machine_name: machine.name,
      actor: act.actor,
      state: 'queued',
      progress_percent: null,
      error_code: null,
      error: null,
      details: null,
      created_at: now,
      updated_at: now,
    };
    try {
      await this.#deps.journal.insert(operation);
    } catch (error) {
      this.#busy.delete(key);
      throw new OpsError({
        code: 'FLEET_JOURNAL_FAILED',
        message: 'The operation could not be written down, so it was not begun.',
        cause: error,
      });
    }
    const run = this.#run({ link, moid, verb, operation }).finally(() => {
      this.#busy.delete(key);
      this.#running.delete(run);
    });
    this.#running.add(run);
    return operation;
  }

  /** What a killed process left: an act that had been written as running may have happened; one that had not, has not. */
  async reconcile(): Promise<void> {
    const unsettled: Operation[] = [];
    for (const operation of await this.#deps.journal.listUnfinished()) {
      if (isActElsewhere(operation.kind)) continue;
      const wasSent = operation.state === 'running';
      const ended = await this.#deps.journal.end(operation, {
        state: wasSent ? 'unknown' : 'canceled',
        error_code: wasSent ? 'FLEET_OPERATION_INTERRUPTED' : 'FLEET_OPERATION_NOT_BEGUN',
        error: wasSent
          ? 'The program ended while this was running. Look at the machine before doing it again.'
          : 'The program ended before this was sent to the server.',
      });
      if (wasSent) unsettled.push(ended);
      await this.#deps.failed.note(ended, wasSent ? 'unknown' : 'lost');
    }
    this.#unsettled = [...this.#unsettled, ...unsettled];
  }

  /** A server's whole inventory was read: settles acts whose outcome was unknown, where the state proves it. */
  async settle(unit: ServerUnit): Promise<void> {
    const mine = this.#unsettled.filter((operation) => operation.server_id === unit.record.id);
    this.#unsettled = this.#unsettled.filter((operation) => operation.server_id !== unit.record.id);
    for (const operation of mine) {
      const verb = powerVerbSchema.safeParse(operation.kind.slice(KIND_PREFIX.length));
      const facts = unit.rows.facts(toMoid(operation.moid ?? ''));
      if (!verb.success || facts === undefined || !reachesTarget(facts.powerState, verb.data)) continue;
      const settled = await this.#deps.journal.end(operation, { state: 'succeeded', error_code: null, error: null });
      await this.#deps.failed.note(settled, 'succeeded');
    }
  }

  /** Gives running acts a moment to end; then their outcome is unknown. */
  async stop(): Promise<void> {
    const { clock, stopGraceMs } = this.#deps;
    if (this.#running.size > 0) {
      const grace = new AbortController();
      const all = Promise.all(this.#running).finally(() => grace.abort());
      await sleep(clock, stopGraceMs, { signal: grace.signal, keepAlive: true }).catch(() => undefined);
      this.#stopping.abort(new OpsError({ code: 'FLEET_STOPPED', message: 'The program was stopped.' }));
      await all;
    }
    await this.#deps.journal.saveRest();
  }

  async #run(act: Act): Promise<void> {
    const { failed, journal, logger } = this.#deps;
    let { operation } = act;
    try {
      operation = await journal.update(operation, { state: 'running' });
    } catch (error) {
      logger.error('An operation was not begun because it could not be written down', { id: operation.id, error });
      operation = await journal.end(operation, {
        state: 'failed',
        error_code: 'FLEET_JOURNAL_FAILED',
        error: 'It could not be written down, so it was not begun.',
      });
      await failed.note(operation, 'lost');
      return;
    }
    const outcome = await this.#act(act, (percent) => {
      if (percent === null || percent === operation.progress_percent) return;
      operation = journal.progress(operation, { progress_percent: percent });
    });
    switch (outcome.kind) {
      case 'succeeded':
        operation = await journal.end(operation, { state: 'succeeded', progress_percent: 100 });
        await failed.note(operation, 'succeeded');
        return;
      case 'failed':
        operation = await journal.end(operation, { state: 'failed', error_code: outcome.code, error: outcome.message });
        await failed.note(operation, outcome.cause === 'transient' ? 'lost' : 'final');
        return;
      case 'unknown':
        operation = await journal.end(operation, { state: 'unknown', error_code: outcome.code, error: outcome.message });
        this.#unsettled = [...this.#unsettled, operation];
        await failed.note(operation, 'unknown');
    }
  }

  /** Whatever a link throws, the act may have been sent by then: only a stated failure counts as one. */
  async #act({ link, moid, verb }: Act, onProgress: (percent: number | null) => void): Promise<ActOutcome> {
    const { signal } = this.#stopping;
    const { promise: stopped, resolve: stop } = Promise.withResolvers<ActOutcome>();
    const onStop = (): void => stop({ kind: 'unknown', code: 'FLEET_STOPPED', message: 'The program was stopped while this was running.' });
    signal.addEventListener('abort', onStop, { once: true });
    try {
      return await Promise.race([link.power(moid, verb, { signal, onProgress: ({ percent }) => onProgress(percent) }), stopped]);
    } catch (error) {
      const { code, message } = toOpsError(error, { code: 'FLEET_POWER_FAILED' });
      return { kind: 'unknown', code, message };
    } finally {
      signal.removeEventListener('abort', onStop);
    }
  }
}
