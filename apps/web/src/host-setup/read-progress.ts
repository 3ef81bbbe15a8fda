import type { HostSetupProgress, Operation } from '@breakwater/contract';

const PREFIX = 'host.';
const PHASES: readonly string[] = ['waiting', 'connecting', 'planning', 'working', 'over'] satisfies HostSetupProgress['phase'][];
const ACTS: readonly string[] = ['plan', 'apply', 'resume', 'roll_back'] satisfies HostSetupProgress['act'][];

/** How far a set-up is, from the operation that tells it; null for operations of another sort. */
export function readProgress(operation: Pick<Operation, 'kind' | 'details'>): HostSetupProgress | null {
  const { details, kind } = operation;
  if (!kind.startsWith(PREFIX) || details === null) return null;
  const { act, phase, setup_id: setupId } = details;
  if (typeof setupId !== 'string' || !isOneOf(ACTS, act) || !isOneOf(PHASES, phase)) return null;
  const { lines, module, run_id: runId, step, steps_done: done, steps_total: total } = details;
  return {
    setup_id: setupId,
    act: act as HostSetupProgress['act'],
    phase: phase as HostSetupProgress['phase'],
    steps_done: typeof done === 'number' ? done : 0,
    steps_total: typeof total === 'number' ? total : 0,
    module: toText(module),
    step: toText(step),
    lines: Array.isArray(lines) ? lines.filter((line) => typeof line === 'string') : [],
    run_id: toText(runId),
  };
}

const isOneOf = (known: readonly string[], value: unknown): boolean => typeof value === 'string' && known.includes(value);
const toText = (value: unknown): string | null => (typeof value === 'string' ? value : null);
