import type { FailureClass } from './failure.ts';

/** One known text of a tool and what it means. Rules are data; the order within a tool decides between equal classes. */
export interface Rule {
  readonly code: string;
  readonly class: FailureClass;
  /** Matched against the lines that count, joined by line feeds. Without the `g` flag, and free of nested quantifiers: the text is foreign. */
  readonly pattern: RegExp;
  readonly cause: string | ((match: RegExpExecArray) => string);
  readonly hint: string;
  /** Says only that something failed, as summaries at the end do; counts when nothing more telling matches. */
  readonly isSummary?: boolean;
  readonly isMirrorSync?: boolean;
}

/** What stands higher decides when one output tells of several failures: trust first, then what no repetition can mend. */
const WEIGHT: readonly FailureClass[] = ['security', 'local', 'permanent', 'repair', 'wait-lock', 'throttled', 'transient'];

export interface RuleMatch {
  readonly rule: Rule;
  readonly match: RegExpExecArray;
}

export function findDecidingRule(text: string, rules: readonly Rule[]): RuleMatch | null {
  let best: RuleMatch | null = null;
  for (const rule of rules) {
    const match = rule.pattern.exec(text);
    if (match !== null && (best === null || outweighs(rule, best.rule))) best = { rule, match };
  }
  return best;
}

function outweighs(rule: Rule, other: Rule): boolean {
  const isSummary = rule.isSummary === true;
  if (isSummary !== (other.isSummary === true)) return !isSummary;
  return WEIGHT.indexOf(rule.class) < WEIGHT.indexOf(other.class);
}

/** The whole lines that a match covers, at most four, each cut to a length that fits a report. */
export function toEvidence(text: string, match: RegExpExecArray): readonly string[] {
  const from = text.lastIndexOf('\n', match.index) + 1;
  const next = text.indexOf('\n', match.index + match[0].length);
  return text
    .slice(from, next < 0 ? text.length : next)
    .split('\n')
    .slice(0, 4)
    .map((line) => line.trim().slice(0, 300));
}
