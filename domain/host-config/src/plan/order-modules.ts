import { OpsError } from '@breakwater/kernel';

export interface ModuleNode {
  readonly name: string;
  readonly priority: number;
  readonly dependsOn: readonly string[];
}

export interface ModuleOrder<M extends ModuleNode> {
  /** Every module after all that it depends on; among equals the lower priority number first, then the name. */
  readonly modules: readonly M[];
  /** "docker needs apt_sources, which was not asked for." */
  readonly notes: readonly string[];
}

/**
 * Chosen modules and what they depend on, in an order in which they can be done. Throws `HOST_MODULE_UNKNOWN`, `HOST_MODULE_CYCLE`, and
 * `HOST_MODULE_NEEDED` when a module that is skipped is needed by one that is not.
 */
export function orderModules<M extends ModuleNode>(
  all: readonly M[],
  choice: { readonly wanted: readonly string[]; readonly skipped: readonly string[] },
): ModuleOrder<M> {
  const byName = new Map(all.map((module) => [module.name, module]));
  for (const name of [...choice.wanted, ...choice.skipped]) if (!byName.has(name)) throw unknownModule(name, [...byName.keys()]);
  const notes: string[] = [];
  const chosen = new Map<string, M>();
  const add = (name: string, neededBy: string | null): void => {
    if (chosen.has(name)) return;
    const module = byName.get(name);
    if (module === undefined) throw unknownModule(name, [...byName.keys()]);
    if (choice.skipped.includes(name)) {
      if (neededBy !== null) throw neededModule(name, neededBy);
      return;
    }
    if (neededBy !== null && !choice.wanted.includes(name))
      notes.push(`${neededBy} needs ${name}, which was not asked for; it is done too.`);
    chosen.set(name, module);
    for (const dependency of module.dependsOn) add(dependency, name);
  };
  for (const name of choice.wanted) add(name, null);
  return { modules: sort([...chosen.values()]), notes };
}

function sort<M extends ModuleNode>(modules: readonly M[]): readonly M[] {
  const left = new Set(modules.toSorted((a, b) => a.priority - b.priority || a.name.localeCompare(b.name)));
  const done = new Set<string>();
  const ordered: M[] = [];
  while (left.size > 0) {
    const next = left.values().find((module) => module.dependsOn.every((name) => done.has(name)));
    if (next === undefined) {
      const names = [...left].map((module) => module.name);
      throw new OpsError({
        code: 'HOST_MODULE_CYCLE',
        message: `These modules wait for each other: ${names.join(', ')}. Remove one of their dependencies.`,
        details: { modules: names },
      });
    }
    left.delete(next);
    done.add(next.name);
    ordered.push(next);
  }
  return ordered;
}

function unknownModule(name: string, known: readonly string[]): OpsError {
  return new OpsError({
    code: 'HOST_MODULE_UNKNOWN',
    message: `There is no module "${name}". Known: ${known.toSorted().join(', ')}.`,
    details: { module: name },
  });
}

function neededModule(name: string, neededBy: string): OpsError {
  return new OpsError({
    code: 'HOST_MODULE_NEEDED',
    message: `The module ${name} cannot be skipped: ${neededBy} needs it. Skip that one too.`,
    details: { module: name, neededBy },
  });
}
