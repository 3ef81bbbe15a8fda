import { OpsError } from '@breakwater/kernel';
import { findClosestName } from '../config/closest-name.ts';
import type { ConfigLayer } from '../config/config-layer.ts';
import type { HostProfile } from './built-in-profiles.ts';

/** Throws `HOST_PROFILE_UNKNOWN`. */
export function findProfile(name: string, profiles: readonly HostProfile[]): HostProfile {
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const known = profiles.map((profile) => profile.name);
  const closest = findClosestName(name, known);
  const hint = closest === null ? '' : ` Did you mean ${closest}?`;
  throw new OpsError({
    code: 'HOST_PROFILE_UNKNOWN',
    message: `There is no profile "${name.slice(0, 60)}".${hint} Known: ${known.join(', ')}.`,
    details: { name: name.slice(0, 60) },
  });
}

export function toProfileLayer({ config, modules, name }: HostProfile): ConfigLayer {
  return { origin: `profile ${name}`, values: { modules: { ...config, enabled: modules } } };
}
