import { readFile } from 'node:fs/promises';
import {
  type ConfigLayer,
  findClosestName,
  findProfile,
  type HostModule,
  parseAssignment,
  parseConfigFile,
  type ResolvedConfig,
  readConfigVariables,
  resolveConfig,
  toProfileLayer,
} from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import type { HostParts } from './parts.ts';
import type { Surroundings } from './surroundings.ts';

export interface SettingsFlags {
  readonly profile?: string;
  readonly config?: string;
  readonly set: readonly string[];
}

export interface Settings {
  readonly resolved: ResolvedConfig;
  readonly profile: string | null;
  /** Built-in ones and plugins. */
  readonly modules: readonly HostModule[];
  /** Weakest first. */
  readonly layers: readonly ConfigLayer[];
}

export interface SettingsRoom {
  readonly surroundings: Surroundings;
  readonly parts: HostParts;
  /** What other options of a command mean, in the words of the configuration; they win. */
  readonly extra?: readonly ConfigLayer[];
}

/** Lays all sources of settings over each other: built-in < profile < system file < --config < VPSCFG_* < --set < other options. */
export async function loadSettings(flags: SettingsFlags, { extra = [], parts, surroundings }: SettingsRoom): Promise<Settings> {
  const upper = [
    ...(await readConfigFile(surroundings.systemConfigPath, 'optional')),
    ...(flags.config === undefined ? [] : await readConfigFile(flags.config, 'required')),
    ...readConfigVariables(surroundings.settings),
    ...flags.set.map((text) => parseAssignment(text, { origin: '--set' })),
    ...extra,
  ];
  const chosen = flags.profile ?? findLast(upper, 'profile');
  const profile = typeof chosen === 'string' ? findProfile(chosen, parts.profiles) : null;
  const layers = [...(profile === null ? [] : [toProfileLayer(profile)]), ...upper];
  const plugins = findLast(layers, 'plugins');
  const isList = Array.isArray(plugins) && plugins.every((path): path is string => typeof path === 'string');
  const modules = [...parts.modules, ...(isList ? await parts.loadPlugins(plugins) : [])];
  return { resolved: resolveConfig({ layers, modules }), profile: profile?.name ?? null, modules, layers };
}

export function unknownName(
  name: string,
  about: { readonly what: string; readonly code: string; readonly known: readonly string[] },
): OpsError {
  const closest = findClosestName(name, about.known);
  const hint = closest === null ? '' : ` Did you mean ${closest}?`;
  return new OpsError({
    code: about.code,
    message: `There is no ${about.what} "${name.slice(0, 60)}".${hint} Known: ${about.known.join(', ')}.`,
    details: { name: name.slice(0, 60) },
  });
}

function findLast(layers: readonly ConfigLayer[], key: string): unknown {
  return layers.findLast(({ values }) => Object.hasOwn(values, key))?.values[key];
}

async function readConfigFile(path: string, need: 'optional' | 'required'): Promise<readonly ConfigLayer[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (need === 'optional' && code === 'ENOENT') return [];
    throw new OpsError({ code: 'HOST_CONFIG_UNREADABLE', message: `${path} cannot be read (${code}).`, cause: error, details: { path } });
  }
  return [parseConfigFile(text, { origin: path })];
}
