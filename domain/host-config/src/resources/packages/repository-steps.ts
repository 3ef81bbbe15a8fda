import type { Step } from '../../plan/step.ts';
import { createFileStep } from '../file/file-step.ts';
import { createKeyringStep, type KeyringStepOptions } from './keyring-step.ts';
import { createListsStep } from './lists-step.ts';

export interface RepositoryOptions {
  /** Becomes the name of its files: lower-case letters, digits, `-`. */
  readonly name: string;
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly architectures?: readonly string[];
  readonly key: KeyringStepOptions['source'];
  readonly fingerprints: readonly string[];
  /** Packages of this repository, and how they stand against those of others. */
  readonly pin?: { readonly packages: string; readonly priority: number };
  readonly service: string;
  readonly isOptional?: boolean;
}

/** An apt repository of somebody else: its keys, its source, its pin, its lists. apt trusts the keys for this source only. */
export function createRepositorySteps(options: RepositoryOptions): readonly Step[] {
  const { fingerprints, key, name, pin, service, suite, uri } = options;
  const keyring = `/etc/apt/keyrings/${name}.gpg`;
  const source = toSource(options, keyring);
  const preference = pin === undefined ? null : toPin(uri, pin);
  const optional = options.isOptional === true ? { isOptional: true } : {};
  return [
    createKeyringStep({ path: keyring, source: key, fingerprints, service, ...optional }),
    createFileStep({ path: `/etc/apt/sources.list.d/${name}.sources`, content: source, ...optional }),
    ...(preference === null ? [] : [createFileStep({ path: `/etc/apt/preferences.d/${name}`, content: preference, ...optional })]),
    createListsStep({ name, uri, suite, fetch: { source, trust: { keyring, key, fingerprints }, pin: preference }, ...optional }),
  ];
}

/** deb822, sources.list(5). */
function toSource({ architectures = [], components, suite, uri }: RepositoryOptions, keyring: string): string {
  const lines = [
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${suite}`,
    // A suite that ends with "/" names a folder itself and has no components.
    ...(suite.endsWith('/') ? [] : [`Components: ${components.join(' ')}`]),
    ...(architectures.length === 0 ? [] : [`Architectures: ${architectures.join(' ')}`]),
    `Signed-By: ${keyring}`,
  ];
  return `${lines.join('\n')}\n`;
}

function toPin(uri: string, { packages, priority }: { readonly packages: string; readonly priority: number }): string {
  const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/.exec(uri)?.[1] ?? '';
  return `Package: ${packages}\nPin: origin "${host}"\nPin-Priority: ${priority}\n`;
}
