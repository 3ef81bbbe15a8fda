import type { UndoRecord } from '../plan/undo.ts';

/** What lasts of runs. Journal entries are on disk (fsync) before the promise resolves: a change never happens before its entry. */
export interface RunStore {
  /** `HOST_RUN_LOCKED` (details: runId, pid, since, command) while another live process holds the host; a dead holder is taken over. */
  begin(run: NewRun): Promise<OpenRun>;
  list(options: { readonly hostId: string; readonly limit: number }): Promise<readonly RunSummary[]>;
  read(runId: string): Promise<RunRecord | null>;
  /** Opens a run again to resume or to roll it back; takes the same lock. */
  reopen(runId: string, purpose: 'resume' | 'rollback'): Promise<OpenRun>;
  /** Keeps the newest `keep` runs of each host, and every run that has not been finished. */
  prune(options: { readonly keep: number }): Promise<number>;
}

export type RunKind = 'apply' | 'rollback';

export interface NewRun {
  readonly hostId: string;
  readonly kind: RunKind;
  /** Who started it: a user of this machine, or a principal of the portal. */
  readonly startedBy: string;
  /** The whole plan as it was shown, with its hash. */
  readonly plan: unknown;
  readonly planHash: string;
}

export interface OpenRun {
  readonly runId: string;
  /** All entries so far, oldest first. */
  readonly journal: readonly JournalEntry[];
  append(entry: JournalEntry): Promise<void>;
  /** Keeps bytes by their SHA-256 (hexadecimal), for undo; answers with the hash. */
  keepBytes(content: Uint8Array): Promise<string>;
  readBytes(sha256: string): Promise<Uint8Array>;
  /** Appended to `events.jsonl`; not awaited by steps. */
  note(event: Readonly<Record<string, unknown>>): void;
  finish(report: RunReport): Promise<void>;
  /** Releases the lock without an end: the run can be resumed. */
  release(): Promise<void>;
}

export type JournalEntry =
  | { readonly kind: 'step.started'; readonly stepId: string; readonly atMs: number }
  /** Written before the change it takes back. */
  | { readonly kind: 'undo'; readonly stepId: string; readonly seq: number; readonly undo: UndoRecord }
  | { readonly kind: 'undo.done'; readonly seq: number }
  | { readonly kind: 'step.ended'; readonly stepId: string; readonly atMs: number; readonly result: StepResult }
  /** The rollback has taken this entry back. */
  | { readonly kind: 'undone'; readonly seq: number; readonly atMs: number };

export type StepResult =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unchanged' }
  /** An optional step that could not be done; `finishWith` is the command that completes it later. */
  | { readonly kind: 'degraded'; readonly reason: string; readonly finishWith: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** `temporary`: the same run may go well later, when the service is back or the lock is free. */
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly reason: string;
      readonly hint: string | null;
      readonly temporary?: 'service' | 'lock';
    };

export type RunEnd = 'succeeded' | 'degraded' | 'failed' | 'interrupted' | 'rolled-back';

export interface RunReport {
  readonly end: RunEnd;
  readonly endedAtMs: number;
  readonly steps: readonly StepReport[];
}

export interface StepReport {
  readonly stepId: string;
  readonly module: string;
  readonly title: string;
  readonly result: StepResult;
  readonly tookMs: number;
  readonly attempts: number;
  /** Succeeded only after a repetition. */
  readonly isRescued: boolean;
  readonly waitedMs: number;
}

export interface RunSummary {
  readonly runId: string;
  readonly hostId: string;
  readonly kind: RunKind;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly startedBy: string;
  readonly end: RunEnd | null;
}

export interface RunRecord extends RunSummary {
  readonly plan: unknown;
  readonly planHash: string;
  readonly journal: readonly JournalEntry[];
  readonly report: RunReport | null;
}
