import type { Explanation, HostEvent } from '@breakwater/host-config';

/** The kinds of lines that `--json` prints beside the events of a run. One line is one object with a `kind`. */
export const RECORD_KINDS = [
  'explanation',
  'error',
  'plan',
  'plan.ended',
  'verified',
  'verification.ended',
  'rollback.planned',
  'rollback.ended',
  'breaker',
  'breaker.changed',
  'run',
  'report',
  'module',
  'profile',
  'setting',
  'config.valid',
  'schema',
  'facts',
  'diagnosis',
  'health',
  'bundle',
  'bundle.progressed',
] as const;

export type RecordKind = (typeof RECORD_KINDS)[number];

export type OutputRecord =
  | HostEvent
  | ({ readonly kind: RecordKind } & Readonly<Record<string, unknown>>)
  | ({ readonly kind: 'explanation' } & Explanation);
