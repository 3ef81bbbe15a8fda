import type { Operation } from '@breakwater/contract';
import { type Clock, formatInstant, type Logger, type OperationId, OpsError, toOperationId } from '@breakwater/kernel';
import type { FleetEvents } from './fleet-events.ts';
import type { OperationRepository } from './ports/repositories.ts';

export interface OperationsJournalDependencies {
  readonly repository: OperationRepository;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: FleetEvents;
}

export type OperationChange = Partial<Pick<Operation, 'state' | 'progress_percent' | 'error_code' | 'error' | 'details'>>;

/** The journal of acts: written before an act begins, kept true while it runs, and never silently behind. */
export class OperationsJournal {
  readonly #deps: OperationsJournalDependencies;
  /** Acts in progress, and ended ones that could not be written yet. Newer than the repository. */
  readonly #recent = new Map<OperationId, Operation>();
  readonly #unsaved = new Set<OperationId>();

  constructor(deps: OperationsJournalDependencies) {
    this.#deps = deps;
  }

  /** Rejects when the entry cannot be written: then the act must not begin. */
  async insert(operation: Operation): Promise<void> {
    await this.#deps.repository.insert(operation);
    this.#recent.set(toOperationId(operation.id), operation);
    this.#tell(operation);
  }

  /** Something that is over as it is written. Rejects when it cannot be written. */
  async record(operation: Operation): Promise<void> {
    await this.#deps.repository.insert(operation);
    this.#tell(operation);
  }

  /** Rejects when the change cannot be written. */
  async update(operation: Operation, change: OperationChange): Promise<Operation> {
    const next = this.#next(operation, change);
    await this.#deps.repository.update(next);
    this.#recent.set(toOperationId(next.id), next);
    this.#tell(next);
    return next;
  }

  /** Tells listeners; not written, because it is worth nothing after a restart. */
  progress(operation: Operation, change: Pick<OperationChange, 'progress_percent' | 'details'>): Operation {
    const next = this.#next(operation, change);
    this.#recent.set(toOperationId(next.id), next);
    this.#tell(next);
    return next;
  }

  /** Writes the end of an act. When that fails, the end is told and kept all the same, and written later. */
  async end(operation: Operation, change: OperationChange): Promise<Operation> {
    const next = this.#next(operation, change);
    const id = toOperationId(next.id);
    this.#recent.set(id, next);
    this.#tell(next);
    this.#unsaved.add(id);
    await this.saveRest();
    return next;
  }

  /** Writes what could not be written before. */
  async saveRest(): Promise<void> {
    for (const id of this.#unsaved) {
      const operation = this.#recent.get(id);
      if (operation === undefined) continue;
      try {
        await this.#deps.repository.update(operation);
        // It may have been settled anew in the meantime.
        if (this.#recent.get(id) !== operation) continue;
        this.#unsaved.delete(id);
        this.#recent.delete(id);
      } catch (error) {
        this.#deps.logger.error('The outcome of an operation could not be written down; it is kept and tried again', { id, error });
      }
    }
  }

  async find(id: OperationId): Promise<Operation> {
    const operation = this.#recent.get(id) ?? (await this.#deps.repository.find(id));
    if (operation === null)
      throw new OpsError({ code: 'FLEET_OPERATION_UNKNOWN', message: 'There is no operation with this id.', details: { id } });
    return operation;
  }

  async list(options: Parameters<OperationRepository['list']>[0]): Promise<readonly Operation[]> {
    const operations = await this.#deps.repository.list(options);
    return operations.map((operation) => this.#recent.get(toOperationId(operation.id)) ?? operation);
  }

  listUnfinished(): Promise<readonly Operation[]> {
    return this.#deps.repository.listUnfinished();
  }

  #next(operation: Operation, change: OperationChange): Operation {
    return { ...operation, ...change, updated_at: formatInstant(this.#deps.clock.wall()) };
  }

  #tell(operation: Operation): void {
    this.#deps.events.publish({ kind: 'operation.progressed', operation });
  }
}
