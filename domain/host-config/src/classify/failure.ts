/** What a failure calls for; the names are those that `vps-configurator explain` prints. */
export type FailureClass =
  | 'ok'
  /** The service or the way to it; try again. Says something about the service. */
  | 'transient'
  /** The service asks for patience. */
  | 'throttled'
  /** Somebody else holds a lock; wait, which uses up no attempt. */
  | 'wait-lock'
  /** This host needs a known repair first. */
  | 'repair'
  /** Asking again cannot help. */
  | 'permanent'
  /** Trust failed; never repeated, never worked around. */
  | 'security'
  /** This host lacks something: disk, rights, a free folder. */
  | 'local'
  | 'unknown';

export const FAILURE_CLASSES: readonly FailureClass[] = [
  'ok',
  'transient',
  'throttled',
  'wait-lock',
  'repair',
  'permanent',
  'security',
  'local',
  'unknown',
];

export type FailureTool = 'apt' | 'git' | 'http' | 'ssh';

export interface ToolOutput {
  readonly tool: FailureTool;
  /** Null: ended by a signal, or never known. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why an operation of a tool ended as it did. */
export interface Explanation {
  readonly class: FailureClass;
  /** Stable and dotted: `apt.pkg.notfound`, `git.captive`, `disk.full`; `ok` and `unknown` too. */
  readonly code: string;
  /** One line for people: what happened, with the names and numbers found in the output. */
  readonly cause: string;
  /** The next step, or an empty text for `ok`. */
  readonly hint: string;
  readonly retryAfterMs?: number;
  /** Host names of the URLs that failed: they decide which service's breaker counts the failure. */
  readonly failedHosts: readonly string[];
  readonly lockHolder?: { readonly pid: number; readonly name: string };
  /** The mirror was caught in the middle of its own update: ask again only after 30 s and with fresh lists, twice at most. */
  readonly isMirrorSync?: boolean;
  /** The lines of the output that decided. */
  readonly evidence: readonly string[];
}
