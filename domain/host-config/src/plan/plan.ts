import type { HostFacts } from './host-facts.ts';
import type { Finding } from './module.ts';
import type { Change, Lane } from './step.ts';

/** Everything a run would do, as it is shown, stored, compared and agreed to. Plain data. */
export interface Plan {
  readonly hostId: string;
  readonly profile: string | null;
  readonly facts: HostFacts;
  readonly notes: readonly string[];
  /** In the order in which they are done. */
  readonly modules: readonly PlannedModule[];
  /** SHA-256 of all of the above: two plans with one hash do the same. */
  readonly hash: string;
}

export interface PlannedModule {
  readonly name: string;
  readonly description: string;
  readonly dependsOn: readonly string[];
  readonly isMandatory: boolean;
  readonly isExclusive: boolean;
  readonly services: readonly string[];
  readonly findings: readonly Finding[];
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  /** `module/step`. */
  readonly id: string;
  readonly title: string;
  readonly lane: Lane;
  readonly isOptional: boolean;
  readonly outcome: PlannedOutcome;
}

export type PlannedOutcome =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'change'; readonly change: Change }
  /** Could not be told, and would fail if nothing changes until then. */
  | { readonly kind: 'problem'; readonly code: string; readonly text: string };

export interface PlanCounts {
  readonly changes: number;
  readonly unchanged: number;
  readonly problems: number;
  readonly dangers: readonly string[];
}

export function countPlan(plan: Plan): PlanCounts {
  const outcomes = plan.modules.flatMap((module) => module.steps.map((step) => step.outcome));
  const errors = plan.modules.flatMap((module) => module.findings.filter((finding) => finding.severity === 'error'));
  return {
    changes: outcomes.filter((outcome) => outcome.kind === 'change').length,
    unchanged: outcomes.filter((outcome) => outcome.kind === 'unchanged').length,
    problems: outcomes.filter((outcome) => outcome.kind === 'problem').length + errors.length,
    dangers: outcomes.flatMap((outcome) => (outcome.kind === 'change' ? outcome.change.dangers : [])),
  };
}
