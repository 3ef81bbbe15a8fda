import type { Attempt } from './attempt.ts';
import type { PipelineSpec } from './spec.ts';
import { parseTimeoutHintMs } from './timeout-hint.ts';
import { classifyByDefault, type Settlement, type Verdict } from './verdict.ts';

export interface Judgement {
  /** What the caller gets. */
  readonly settlement: Settlement;
  readonly verdict: Verdict;
  /** The timeout that a rejection names in its text. */
  readonly timeoutMs: number | undefined;
}

/** Asks the classifier of a pipeline what an answer means. */
export function judgeAnswer(spec: PipelineSpec, answer: Settlement, attempt: Attempt): Judgement {
  const { classify = classifyByDefault } = spec;
  try {
    const verdict = classify(answer, attempt);
    return { settlement: answer, verdict, timeoutMs: isRejection(verdict) && !answer.ok ? toHintMs(answer.error) : undefined };
  } catch (error) {
    // A classifier that throws is a defect on our side: the caller hears of it, the server is not blamed.
    return { settlement: { ok: false, error }, verdict: { kind: 'ignored' }, timeoutMs: undefined };
  }
}

function isRejection(verdict: Verdict): boolean {
  return verdict.kind === 'throttled' || verdict.kind === 'timeout';
}

function toHintMs(error: unknown): number | undefined {
  return error instanceof Error ? parseTimeoutHintMs(error.message) : undefined;
}
