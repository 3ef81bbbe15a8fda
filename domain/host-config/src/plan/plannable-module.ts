import type { HostFacts } from './host-facts.ts';
import type { Finding, HostModule } from './module.ts';
import type { Step } from './step.ts';

/** A module together with its part of the configuration, for one host: nothing left to decide but what is there already. */
export interface PlannableModule {
  readonly name: string;
  readonly description: string;
  readonly priority: number;
  readonly dependsOn: readonly string[];
  readonly isMandatory: boolean;
  readonly isExclusive: boolean;
  readonly services: readonly string[];
  readonly findings: readonly Finding[];
  readonly steps: readonly Step[];
}

/** `config` has passed the module's schema. */
export function toPlannableModule<C>(module: HostModule<C>, config: C, facts: HostFacts): PlannableModule {
  return {
    name: module.name,
    description: module.description,
    priority: module.priority,
    dependsOn: module.dependsOn,
    isMandatory: module.isMandatory ?? false,
    isExclusive: module.isExclusive ?? false,
    services: module.services(config),
    findings: module.validate(config, facts),
    steps: module.steps(config, facts),
  };
}
