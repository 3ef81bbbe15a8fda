import type { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { findClosestName } from './closest-name.ts';
import { type ConfigLayer, type ConfigTree, invalidConfig, isTree } from './config-layer.ts';
import { type HostConfig, hostConfigSchema } from './host-config-schema.ts';
import { findSchema, toShape } from './schema-walk.ts';

export interface ResolvedConfig {
  readonly config: HostConfig;
  /** What each module gets, its defaults included; modules that are not enabled too. */
  readonly moduleConfigs: ReadonlyMap<string, unknown>;
  /** Where the value at a path comes from; the nearest origin above it for a path that no source has set as such. */
  readonly originOf: (path: readonly string[]) => string;
}

export interface ConfigSources {
  /** Weakest first; the defaults need not be among them. */
  readonly layers: readonly ConfigLayer[];
  readonly modules: readonly HostModule[];
}

/** Lays the sources over each other and checks the whole. Throws `HOST_CONFIG_INVALID` with every problem, its source and its place. */
export function resolveConfig({ layers, modules }: ConfigSources): ResolvedConfig {
  const all: readonly ConfigLayer[] = [{ origin: 'built-in', values: hostConfigSchema.parse({}) }, ...layers];
  let merged: ConfigTree = {};
  for (const layer of all) merged = merge(merged, layer.values);
  const problems: string[] = [];
  const explainIssues = (error: z.core.$ZodError, schema: z.core.$ZodType, prefix: readonly string[]): void => {
    for (const issue of error.issues) problems.push(...describeIssue(issue, { schema, prefix, layers: all, values: merged }));
  };
  const parsed = hostConfigSchema.safeParse(merged);
  if (!parsed.success) explainIssues(parsed.error, hostConfigSchema, []);

  const sections = isTree(merged['modules']) ? merged['modules'] : {};
  const names = modules.map(({ name }) => name);
  const moduleConfigs = new Map<string, unknown>();
  for (const module of modules) {
    const section = module.schema.safeParse(sections[module.name] ?? {});
    if (section.success) moduleConfigs.set(module.name, section.data);
    // A module that is off may stay without the settings that it would need.
    else if (sections[module.name] !== undefined || isEnabled(sections, module.name))
      explainIssues(section.error, module.schema, ['modules', module.name]);
  }
  for (const name of Object.keys(sections)) {
    if (name === 'enabled' || names.includes(name)) continue;
    problems.push(`${place(['modules', name], all)}modules.${name}: there is no such module.${suggest(name, names)}`);
  }
  if (!parsed.success || problems.length > 0) throw invalidConfig(problems);
  return { config: parsed.data, moduleConfigs, originOf: (path) => findSetter(path, all)?.origin ?? 'built-in' };
}

function isEnabled(sections: ConfigTree, name: string): boolean {
  const enabled = sections['enabled'];
  return Array.isArray(enabled) && enabled.includes(name);
}

/** Objects are merged key by key; anything else replaces what was there. */
function merge(below: ConfigTree, above: ConfigTree): ConfigTree {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = result[key];
    // An empty section in a file ("apt:") says nothing.
    if (value === null && isTree(under)) continue;
    result[key] = isTree(value) && isTree(under) ? merge(under, value) : value;
  }
  return result;
}

interface IssueSurroundings {
  readonly schema: z.core.$ZodType;
  readonly prefix: readonly string[];
  readonly layers: readonly ConfigLayer[];
  readonly values: ConfigTree;
}

function describeIssue(issue: z.core.$ZodIssue, { layers, prefix, schema, values }: IssueSurroundings): readonly string[] {
  const path = [...prefix, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    const parent = findSchema(schema, issue.path);
    const known = Object.keys(parent === null ? {} : (toShape(parent) ?? {}));
    return issue.keys.map((key) => {
      const full = [...path, key];
      return `${place(full, layers)}${full.join('.')}: there is no such key.${suggest(key, known)}`;
    });
  }
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    values,
  );
  const shown = found === undefined ? '' : ` (it is ${toShort(found)})`;
  return [`${place(path, layers)}${path.join('.')}: ${issue.message}${shown}`];
}

function toShort(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function suggest(name: string, known: readonly string[]): string {
  const closest = findClosestName(name, known);
  if (closest !== null) return ` Did you mean ${closest}?`;
  return known.length === 0 ? '' : ` Known: ${known.join(', ')}.`;
}

/** `file:12:5: `, or `--set: ` where there are no lines. */
function place(path: readonly string[], layers: readonly ConfigLayer[]): string {
  const setter = findSetter(path, layers);
  if (setter === null || setter.origin === 'built-in') return '';
  const position = setter.locate?.(path) ?? null;
  return `${setter.origin}${position === null ? '' : `:${position}`}: `;
}

function findSetter(path: readonly string[], layers: readonly ConfigLayer[]): ConfigLayer | null {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const setter = layers.findLast((layer) => has(layer.values, part));
    if (setter !== undefined) return setter;
  }
  return null;
}

function has(values: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  return typeof values === 'object' && values !== null && Object.hasOwn(values, key) && has(Reflect.get(values, key), rest);
}
