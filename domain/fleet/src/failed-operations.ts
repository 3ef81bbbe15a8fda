import { type DeadLetterView, type Operation, powerVerbSchema } from '@breakwater/contract';
import { type Clock, formatInstant, type Logger, OpsError, type ServerId } from '@breakwater/kernel';
import { createDeadLetters, type DeadLetter, type DeadLetterPayload, type DeadLetterStore, type DeadLetters } from '@breakwater/resilience';
import type { FleetEvents } from './fleet-events.ts';
import { isProvable } from './power-rules.ts';

export interface FailedOperationsDependencies {
  readonly store: DeadLetterStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: FleetEvents;
  readonly maxLetters: number;
  readonly maxAgeMs: number;
}

/** How an operation ended, as far as its letter is concerned. `lost`: it failed for a reason that may pass. `final`: it would fail again. */
export type OperationEnd = 'succeeded' | 'lost' | 'unknown' | 'final';

const KIND_PREFIX = 'machine.';

/**
 * Operations that were lost on the way, kept until they succeed or somebody discards them. One letter per machine and verb: what
 * is asked for again and fails again is the same loss. Changes happen one after the other.
 */
export class FailedOperations {
  readonly #deps: FailedOperationsDependencies;
  readonly #letters: DeadLetters;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(deps: FailedOperationsDependencies) {
    this.#deps = deps;
    this.#letters = createDeadLetters({ store: deps.store, clock: deps.clock });
  }

  /** Never rejects: the journal has the outcome in any case, and an act must not fail for its letter. */
  async note(operation: Operation, end: OperationEnd): Promise<void> {
    try {
      await this.#serialize(() => this.#note(operation, end));
    } catch (error) {
      this.#deps.logger.error('A failed operation could not be put among the failed ones; the journal has it', { id: operation.id, error });
    }
  }

  /** Newest failure first. */
  async list(options: { readonly limit: number; readonly serverId?: ServerId | undefined }): Promise<readonly DeadLetterView[]> {
    const letters = await this.#letters.list({ key: options.serverId, limit: this.#deps.maxLetters });
    return letters
      .map(toView)
      .toSorted((left, right) => right.failed_at.localeCompare(left.failed_at))
      .slice(0, options.limit);
  }

  count(): Promise<number> {
    return this.#letters.count();
  }

  async find(id: string): Promise<DeadLetterView> {
    const letter = await this.#deps.store.get(id);
    if (letter === null) throw unknownLetter(id);
    return toView(letter);
  }

  async discard(id: string): Promise<void> {
    await this.#serialize(async () => {
      if (!(await this.#letters.discard(id))) throw unknownLetter(id);
      this.#tellRemoved(id);
    });
  }

  /** The server is no longer managed, so nothing can be done again on it. */
  async forgetServer(serverId: ServerId): Promise<void> {
    await this.#serialize(async () => {
      const letters = await this.#letters.list({ key: serverId, limit: this.#deps.maxLetters });
      for (const letter of letters) await this.#drop(letter, 'its server was removed');
    });
  }

  /** Lets go of what nobody has cared about for a long time. */
  async sweep(): Promise<void> {
    await this.#serialize(async () => {
      const oldestMs = this.#deps.clock.wall() - this.#deps.maxAgeMs;
      const letters = await this.#letters.list({ limit: this.#deps.maxLetters });
      for (const letter of letters) if (letter.failedAtWallMs < oldestMs) await this.#drop(letter, 'it is too old');
    });
  }

  /** Waits until no change is under way. */
  async settled(): Promise<void> {
    await this.#changes;
  }

  async #note(operation: Operation, end: OperationEnd): Promise<void> {
    const { server_id: serverId, moid, kind } = operation;
    if (serverId === null || moid === null) return;
    const known = (await this.#letters.list({ key: serverId, limit: this.#deps.maxLetters })).find(
      (letter) => letter.op === kind && letter.payload['moid'] === moid,
    );
    if (end === 'succeeded') {
      if (known !== undefined && (await this.#letters.discard(known.id))) this.#tellRemoved(known.id);
    } else if (known !== undefined) {
      await this.#replace(known, operation, end);
    } else if (end !== 'final') {
      await this.#add(operation, end);
    }
  }

  async #replace(known: DeadLetter, operation: Operation, end: OperationEnd): Promise<void> {
    const letter: DeadLetter = {
      ...known,
      // Who asked first stays; whether it may have happened is that of the last attempt, unless an earlier one is still in doubt.
      payload: {
        ...known.payload,
        operation_id: operation.id,
        outcome: end === 'unknown' || known.payload['outcome'] === 'unknown' ? 'unknown' : 'failed',
      },
      reason: toReason(operation),
      attempts: known.attempts + 1,
      failedAtWallMs: this.#deps.clock.wall(),
    };
    await this.#deps.store.put(letter);
    this.#tellChanged(letter);
  }

  async #add(operation: Operation, end: OperationEnd): Promise<void> {
    await this.#makeRoom();
    const payload = {
      moid: operation.moid,
      machine_name: operation.machine_name,
      actor: operation.actor,
      operation_id: operation.id,
      outcome: end === 'unknown' ? 'unknown' : 'failed',
    };
    const { code, message } = toReason(operation);
    const error = new OpsError({ code, message });
    const letter = await this.#letters.add({ key: operation.server_id ?? '', op: operation.kind, payload, error, attempts: 1 });
    this.#tellChanged(letter);
  }

  /** The newest loss is the one that somebody will look for; the journal keeps the older ones too. */
  async #makeRoom(): Promise<void> {
    const { maxLetters } = this.#deps;
    const surplus = (await this.#letters.count()) - maxLetters + 1;
    if (surplus <= 0) return;
    for (const letter of await this.#letters.list({ limit: surplus })) await this.#drop(letter, 'there are too many');
  }

  async #drop(letter: DeadLetter, reason: string): Promise<void> {
    if (!(await this.#letters.discard(letter.id))) return;
    this.#deps.logger.warn(`A failed operation is no longer kept, because ${reason}`, {
      serverId: letter.key,
      kind: letter.op,
      operation: letter.payload['operation_id'],
    });
    this.#tellRemoved(letter.id);
  }

  #tellChanged(letter: DeadLetter): void {
    this.#deps.events.publish({ kind: 'dead-letter.changed', letter: toView(letter) });
  }

  #tellRemoved(id: string): void {
    this.#deps.events.publish({ kind: 'dead-letter.removed', id });
  }

  #serialize<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change);
    // The chain must survive a failed change; the caller gets the failure.
    this.#changes = result.catch(() => undefined);
    return result;
  }
}

const unknownLetter = (id: string): OpsError =>
  new OpsError({
    code: 'FLEET_DEAD_LETTER_UNKNOWN',
    message: 'There is no failed operation with this id. It may have succeeded or been discarded.',
    details: { id: id.slice(0, 100) },
  });

const toReason = ({ error_code: code, error }: Operation): DeadLetter['reason'] => ({ code: code ?? 'UNKNOWN', message: error ?? '' });

const readText = (payload: DeadLetterPayload, name: string): string => {
  const value = payload[name];
  return typeof value === 'string' ? value : '';
};

function toView({ id, key, op, payload, reason, attempts, createdAtWallMs, failedAtWallMs }: DeadLetter): DeadLetterView {
  const verb = powerVerbSchema.parse(op.slice(KIND_PREFIX.length));
  return {
    id,
    server_id: key,
    moid: readText(payload, 'moid'),
    machine_name: readText(payload, 'machine_name'),
    verb,
    actor: readText(payload, 'actor'),
    outcome: payload['outcome'] === 'unknown' ? 'unknown' : 'failed',
    is_provable: isProvable(verb),
    error_code: reason.code,
    error: reason.message,
    attempts,
    operation_id: readText(payload, 'operation_id'),
    created_at: formatInstant(createdAtWallMs),
    failed_at: formatInstant(failedAtWallMs),
  };
}
