import type { DeadLetterRetried, Operation } from '@breakwater/contract';
import { type Clock, createId, formatInstant, OpsError, toMoid, toServerId } from '@breakwater/kernel';
import type { FailedOperations } from './failed-operations.ts';
import type { OperationsJournal } from './operations-journal.ts';
import type { PowerDesk } from './power-desk.ts';
import { reachesTarget } from './power-rules.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface RetryDeskDependencies {
  readonly clock: Clock;
  readonly failed: FailedOperations;
  readonly journal: OperationsJournal;
  readonly desk: PowerDesk;
  readonly registry: ServerRegistry;
}

export interface RetryRequest {
  readonly actor: string;
  /** A person knows that an act of unknown outcome which nothing can prove may happen twice. */
  readonly repetition: 'accepted' | 'refused';
  readonly signal: AbortSignal;
}

/** Does failed operations again, on a person's word and never blindly: the machine itself is asked first. */
export class RetryDesk {
  readonly #deps: RetryDeskDependencies;

  constructor(deps: RetryDeskDependencies) {
    this.#deps = deps;
  }

  async retry(id: string, request: RetryRequest): Promise<DeadLetterRetried> {
    const { failed, desk, registry } = this.#deps;
    const letter = await failed.find(id);
    if (letter.outcome === 'unknown' && !letter.is_provable && request.repetition === 'refused') {
      throw new OpsError({
        code: 'FLEET_REPETITION_NOT_ACCEPTED',
        message: 'It may have happened already, and nothing can tell. Accept that it may happen twice, or discard it.',
        details: { verb: letter.verb, machine: letter.machine_name },
      });
    }
    const { verb } = letter;
    const unit = registry.unit(toServerId(letter.server_id));
    const moid = toMoid(letter.moid);
    const powerState = await unit.link().readPowerState(moid, { signal: request.signal });
    if (reachesTarget(powerState, verb)) {
      await failed.discard(id);
      await this.#write(letter, { kind: 'dead_letter.settled', actor: request.actor, note: 'The machine is already as wanted.' });
      return { outcome: 'already_done' };
    }
    return { outcome: 'begun', operation: await desk.begin(unit, { moid, verb, actor: request.actor, powerState }) };
  }

  async discard(id: string, options: { readonly actor: string; readonly reason: string }): Promise<void> {
    const letter = await this.#deps.failed.find(id);
    // First into the journal: what somebody gave up must not vanish without a trace.
    await this.#write(letter, { kind: 'dead_letter.discarded', actor: options.actor, note: options.reason });
    await this.#deps.failed.discard(id);
  }

  async #write(
    letter: { readonly server_id: string; readonly moid: string; readonly machine_name: string },
    entry: { readonly kind: string; readonly actor: string; readonly note: string },
  ): Promise<void> {
    const now = formatInstant(this.#deps.clock.wall());
    const operation: Operation = {
      id: createId(),
      kind: entry.kind,
      server_id: letter.server_id,
      moid: letter.moid,
      machine_name: letter.machine_name,
      actor: entry.actor,
      state: 'succeeded',
      progress_percent: null,
      error_code: null,
      error: entry.note,
      details: null,
      created_at: now,
      updated_at: now,
    };
    await this.#deps.journal.record(operation);
  }
}
