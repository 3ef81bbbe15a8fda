import type { ZodType } from 'zod';
import type { HostFacts } from './host-facts.ts';
import type { Step, StepContext } from './step.ts';

/** One area of a host's set-up. Built-in modules and plugins have the same shape and pass the same conformance test. */
export interface HostModule<C = unknown> {
  /** Lower snake case, as it stands in the configuration: `ssh_hardening`. */
  readonly name: string;
  readonly description: string;
  /** Lower runs earlier among modules that do not depend on each other. */
  readonly priority: number;
  readonly dependsOn: readonly string[];
  /** Its failure ends the run instead of only skipping what depends on it. */
  readonly isMandatory?: boolean;
  /** Nothing else runs beside it. */
  readonly isExclusive?: boolean;
  /** Strict: an unknown key is an error. Defaults are in here. */
  readonly schema: ZodType<C>;
  /** Services that its steps need, for the check at the start and for degradation. */
  services(config: C): readonly string[];
  /** What cannot work, before anything is planned. */
  validate(config: C, facts: HostFacts): readonly Finding[];
  steps(config: C, facts: HostFacts): readonly Step[];
  /** Read-only checks beyond "no step would change anything". */
  verify?(config: C, context: StepContext): Promise<readonly Check[]>;
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly text: string;
  readonly hint: string;
}

export interface Check {
  readonly title: string;
  readonly isOk: boolean;
  readonly text: string;
}
