import type { HostFacts } from '../plan/host-facts.ts';
import type { RepositoryOptions } from '../resources/packages/repository-steps.ts';
import { toServiceOfUrl } from '../resources/transfer/service-of-url.ts';

export const KNOWN_REPOSITORIES = ['docker', 'microsoft', 'github_cli', 'nodesource'] as const;

export type KnownRepository = (typeof KNOWN_REPOSITORIES)[number];

type Known = Pick<RepositoryOptions, 'name' | 'uri' | 'suite' | 'components' | 'fingerprints'> & { readonly keyUrl: string };

/** Fingerprints as their publishers name them, compared with several independent records of November 2026. */
export function toKnownRepository(
  name: KnownRepository,
  options: { readonly facts: HostFacts; readonly nodeMajor?: number },
): Omit<RepositoryOptions, 'isOptional'> {
  const { keyUrl, ...known } = describe(name, options);
  return {
    ...known,
    architectures: [options.facts.architecture],
    key: { kind: 'url', url: keyUrl },
    service: toServiceOfUrl(known.uri),
  };
}

function describe(name: KnownRepository, { facts, nodeMajor = 24 }: { readonly facts: HostFacts; readonly nodeMajor?: number }): Known {
  const { osCodename, osVersion } = facts;
  switch (name) {
    case 'docker':
      return {
        name: 'docker',
        uri: 'https://download.docker.com/linux/debian',
        suite: osCodename,
        components: ['stable'],
        keyUrl: 'https://download.docker.com/linux/debian/gpg',
        fingerprints: ['9DC858229FC7DD38854AE2D88D81803C0EBFCD88'],
      };
    case 'microsoft':
      return {
        name: 'microsoft',
        uri: `https://packages.microsoft.com/debian/${osVersion}/prod`,
        suite: osCodename,
        components: ['main'],
        keyUrl: 'https://packages.microsoft.com/keys/microsoft.asc',
        fingerprints: ['BC528686B50D79E339D3721CEB3E94ADBE1229CF'],
      };
    case 'github_cli':
      return {
        name: 'github-cli',
        uri: 'https://cli.github.com/packages',
        suite: 'stable',
        components: ['main'],
        keyUrl: 'https://cli.github.com/packages/githubcli-archive-keyring.gpg',
        // The file holds both; the first expired in September 2026.
        fingerprints: ['2C6106201985B60E6C7AC87323F3D4EA75716059', '7F38BBB59D064DBCB3D84D725612B36462313325'],
      };
    case 'nodesource':
      return {
        name: 'nodesource',
        uri: `https://deb.nodesource.com/node_${nodeMajor}.x`,
        suite: 'nodistro',
        components: ['main'],
        keyUrl: 'https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key',
        fingerprints: ['6F71F525282841EEDAF851B42F59B5F99B1BE0B4'],
      };
  }
}
