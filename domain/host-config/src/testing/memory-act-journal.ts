import type { Operation } from '@breakwater/contract';
import type { ActEnd, ActJournal, NewAct } from '@breakwater/fleet';
import { type Clock, formatInstant } from '@breakwater/kernel';

/** The operations journal in memory. */
export class MemoryActJournal implements ActJournal {
  readonly operations = new Map<string, Operation>();
  readonly #clock: Clock;
  readonly #onChange: (operation: Operation) => void;
  #count = 0;

  constructor(clock: Clock, onChange: (operation: Operation) => void = () => undefined) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  async begin(act: NewAct): Promise<Operation> {
    return this.#put(this.#create(act, 'queued'));
  }

  async run(operation: Operation): Promise<Operation> {
    return this.#put({ ...operation, state: 'running' });
  }

  progress(operation: Operation, news: Parameters<ActJournal['progress']>[1]): Operation {
    return this.#put({ ...operation, progress_percent: news.percent, details: { ...news.details } });
  }

  async end(operation: Operation, { details, error, errorCode, state }: ActEnd): Promise<Operation> {
    return this.#put({
      ...operation,
      state,
      error_code: errorCode,
      error,
      details: details === undefined ? operation.details : { ...details },
    });
  }

  async note(act: NewAct): Promise<void> {
    this.#put(this.#create(act, 'succeeded'));
  }

  async listUnfinished(): Promise<readonly Operation[]> {
    return [...this.operations.values()].filter(({ state }) => state === 'queued' || state === 'running');
  }

  #create({ actor, details, kind, machine }: NewAct, state: Operation['state']): Operation {
    const now = formatInstant(this.#clock.wall());
    return {
      id: `act-${++this.#count}`,
      kind,
      server_id: machine?.serverId ?? null,
      moid: machine?.moid ?? null,
      machine_name: machine?.name ?? null,
      actor,
      state,
      progress_percent: null,
      error_code: null,
      error: null,
      details: { ...details },
      created_at: now,
      updated_at: now,
    };
  }

  #put(operation: Operation): Operation {
    this.operations.set(operation.id, operation);
    this.#onChange(operation);
    return operation;
  }
}
