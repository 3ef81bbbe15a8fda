import { findProfile, type HostProfile, resolveConfig } from '@breakwater/host-config';
import { stringify } from 'yaml';
import { type Console, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import type { HostParts } from '../parts.ts';

export function listProfiles(console: Console, profiles: readonly HostProfile[]): number {
  for (const { description, modules, name } of profiles) console.record({ kind: 'profile', name, description, modules });
  console.print(
    toTable(
      ['PROFILE', 'MODULES', 'WHAT IT IS FOR'],
      profiles.map(({ description, modules, name }) => [name, String(modules.length), description]),
    ),
  );
  return EXIT.ok;
}

export function showProfile(console: Console, name: string, profiles: readonly HostProfile[]): number {
  const profile = findProfile(name, profiles);
  console.record({ kind: 'profile', ...profile });
  console.print(`# ${profile.name}: ${profile.description}`);
  console.print(stringify({ modules: { enabled: profile.modules, ...profile.config } }).trimEnd());
  return EXIT.ok;
}

/** Null: all of them. Throws `HOST_CONFIG_INVALID`. */
export function validateProfiles(console: Console, name: string | null, parts: HostParts): number {
  const chosen = name === null ? parts.profiles : [findProfile(name, parts.profiles)];
  for (const { config, modules, name: origin } of chosen) {
    const layer = { origin: `profile ${origin}`, values: { modules: { ...config, enabled: modules } } };
    resolveConfig({ layers: [layer], modules: parts.modules });
    console.record({ kind: 'config.valid', source: layer.origin });
    console.print(`${console.paint('good', 'ok')} ${origin}`);
  }
  return EXIT.ok;
}
