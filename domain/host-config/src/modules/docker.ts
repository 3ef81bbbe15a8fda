import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { createGroupStep } from '../resources/account/group-step.ts';
import { createMembershipStep } from '../resources/account/membership-step.ts';
import { createJsonFileStep, type JsonValue } from '../resources/file/json-file-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createRepositorySteps } from '../resources/packages/repository-steps.ts';
import { createReloadStep } from '../resources/service/reload-step.ts';
import { createServiceStep } from '../resources/service/service-step.ts';
import { accountName } from './config-fields.ts';
import { toKnownRepository } from './known-repositories.ts';

const json: z.ZodType<JsonValue> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
);

const schema = z.strictObject({
  /** Docker's own packages, or those of Debian. */
  source: z.enum(['docker', 'debian']).default('docker'),
  /** May use Docker without sudo, which makes them as good as root. */
  users: z.array(accountName).default([]),
  /** Keys of /etc/docker/daemon.json; what else stands there stays. */
  daemon: z
    .record(z.string(), json)
    .default({ 'live-restore': true, 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m', 'max-file': '3' } }),
});

type Config = z.output<typeof schema>;

const DAEMON_FILE = '/etc/docker/daemon.json';
const PACKAGES = {
  docker: ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-buildx-plugin', 'docker-compose-plugin'],
  debian: ['docker.io'],
};

export const docker: HostModule<Config> = {
  name: 'docker',
  description: 'Docker Engine, its settings, and who may use it',
  priority: 90,
  dependsOn: ['apt_sources', 'users_ssh'],
  schema,
  services: ({ source }) => (source === 'docker' ? ['docker_hub', 'apt_repository'] : ['apt_repository']),
  validate(config, facts) {
    if (config.source === 'debian' || facts.osCodename !== '') return [];
    const text = 'This host does not tell which Debian it is, so the repository of Docker cannot be chosen.';
    return [{ severity: 'error', text, hint: 'Look at VERSION_CODENAME in /etc/os-release, or set source: debian.' }];
  },
  steps(config, facts) {
    const { daemon, source, users } = config;
    const { hasSystemd } = facts;
    return [
      ...(source === 'docker' ? createRepositorySteps(toKnownRepository('docker', { facts })) : []),
      // Written before the engine starts for the first time, so that it need not be started twice.
      ...(Object.keys(daemon).length === 0 ? [] : [createJsonFileStep({ path: DAEMON_FILE, values: daemon })]),
      // The packages make it too, and leave it behind when they are removed.
      createGroupStep('docker'),
      createPackagesStep({ names: PACKAGES[source], isSourceComing: true }),
      createServiceStep({ unit: 'docker.service', isEnabled: true, isActive: true, hasSystemd }),
      createReloadStep({
        unit: 'docker.service',
        verb: 'restart',
        reads: [DAEMON_FILE],
        follows: [`file:${DAEMON_FILE}`],
        hasSystemd,
        dangers: ['Containers stop for a moment when live-restore was off.'],
      }),
      ...users.map((user) =>
        createMembershipStep({ user, group: 'docker', dangers: [`${user} becomes as good as root by the group docker.`] }),
      ),
    ];
  },
};
