import { writeFile } from 'node:fs/promises';
import { hostConfigSchema, listSettings, writeDefaultYaml } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { type Console, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import type { Settings } from '../load-settings.ts';
import { toJsonSchema } from './modules.ts';

/** The settings as they are after all sources; those of the enabled modules too. */
export function showConfig(console: Console, { resolved }: Settings, options: { readonly withOrigin: boolean }): number {
  const { config, moduleConfigs, originOf } = resolved;
  const { modules, ...general } = config;
  const rows = [
    ...listSettings(hostConfigSchema, { ...general, modules: { enabled: modules.enabled } })
      .filter(({ isGroup }) => !isGroup)
      .map(({ defaultValue, path }) => ({ path, value: defaultValue })),
    ...modules.enabled.flatMap((name) =>
      Object.entries((moduleConfigs.get(name) ?? {}) as Readonly<Record<string, unknown>>).map(([key, value]) => ({
        path: ['modules', name, key],
        value,
      })),
    ),
  ].map((row) => ({ ...row, origin: originOf(row.path) }));
  for (const { origin, path, value } of rows) console.record({ kind: 'setting', path: path.join('.'), value, origin });
  const cells = rows.map(({ origin, path, value }) => [path.join('.'), ...(options.withOrigin ? [origin] : []), JSON.stringify(value)]);
  console.print(toTable(['SETTING', ...(options.withOrigin ? ['FROM'] : []), 'VALUE'], cells));
  return EXIT.ok;
}

/** Reading them has checked them. */
export function confirmConfig(console: Console, { layers }: Settings): number {
  const sources = layers.map(({ origin }) => origin);
  console.record({ kind: 'config.valid', source: sources.join(', ') });
  console.print(`${console.paint('good', 'ok')} ${sources.length === 0 ? 'only the defaults' : sources.join(', ')}`);
  return EXIT.ok;
}

/** For editors that check a file while it is written. */
export function printSchema(console: Console, { modules }: Settings): number {
  const base = toJsonSchema(hostConfigSchema) as {
    properties: { modules: { properties: Record<string, unknown>; additionalProperties?: unknown } };
  };
  for (const { name, schema } of modules) base.properties.modules.properties[name] = toJsonSchema(schema);
  base.properties.modules.additionalProperties = false;
  console.record({ kind: 'schema', schema: base });
  console.print(JSON.stringify(base, null, 2));
  return EXIT.ok;
}

/** Writes a file with every setting and its default. Null: to standard output. */
export async function writeConfig(console: Console, path: string | null): Promise<number> {
  const text = writeDefaultYaml();
  if (path === null) {
    console.record({ kind: 'schema', yaml: text });
    console.print(text.trimEnd());
    return EXIT.ok;
  }
  try {
    // `wx`: settings that somebody has written are never lost to this.
    await writeFile(path, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const why = isThere ? 'it is there already' : error instanceof Error ? error.message : String(error);
    throw new OpsError({ code: 'HOST_USAGE_FILE', message: `${path} is not written: ${why}.`, cause: error });
  }
  console.record({ kind: 'config.valid', source: path });
  console.print(`Written: ${path}. Change what you need, then try: vps-configurator plan --config ${path}`);
  return EXIT.ok;
}
