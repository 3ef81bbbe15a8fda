import { OpsError } from '@breakwater/kernel';
import type { ConfigLayer } from '../config/config-layer.ts';
import { type ResolvedConfig, resolveConfig } from '../config/resolve-config.ts';
import type { HostFacts } from '../plan/host-facts.ts';
import type { HostModule } from '../plan/module.ts';
import { orderModules } from '../plan/order-modules.ts';
import { type PlannableModule, toPlannableModule } from '../plan/plannable-module.ts';

export interface ModuleChoice {
  readonly resolved: ResolvedConfig;
  readonly modules: readonly HostModule[];
  /** Weakest first. */
  readonly layers: readonly ConfigLayer[];
  /** Instead of those that the settings name; none: those. */
  readonly wanted?: readonly string[];
  readonly skipped?: readonly string[];
}

export interface ChosenModules {
  /** In the order in which they are done. */
  readonly modules: readonly HostModule[];
  readonly notes: readonly string[];
  /** With the facts of a host each becomes something that can be planned. */
  toPlannable(facts: HostFacts): readonly PlannableModule[];
}

/** Which modules are set up, with all that they need, in their order. Throws `HOST_CONFIG_EMPTY`, `HOST_MODULE_*`, `HOST_CONFIG_INVALID`. */
export function chooseModules({ layers, modules, resolved, skipped = [], wanted = [] }: ModuleChoice): ChosenModules {
  const names = wanted.length > 0 ? wanted : resolved.config.modules.enabled;
  if (names.length === 0) {
    throw new OpsError({
      code: 'HOST_CONFIG_EMPTY',
      message: 'No module is chosen. Name a profile (--profile server) or modules (--module packages), or set modules.enabled in a file.',
    });
  }
  const ordered = orderModules(modules, { wanted: names, skipped });
  const chosen = ordered.modules.map(({ name }) => name);
  // A module that only comes along because another one needs it has not been checked before.
  const isChecked = chosen.every((name) => resolved.moduleConfigs.has(name));
  const layer: ConfigLayer = { origin: 'the chosen modules', values: { modules: { enabled: chosen } } };
  const configs = isChecked ? resolved.moduleConfigs : resolveConfig({ layers: [...layers, layer], modules }).moduleConfigs;
  return {
    modules: ordered.modules,
    notes: ordered.notes,
    toPlannable: (facts) => ordered.modules.map((module) => toPlannableModule(module, configs.get(module.name), facts)),
  };
}
