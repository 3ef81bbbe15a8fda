import { z } from 'zod';
import type { HostFacts } from '../plan/host-facts.ts';
import type { HostModule } from '../plan/module.ts';
import type { Step } from '../plan/step.ts';
import { createLinkStep } from '../resources/file/link-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createRepositorySteps } from '../resources/packages/repository-steps.ts';
import { createArchiveStep } from '../resources/transfer/archive-step.ts';
import { toServiceOfUrl } from '../resources/transfer/service-of-url.ts';
import { sha256Hex, webUrl } from './config-fields.ts';
import { toKnownRepository } from './known-repositories.ts';

const schema = z
  .strictObject({
    /** `debian`: the version of the release; `nodesource`: a major version; `tarball`: one exact version from nodejs.org. */
    source: z.enum(['debian', 'nodesource', 'tarball']).default('debian'),
    major: z.int().min(18).max(99).default(24),
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/, 'an exact version, as "24.11.0"')
      .optional(),
    /** Of the .tar.gz for each architecture, as SHASUMS256.txt of the version names it. */
    sha256: z.strictObject({ amd64: sha256Hex.optional(), arm64: sha256Hex.optional() }).default({}),
    mirror: webUrl.default('https://nodejs.org/dist'),
  })
  .refine((config) => config.source !== 'tarball' || config.version !== undefined, {
    path: ['version'],
    message: 'is needed with source: tarball',
  });

type Config = z.output<typeof schema>;

/** The words of dpkg and of nodejs.org. */
const ARCHITECTURES: ReadonlyMap<string, { readonly key: 'amd64' | 'arm64'; readonly name: string }> = new Map([
  ['amd64', { key: 'amd64', name: 'x64' }],
  ['arm64', { key: 'arm64', name: 'arm64' }],
]);
const PROGRAMS = ['node', 'npm', 'npx'];

export const nodejs: HostModule<Config> = {
  name: 'nodejs',
  description: 'Node.js and npm',
  priority: 92,
  dependsOn: ['apt_sources'],
  schema,
  services: ({ mirror, source }) =>
    source === 'debian' ? ['apt_repository'] : source === 'tarball' ? [toServiceOfUrl(mirror)] : ['external_downloads'],
  validate(config, facts) {
    if (config.source !== 'tarball' || findTarball(config, facts) !== null) return [];
    const text = `There is no sha256 for Node.js ${config.version} on ${facts.architecture}.`;
    return [
      {
        severity: 'error',
        text,
        hint: `Take it from ${config.mirror}/v${config.version}/SHASUMS256.txt, whose signature you have checked.`,
      },
    ];
  },
  steps(config, facts) {
    switch (config.source) {
      case 'debian':
        return [createPackagesStep({ names: ['nodejs', 'npm'] })];
      case 'nodesource':
        return [
          ...createRepositorySteps({
            ...toKnownRepository('nodesource', { facts, nodeMajor: config.major }),
            // Debian may have a newer minor version of an older major one; what is asked for must win.
            pin: { packages: 'nodejs', priority: 990 },
          }),
          createPackagesStep({ names: ['nodejs'], isSourceComing: true }),
        ];
      case 'tarball':
        return toTarballSteps(config, facts);
    }
  },
};

interface Tarball {
  readonly version: string;
  readonly sha256: string;
  readonly url: string;
}

function findTarball({ mirror, sha256, version }: Config, { architecture }: HostFacts): Tarball | null {
  const known = ARCHITECTURES.get(architecture);
  const hash = known === undefined ? undefined : sha256[known.key];
  if (known === undefined || hash === undefined || version === undefined) return null;
  return { version, sha256: hash, url: `${mirror}/v${version}/node-v${version}-linux-${known.name}.tar.gz` };
}

/** Versions lie side by side; the links say which one is used. */
function toTarballSteps(config: Config, facts: HostFacts): readonly Step[] {
  const tarball = findTarball(config, facts);
  if (tarball === null) return [];
  const { sha256, url, version } = tarball;
  const path = `/usr/local/lib/nodejs/v${version}`;
  return [
    createArchiveStep({ urls: [url], path, sha256, strip: 1, service: toServiceOfUrl(url) }),
    ...PROGRAMS.map((name) => createLinkStep({ path: `/usr/local/bin/${name}`, target: `${path}/bin/${name}` })),
  ];
}
