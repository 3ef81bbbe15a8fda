import type { ActEnd } from '@breakwater/fleet';
import { isOpsError, toOpsError } from '@breakwater/kernel';
import type { RunReport, StepReport } from '../ports/run-store.ts';
import type { SetupRecord } from '../ports/setup-repositories.ts';
import { type RollbackReport, toRollbackError } from '../run/roll-back.ts';
import { toStepReports } from './setup-view.ts';

/** What became of an act: for the set-up, and for the operation in the journal. */
export interface SetupEnd {
  readonly record: Partial<SetupRecord>;
  readonly operation: Pick<ActEnd, 'state' | 'errorCode' | 'error'>;
}

const MAX_ERROR_CHARACTERS = 500;

/** `why`: the reason of the signal, for a run that was interrupted. */
export function toRunEnd(report: RunReport, why: unknown): SetupEnd {
  const steps = toStepReports(report.steps);
  switch (report.end) {
    case 'succeeded':
      return end('succeeded', { state: 'succeeded', steps });
    case 'rolled-back':
      return end('succeeded', { state: 'rolled_back', steps });
    case 'degraded': {
      const left = report.steps.filter(({ result }) => result.kind === 'degraded' || result.kind === 'skipped');
      const text = `Done, but ${left.length} of ${report.steps.length} steps were left out: ${left.map(({ title }) => title).join('; ')}`;
      return end('succeeded', { state: 'degraded', steps }, { code: 'HOST_SETUP_DEGRADED', message: text });
    }
    case 'failed': {
      const failure = findFailure(report.steps);
      const isLost = failure.code === 'HOST_LINK_LOST';
      return isLost
        ? end('unknown', { state: 'interrupted', steps }, failure)
        : end('failed', { state: 'failed', steps }, { code: 'HOST_SETUP_FAILED', message: failure.message });
    }
    case 'interrupted': {
      const { code, message } = toOpsError(why, { code: 'HOST_SETUP_INTERRUPTED' });
      const isCanceled = code === 'HOST_SETUP_CANCELED';
      return end(isCanceled ? 'canceled' : 'unknown', { state: isCanceled ? 'canceled' : 'interrupted', steps }, { code, message });
    }
  }
}

export function toRollbackEnd(report: RollbackReport): SetupEnd {
  if (report.failed.length > 0) return end('failed', { state: 'failed' }, toRollbackError(report));
  return end('succeeded', { state: 'rolled_back' });
}

export interface ThrownDuring {
  readonly act: SetupRecord['act'];
  /** Before this act. */
  readonly stateBefore: SetupRecord['state'];
  /** Whether something may have been changed on the host. */
  readonly hasBegun: boolean;
}

export function toThrownEnd(error: unknown, { act, hasBegun, stateBefore }: ThrownDuring): SetupEnd {
  const known = toOpsError(error, { code: 'HOST_SETUP_FAILED' });
  // What is no error of ours may hold anything.
  const shown = isOpsError(error)
    ? known
    : { code: 'HOST_SETUP_FAILED', message: 'It failed in a way that is not known. The log tells more.' };
  const isCanceled = known.code === 'HOST_SETUP_CANCELED';
  if (act === 'plan') return end(isCanceled ? 'canceled' : 'failed', { state: 'plan_failed' }, shown);
  if (hasBegun) return end(isCanceled ? 'canceled' : 'unknown', { state: isCanceled ? 'canceled' : 'interrupted' }, shown);
  // A plan that no longer holds will not hold later.
  const state = known.code === 'HOST_PREFLIGHT_PLAN_MOVED' ? 'plan_failed' : stateBefore;
  return end(isCanceled ? 'canceled' : 'failed', { state }, shown);
}

function findFailure(steps: readonly StepReport[]): { readonly code: string; readonly message: string } {
  const failures = steps.flatMap(({ result, title }) => (result.kind === 'failed' ? [{ ...result, title }] : []));
  const first = failures.find(({ code }) => code === 'HOST_LINK_LOST') ?? failures[0];
  return first === undefined
    ? { code: 'HOST_SETUP_FAILED', message: 'It failed.' }
    : { code: first.code, message: `${first.title}: ${first.reason}` };
}

function end(
  state: ActEnd['state'],
  record: Partial<SetupRecord>,
  problem: { readonly code: string; readonly message: string } | null = null,
): SetupEnd {
  const errorCode = problem?.code ?? null;
  const error = problem?.message.slice(0, MAX_ERROR_CHARACTERS) ?? null;
  return { record: { ...record, error_code: errorCode, error }, operation: { state, errorCode, error } };
}
