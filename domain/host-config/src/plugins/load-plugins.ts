import { OpsError } from '@breakwater/kernel';
import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import type { PluginDoor } from '../ports/plugin-door.ts';

export interface LoadPluginsOptions {
  readonly paths: readonly string[];
  readonly door: PluginDoor;
  /** Names that are taken. */
  readonly known: readonly HostModule[];
}

type Callable = (...args: never[]) => unknown;

const callable = z.custom<Callable>((value) => typeof value === 'function', 'a function');

/** What plan, run and rollback rely on. How it behaves is told by `describeHostModule` of the testing door. */
const shape = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{1,40}$/, 'lower snake case'),
  description: z.string().min(1),
  priority: z.number(),
  dependsOn: z.array(z.string()),
  isMandatory: z.boolean().optional(),
  isExclusive: z.boolean().optional(),
  schema: z.custom<z.ZodType>(
    (value) => typeof (value as { readonly safeParse?: unknown } | null)?.safeParse === 'function',
    'a zod schema',
  ),
  services: callable,
  validate: callable,
  steps: callable,
  verify: callable.optional(),
});

/** Throws `HOST_PLUGIN_INVALID`, naming the file: a plugin that is asked for and does not work must not be left out silently. */
export async function loadPlugins({ door, known, paths }: LoadPluginsOptions): Promise<readonly HostModule[]> {
  const taken = new Map(known.map(({ name }) => [name, 'built in']));
  const modules: HostModule[] = [];
  for (const path of paths) {
    const module = await loadPlugin(path, door);
    const owner = taken.get(module.name);
    if (owner !== undefined) throw invalid(path, `the name ${module.name} is taken (${owner})`);
    taken.set(module.name, path);
    modules.push(module);
  }
  return modules;
}

async function loadPlugin(path: string, door: PluginDoor): Promise<HostModule> {
  let exported: unknown;
  try {
    exported = await door.load(path);
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause));
  }
  const checked = shape.safeParse(exported);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(path, `its export "module" has no good "${issue?.path.join('.') ?? ''}": ${issue?.message}`);
  }
  // Not the parsed copy: methods may need the object they belong to.
  return exported as HostModule;
}

function invalid(path: string, why: string): OpsError {
  return new OpsError({
    code: 'HOST_PLUGIN_INVALID',
    message: `The plugin ${path} cannot be used: ${why}.`,
    details: { path, hint: 'Mend it, or take it off the list "plugins".' },
  });
}
