import { z } from 'zod';
import type { HostFacts } from '../plan/host-facts.ts';
import type { HostModule } from '../plan/module.ts';
import type { Step } from '../plan/step.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { createListsStep } from '../resources/packages/lists-step.ts';
import { createRepositorySteps, type RepositoryOptions } from '../resources/packages/repository-steps.ts';
import { toServiceOfUrl } from '../resources/transfer/service-of-url.ts';
import { fingerprint, oneLine, webUrl } from './config-fields.ts';
import { KNOWN_REPOSITORIES, toKnownRepository } from './known-repositories.ts';

const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+_/-]*$/, 'a word without spaces');

const repository = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'lower-case letters, digits and "-"'),
    uri: webUrl,
    suite: z.string().regex(/^(?:[A-Za-z0-9][A-Za-z0-9.+_/-]*|\.?\/)$/, 'a suite, or a folder that ends with "/"'),
    components: z.array(word).default(['main']),
    architectures: z.array(word).default([]),
    key_url: webUrl.optional(),
    /** Armoured, instead of an address. */
    key: z.string().max(1_048_576).optional(),
    fingerprints: z.array(fingerprint).min(1),
    pin: z.strictObject({ packages: oneLine, priority: z.int().min(-32_768).max(32_767) }).optional(),
    /** The run goes on without it when it cannot be reached; a wrong key always stops. */
    optional: z.boolean().default(false),
  })
  .refine((each) => (each.key === undefined) !== (each.key_url === undefined), 'exactly one of "key" and "key_url" is needed')
  .refine((each) => each.suite.endsWith('/') || each.components.length > 0, 'a suite needs components');

const schema = z.strictObject({
  /** Mirrors of Debian, the first preferred; empty leaves the sources of Debian as they are. */
  mirrors: z.array(webUrl).default([]),
  security_mirror: webUrl.default('http://security.debian.org/debian-security'),
  components: z.array(word).min(1).default(['main', 'contrib', 'non-free-firmware']),
  /** Repositories whose addresses and fingerprints are known. */
  known: z.array(z.enum(KNOWN_REPOSITORIES)).default([]),
  repositories: z.array(repository).default([]),
});

type Config = z.output<typeof schema>;

const MIRROR_LIST = '/etc/apt/mirrors/debian.list';
const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export const aptSources: HostModule<Config> = {
  name: 'apt_sources',
  description: 'Mirrors of Debian, and repositories of others with pinned keys',
  priority: 20,
  dependsOn: ['system_base'],
  schema,
  services: (config) => [
    ...new Set([
      ...(config.mirrors.length === 0 ? [] : ['apt_repository']),
      ...config.known.map((name) =>
        name === 'docker' ? 'docker_hub' : name === 'microsoft' ? 'microsoft_packages' : 'external_downloads',
      ),
      ...config.repositories.map(({ uri }) => toServiceOfUrl(uri)),
    ]),
  ],
  validate(config, facts) {
    const names = [...config.known, ...config.repositories.map(({ name }) => name)].map((name) => name.replace('_', '-'));
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    const findings = twice.map((name) => ({
      severity: 'error' as const,
      text: `Two repositories are named "${name}".`,
      hint: 'Rename one; names become files.',
    }));
    if (facts.osCodename !== '' || (config.mirrors.length === 0 && config.known.length === 0)) return findings;
    const text = 'This host does not tell which Debian it is.';
    return [...findings, { severity: 'error', text, hint: 'Look at VERSION_CODENAME in /etc/os-release.' }];
  },
  steps(config, facts) {
    const known = config.known.map((name) => toKnownRepository(name, { facts }));
    return [
      ...(config.mirrors.length === 0 ? [] : toMirrorSteps(config, facts)),
      ...known.flatMap((each) => createRepositorySteps(each)),
      ...config.repositories.flatMap((each) => createRepositorySteps(toOptions(each))),
    ];
  },
};

function toOptions(each: Config['repositories'][number]): RepositoryOptions {
  const { architectures, components, fingerprints, key, key_url: url, name, optional, pin, suite, uri } = each;
  return {
    name,
    uri,
    suite,
    components,
    fingerprints,
    key: key === undefined ? { kind: 'url', url: url ?? '' } : { kind: 'text', text: key },
    service: toServiceOfUrl(uri),
    isOptional: optional,
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(pin === undefined ? {} : { pin }),
  };
}

/** apt goes to the next mirror by itself (apt-transport-mirror(1)). */
function toMirrorSteps({ components, mirrors, security_mirror: security }: Config, { osCodename }: HostFacts): readonly Step[] {
  const stanza = (uri: string, suites: string): string =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${components.join(' ')}\nSigned-By: ${DEBIAN_KEYRING}\n`;
  const uri = `mirror+file:${MIRROR_LIST}`;
  const toSource = (base: string): string =>
    `${stanza(base, `${osCodename} ${osCodename}-updates`)}\n${stanza(security, `${osCodename}-security`)}`;
  const [first = ''] = mirrors;
  return [
    createFileStep({ path: MIRROR_LIST, content: mirrors.map((url, index) => `${url}\tpriority:${index + 1}\n`).join('') }),
    createFileStep({
      path: '/etc/apt/sources.list.d/debian.sources',
      content: toSource(uri),
    }),
    // The same source named twice makes apt warn at each update.
    createFileStep({
      path: '/etc/apt/sources.list',
      content: (current) => (current === null ? null : '# See sources.list.d/debian.sources.\n'),
      title: 'Leave the old list of sources empty',
    }),
    // The list of mirrors is not there yet where a bundle is made.
    createListsStep({ name: 'debian', uri, suite: osCodename, fetch: { source: toSource(first), uri: first, trust: null, pin: null } }),
  ];
}
