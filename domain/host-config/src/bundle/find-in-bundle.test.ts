import { describe, expect, it } from 'vitest';
import type { HostFacts } from '../plan/host-facts.ts';
import type { PlannedOutcome } from '../plan/plan.ts';
import { type BundleManifest, parseBundleManifest } from './bundle-manifest.ts';
import { findBundledCheckout, findBundledDownload, findMissingFetches, requireSameTarget } from './find-in-bundle.ts';

const HASH = 'a'.repeat(64);
const OTHER_HASH = 'b'.repeat(64);
const COMMIT = 'c'.repeat(40);

/** Read as it would be from a file, so that no test speaks of a bundle that cannot exist. */
function createManifest(change: Partial<BundleManifest> = {}): BundleManifest {
  const whole: BundleManifest = {
    format: 'vps-configurator-bundle',
    version: 1,
    createdAt: '2026-11-28T00:00:00Z',
    target: { osId: 'debian', osVersion: '12', osCodename: 'bookworm', architecture: 'amd64' },
    asked: { profile: 'server', modules: [], planHash: HASH },
    packages: [{ name: 'nginx', version: '1.22.1-9', architecture: 'amd64', control: '', sha256: HASH, sizeBytes: 1 }],
    lists: [{ repository: 'deb.example.org_debian', name: 'deb.example.org_debian_InRelease', sha256: HASH, sizeBytes: 1 }],
    downloads: [
      { urls: ['https://one.example/tool', 'https://two.example/tool'], wanted: HASH, sha256: HASH, sizeBytes: 1 },
      { urls: ['https://one.example/key'], wanted: null, sha256: OTHER_HASH, sizeBytes: 1 },
    ],
    checkouts: [{ url: 'https://one.example/repo', branch: 'main', commit: COMMIT, shallow: '', sha256: HASH, sizeBytes: 1 }],
    missing: [],
    ...change,
  };
  return parseBundleManifest(new TextEncoder().encode(JSON.stringify(whole)));
}

const toFacts = (osId: string, osVersion: string, architecture: string): HostFacts =>
  ({ osId, osVersion, osCodename: 'bookworm', architecture }) as HostFacts;

describe('the host of a bundle', () => {
  it('is one of the same system, release and architecture, whatever the release is called', () => {
    expect(() => requireSameTarget(createManifest(), toFacts('debian', '12', 'amd64'))).not.toThrow();
  });

  it.each([
    ['another release', toFacts('debian', '13', 'amd64'), 'debian 13 amd64'],
    ['another architecture', toFacts('debian', '12', 'arm64'), 'debian 12 arm64'],
    ['another system', toFacts('ubuntu', '12', 'amd64'), 'ubuntu 12 amd64'],
  ])('is not %s, and the refusal names both and says that nothing was changed', (_name, facts, named) => {
    const refuse = (): void => requireSameTarget(createManifest(), facts);
    expect(refuse).toThrow(expect.objectContaining({ code: 'HOST_PREFLIGHT_BUNDLE_OTHER_HOST' }));
    expect(refuse).toThrow(`The bundle is for debian 12 amd64, and this host is ${named}`);
    expect(refuse).toThrow('Nothing was changed.');
  });
});

describe('in a bundle', () => {
  it('a file that is pinned is found from wherever it came, and never by its address alone', () => {
    const manifest = createManifest();
    expect(findBundledDownload({ urls: ['https://three.example/tool'], sha256: HASH.toUpperCase() }, manifest)?.sha256).toBe(HASH);
    expect(findBundledDownload({ urls: ['https://one.example/tool'], sha256: 'd'.repeat(64) }, manifest)).toBeNull();
  });

  it('a file that nothing pins is found by one of its addresses', () => {
    const manifest = createManifest();
    expect(findBundledDownload({ urls: ['https://no.example/key', 'https://one.example/key'], sha256: null }, manifest)?.sha256).toBe(
      OTHER_HASH,
    );
    expect(findBundledDownload({ urls: ['https://no.example/key'], sha256: null }, manifest)).toBeNull();
  });

  it('a checkout is found by its commit, and without one by its branch', () => {
    const manifest = createManifest();
    const url = 'https://one.example/repo';
    expect(findBundledCheckout({ url, commit: COMMIT.toUpperCase() }, manifest)).not.toBeNull();
    expect(findBundledCheckout({ url, commit: 'd'.repeat(40) }, manifest)).toBeNull();
    expect(findBundledCheckout({ url, branch: 'main' }, manifest)).not.toBeNull();
    expect(findBundledCheckout({ url, branch: 'next' }, manifest)).toBeNull();
    // Without a branch it is the default one, of which nobody knows that it is "main".
    expect(findBundledCheckout({ url }, manifest)).toBeNull();
    expect(findBundledCheckout({ url: `${url}2`, commit: COMMIT }, manifest)).toBeNull();
  });
});

it('what is missing is named, for steps that would change something, and apart by whether the run may go on without it', () => {
  const change = (fetches: readonly object[]): PlannedOutcome => ({ kind: 'change', change: { fetches } }) as unknown as PlannedOutcome;
  const steps = [
    ['web/packages', false, change([{ kind: 'packages', orders: ['nginx', 'nginx=1.0', 'curl'] }])],
    ['web/tool', true, change([{ kind: 'download', urls: ['https://no.example/tool'], sha256: null }])],
    ['web/repo', false, change([{ kind: 'checkout', url: 'https://no.example/repo', commit: null, branch: 'main', depth: 1 }])],
    ['web/known', false, change([{ kind: 'repository', name: 'debian', listPrefix: 'deb.example.org_debian' }])],
    ['web/lists', false, change([{ kind: 'repository', name: 'docker', listPrefix: 'docker.example' }])],
    ['web/done', false, { kind: 'unchanged' }],
    ['web/unknown', false, { kind: 'problem', code: 'HOST_APT_SIMULATION_FAILED', text: 'no such package' }],
    ['web/other', false, { kind: 'problem', code: 'HOST_SOMETHING', text: 'not of the network' }],
  ].map(([id, isOptional, outcome]) => ({ id, isOptional, outcome }));
  const plan = { modules: [{ steps }] } as unknown as Parameters<typeof findMissingFetches>[0];
  expect(findMissingFetches(plan, createManifest())).toEqual({
    required: [
      'web/packages: package nginx=1.0',
      'web/packages: package curl',
      'web/repo: https://no.example/repo at main',
      'web/lists: the lists of the repository docker',
      'web/unknown: no such package',
    ],
    optional: ['web/tool: https://no.example/tool'],
  });
});
