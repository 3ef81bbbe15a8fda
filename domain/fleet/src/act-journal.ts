import type { Operation } from '@breakwater/contract';
import { type Clock, createId, formatInstant, type MachineRef, OpsError } from '@breakwater/kernel';
import type { OperationChange, OperationsJournal } from './operations-journal.ts';

/** What others do to machines than the fleet itself: setting up hosts. */
type ElsewhereKind = `host.${string}`;

export interface NewAct {
  readonly kind: ElsewhereKind;
  readonly machine: (MachineRef & { readonly name: string }) | null;
  readonly actor: string;
  /** Never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ActEnd {
  readonly state: 'succeeded' | 'failed' | 'canceled' | 'unknown';
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The operations journal for acts that are done elsewhere: the same entries, the same events. */
export interface ActJournal {
  /** Writes it as queued. `FLEET_JOURNAL_FAILED`: then the act must not begin. */
  begin(act: NewAct): Promise<Operation>;
  /** Writes that it runs from now on; `FLEET_JOURNAL_FAILED` as above. */
  run(operation: Operation): Promise<Operation>;
  /** Only told, not written. */
  progress(operation: Operation, news: { readonly percent: number | null; readonly details: Readonly<Record<string, unknown>> }): Operation;
  end(operation: Operation, end: ActEnd): Promise<Operation>;
  /** Something that is over as it is written. */
  note(act: NewAct): Promise<void>;
  /** Acts of this kind that a killed process left. Whoever did them says what became of them. */
  listUnfinished(): Promise<readonly Operation[]>;
}

export const isActElsewhere = (kind: string): kind is ElsewhereKind => kind.startsWith('host.');

export function createActJournal({ clock, journal }: { readonly journal: OperationsJournal; readonly clock: Clock }): ActJournal {
  const toOperation = (act: NewAct, state: Operation['state']): Operation => {
    const now = formatInstant(clock.wall());
    return {
      id: createId(),
      kind: act.kind,
      server_id: act.machine?.serverId ?? null,
      moid: act.machine?.moid ?? null,
      machine_name: act.machine?.name ?? null,
      actor: act.actor,
      state,
      progress_percent: null,
      error_code: null,
      error: null,
      details: { ...act.details },
      created_at: now,
      updated_at: now,
    };
  };
  return {
    async begin(act) {
      const operation = toOperation(act, 'queued');
      await written(journal.insert(operation));
      return operation;
    },
    run: (operation) => written(journal.update(operation, { state: 'running' })),
    progress: (operation, { details, percent }) => journal.progress(operation, { progress_percent: percent, details: { ...details } }),
    end: (operation, end) => journal.end(operation, toChange(operation, end)),
    note: (act) => written(journal.record(toOperation(act, 'succeeded'))),
    async listUnfinished() {
      return (await journal.listUnfinished()).filter(({ kind }) => isActElsewhere(kind));
    },
  };
}

function toChange(operation: Operation, { details, error, errorCode, state }: ActEnd): OperationChange {
  return {
    state,
    error_code: errorCode,
    error,
    progress_percent: state === 'succeeded' ? 100 : operation.progress_percent,
    ...(details === undefined ? {} : { details: { ...details } }),
  };
}

async function written<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (cause) {
    throw new OpsError({ code: 'FLEET_JOURNAL_FAILED', message: 'The operation could not be written down, so it was not begun.', cause });
  }
}
