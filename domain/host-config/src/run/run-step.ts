import { type Clock, isOpsError, OpsError, toOpsError } from '@breakwater/kernel';
import type { NetworkEvent } from '../network/network-operations.ts';
import type { ApplyContext, Step, StepContext } from '../plan/step.ts';
import type { OpenRun, StepReport, StepResult } from '../ports/run-store.ts';
import type { HostEventListener } from './host-event.ts';
import type { Lanes } from './lanes.ts';

export interface StepRun {
  readonly module: string;
  readonly step: Step;
  readonly context: StepContext;
  readonly run: OpenRun;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly onEvent: HostEventListener;
  /** The next number of an undo record; counts on over a resumed run. */
  readonly nextSeq: () => number;
}

/**
 * Brings one step about: asks again what is to be done (earlier steps may have done it), does it, and asks once more, because only a step that would
 * now do nothing is done. Never rejects but with the signal's reason; then the journal says that the step began and not that it ended.
 */
export async function runStep(stepRun: StepRun): Promise<StepReport> {
  const { clock, context, lanes, module, onEvent, run, step } = stepRun;
  const stepId = `${module}/${step.id}`;
  // Steps that never wait would not notice.
  context.signal.throwIfAborted();
  const leave = await lanes.enter(step.lane, context.signal);
  const startedAtMs = clock.now();
  const tally = { attempts: 1, isRescued: false, waitedMs: 0 };
  try {
    await run.append({ kind: 'step.started', stepId, atMs: clock.wall() });
    onEvent({ kind: 'step.started', stepId, title: step.title });
    const result = await bringAbout(stepRun, {
      ...context,
      network: context.network.observedBy((event) => {
        count(tally, event);
        onEvent({ ...event, stepId });
      }),
      progress: (text) => onEvent({ kind: 'step.progressed', stepId, text }),
    });
    const report = { stepId, module, title: step.title, result, tookMs: Math.round(clock.now() - startedAtMs), ...tally };
    await run.append({ kind: 'step.ended', stepId, atMs: clock.wall(), result });
    onEvent({ kind: 'step.ended', report });
    return report;
  } finally {
    leave();
  }
}

async function bringAbout(stepRun: StepRun, context: StepContext): Promise<StepResult> {
  const { module, step } = stepRun;
  try {
    const change = await step.plan(context);
    if (change === null) return { kind: 'unchanged' };
    await step.apply(toApplyContext(stepRun, context), change);
    const left = await step.plan(context);
    if (left !== null) throw notConverged(left.summary);
    return { kind: 'changed' };
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, details, message } = toOpsError(error, { code: 'HOST_STEP_FAILED' });
    // Trust is not optional: a wrong key or hash is never only left out.
    if (step.isOptional === true && details['failureClass'] !== 'security') {
      return { kind: 'degraded', reason: message, finishWith: `vps-configurator apply --module ${module}` };
    }
    const hint = details['hint'];
    return {
      kind: 'failed',
      code: isOpsError(error) ? code : 'HOST_STEP_FAILED',
      reason: message,
      hint: typeof hint === 'string' ? hint : null,
      ...toTemporary(details),
    };
  }
}

/** The details of `toNetworkError`. */
function toTemporary({ failureClass, reason }: OpsError['details']): { readonly temporary?: 'service' | 'lock' } {
  if (reason === 'lock-timeout') return { temporary: 'lock' };
  const isTemporary = reason === 'breaker' || reason === 'timeout' || failureClass === 'transient' || failureClass === 'throttled';
  return isTemporary ? { temporary: 'service' } : {};
}

function toApplyContext({ module, nextSeq, run, step }: StepRun, context: StepContext): ApplyContext {
  const stepId = `${module}/${step.id}`;
  return {
    ...context,
    keepBytes: (content) => run.keepBytes(content),
    async record(undo) {
      const seq = nextSeq();
      await run.append({ kind: 'undo', stepId, seq, undo });
      return () => run.append({ kind: 'undo.done', seq });
    },
  };
}

function notConverged(summary: string): OpsError {
  return new OpsError({
    code: 'HOST_STEP_NOT_CONVERGED',
    message: `It was done, and yet it is not so: "${summary}" would have to be done again.`,
    details: { hint: 'Something else on this host puts it back; look for another configuration tool.' },
  });
}

function count(tally: { attempts: number; isRescued: boolean; waitedMs: number }, event: NetworkEvent): void {
  if (event.kind === 'network.attempted') tally.attempts = Math.max(tally.attempts, event.attempt);
  if (event.kind === 'network.retry-scheduled') tally.waitedMs += event.delayMs;
  if (event.kind === 'network.lock-waited') tally.waitedMs += event.waitedMs;
  if (event.kind === 'network.rescued') tally.isRescued = true;
}
