import type { NetworkOperations } from '../network/network-operations.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import type { Fetch } from './fetch.ts';
import type { UndoRecord } from './undo.ts';

/** One thing that must be so on the host. `plan` reads and writes nothing; a second `plan` after `apply` answers null. */
export interface Step {
  /** Unique within its module: `packages`, `file:/etc/motd`. */
  readonly id: string;
  /** For people, imperative: "Install 3 packages". */
  readonly title: string;
  readonly lane: Lane;
  /** An optional step that cannot be done is reported and skipped (exit code 3) instead of stopping its module. */
  readonly isOptional?: boolean;
  /** What a plan says of this step when one of `steps` (ids within the module) would change something: only then will it have something to do. */
  readonly follows?: { readonly steps: readonly string[]; readonly change: Change };
  /** Null: already so, and then neither the network nor a lock is needed. */
  plan(context: StepContext): Promise<Change | null>;
  /** Writes the undo record before each change through `context.record`. Throws `OpsError`. */
  apply(context: ApplyContext, change: Change): Promise<void>;
}

/** What may run side by side: one apt at a time, four per service, four local ones. */
export type Lane = { readonly kind: 'apt' } | { readonly kind: 'local' } | { readonly kind: 'service'; readonly service: string };

export interface StepContext {
  readonly host: HostExecutor;
  readonly network: NetworkOperations;
  readonly signal: AbortSignal;
  /** A line for people about what is going on in this step. */
  progress(text: string): void;
}

export interface ApplyContext extends StepContext {
  /** Resolves when the record is on disk; then make the change, then call what it resolves to. */
  record(undo: UndoRecord): Promise<() => Promise<void>>;
  keepBytes(content: Uint8Array): Promise<string>;
}

/** What `apply` would do, for people and for the hash of the plan. */
export interface Change {
  readonly summary: string;
  readonly details: readonly ChangeDetail[];
  /** Says that it removes or interrupts something; `apply` asks for it by name. */
  readonly dangers: readonly string[];
  /** What it takes from the network; `bundle create` gathers it. A step that fetches and does not say so fails offline. */
  readonly fetches?: readonly Fetch[];
}

export type ChangeDetail =
  | { readonly kind: 'file'; readonly path: string; readonly action: 'create' | 'change' | 'remove'; readonly diff: string }
  | { readonly kind: 'attributes'; readonly path: string; readonly before: string; readonly after: string }
  | {
      readonly kind: 'packages';
      readonly install: readonly string[];
      readonly upgrade: readonly string[];
      readonly remove: readonly string[];
    }
  | { readonly kind: 'service'; readonly unit: string; readonly before: string; readonly after: string }
  | { readonly kind: 'account'; readonly name: string; readonly action: string }
  | { readonly kind: 'download'; readonly url: string; readonly path: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };
