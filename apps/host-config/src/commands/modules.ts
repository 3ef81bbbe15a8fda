import { type HostModule, listSettings } from '@breakwater/host-config';
import { z } from 'zod';
import { type Console, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { unknownName } from '../load-settings.ts';

export function listModules(console: Console, modules: readonly HostModule[]): number {
  for (const { dependsOn, description, name, priority } of modules)
    console.record({ kind: 'module', name, description, priority, dependsOn });
  console.print(
    toTable(
      ['MODULE', 'NEEDS', 'WHAT IT SETS UP'],
      modules.map(({ dependsOn, description, name }) => [name, dependsOn.join(', ') || '-', description]),
    ),
  );
  return EXIT.ok;
}

/** Its settings with their defaults, as they stand below `modules.<name>`. */
export function showModule(console: Console, name: string, modules: readonly HostModule[]): number {
  const module = modules.find((each) => each.name === name);
  if (module === undefined)
    throw unknownName(name, { what: 'module', code: 'HOST_MODULE_UNKNOWN', known: modules.map((each) => each.name) });
  const { dependsOn, description, priority, schema } = module;
  console.record({ kind: 'module', name, description, priority, dependsOn, schema: toJsonSchema(schema) });
  console.print(`${console.paint('strong', name)}: ${description}`);
  if (dependsOn.length > 0) console.print(`Needs: ${dependsOn.join(', ')}`);
  const defaults = schema.safeParse({});
  const rows = listSettings(schema, defaults.success ? defaults.data : {}).map(({ defaultValue, description: what, path }) => [
    `modules.${name}.${path.join('.')}`,
    defaultValue === undefined ? (defaults.success ? '-' : 'no default') : JSON.stringify(defaultValue),
    what,
  ]);
  if (rows.length > 0) console.print(toTable(['SETTING', 'DEFAULT', ''], rows));
  return EXIT.ok;
}

export function toJsonSchema(schema: z.ZodType): unknown {
  // What JSON Schema cannot say (refinements, transformations) is checked all the same when the file is read.
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}
