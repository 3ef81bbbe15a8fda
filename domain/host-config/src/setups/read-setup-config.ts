import { OpsError } from '@breakwater/kernel';
import { type ConfigLayer, parseConfigFile } from '../config/config-layer.ts';
import { type ResolvedConfig, resolveConfig } from '../config/resolve-config.ts';
import type { HostModule } from '../plan/module.ts';
import type { HostProfile } from '../profiles/built-in-profiles.ts';
import { findProfile, toProfileLayer } from '../profiles/find-profile.ts';
import { type ChosenModules, chooseModules } from './choose-modules.ts';

export interface SetupConfigRoom {
  readonly modules: readonly HostModule[];
  readonly profiles: readonly HostProfile[];
}

export interface SetupConfig {
  readonly resolved: ResolvedConfig;
  readonly profile: string | null;
  readonly chosen: ChosenModules;
}

/**
 * A profile with a text in YAML over it. Nothing of the machine that this runs on goes in: no file, no variable. The text may name no plugins, because
 * a plugin is code that would run here with the rights of the portal.
 */
export function readSetupConfig(wish: { readonly profile: string | null; readonly config: string }, room: SetupConfigRoom): SetupConfig {
  const { modules, profiles } = room;
  const text = parseConfigFile(wish.config, { origin: 'config' });
  if (Object.hasOwn(text.values, 'plugins')) {
    throw new OpsError({
      code: 'HOST_SETUP_PLUGINS',
      message:
        'A configuration that comes through the portal may not name plugins. Whoever runs the portal names them (BREAKWATER_HOST_PLUGINS).',
    });
  }
  const named = wish.profile ?? text.values['profile'];
  const profile = typeof named === 'string' ? findProfile(named, profiles) : null;
  const layers: readonly ConfigLayer[] = [...(profile === null ? [] : [toProfileLayer(profile)]), text];
  const resolved = resolveConfig({ layers, modules });
  return { resolved, profile: profile?.name ?? null, chosen: chooseModules({ resolved, modules, layers }) };
}
