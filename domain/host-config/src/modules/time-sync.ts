import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createReloadStep } from '../resources/service/reload-step.ts';
import { createServiceStep } from '../resources/service/service-step.ts';

const schema = z.strictObject({
  /** Debian allows one of them: chrony takes the place of timesyncd. */
  daemon: z.enum(['timesyncd', 'chrony']).default('timesyncd'),
  /** Empty: those that Debian sets. */
  servers: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, 'a host name or an address')).default([]),
});

type Config = z.output<typeof schema>;

export const timeSync: HostModule<Config> = {
  name: 'time_sync',
  description: 'The right time, without which no certificate is valid',
  priority: 15,
  dependsOn: [],
  schema,
  services: () => ['apt_repository'],
  validate: () => [],
  steps({ daemon, servers }, { hasSystemd }) {
    const { folder, packageName, text, unit } = daemon === 'chrony' ? toChrony(servers) : toTimesyncd(servers);
    return [
      createPackagesStep({ names: [packageName], allowRemovals: daemon === 'chrony' }),
      ...(servers.length === 0 ? [] : [createFileStep({ path: `${folder}/${text.name}`, content: text.content })]),
      createServiceStep({ unit, isEnabled: true, isActive: true, hasSystemd }),
      createReloadStep({ unit, verb: 'restart', reads: [folder], follows: [`file:${folder}/${text.name}`], hasSystemd }),
    ];
  },
};

interface Daemon {
  readonly packageName: string;
  readonly unit: string;
  readonly folder: string;
  readonly text: { readonly name: string; readonly content: string };
}

function toTimesyncd(servers: readonly string[]): Daemon {
  return {
    packageName: 'systemd-timesyncd',
    unit: 'systemd-timesyncd.service',
    folder: '/etc/systemd/timesyncd.conf.d',
    text: { name: 'vps-configurator.conf', content: `[Time]\nNTP=${servers.join(' ')}\n` },
  };
}

function toChrony(servers: readonly string[]): Daemon {
  return {
    packageName: 'chrony',
    unit: 'chrony.service',
    folder: '/etc/chrony/sources.d',
    text: { name: 'vps-configurator.sources', content: servers.map((server) => `server ${server} iburst\n`).join('') },
  };
}
