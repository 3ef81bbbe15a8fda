import { describe, expect, test } from 'vitest';
import { BUILT_IN_MODULES } from './built-in-modules.ts';

const accepts = (name: string, config: unknown): boolean =>
  BUILT_IN_MODULES.find((module) => module.name === name)?.schema.safeParse(config).success === true;

const HASH = 'A'.repeat(64);
const file = (more: Readonly<Record<string, unknown>>) => ({ files: [{ urls: ['https://x.org/a'], path: '/opt/a', ...more }] });
const checkout = (more: Readonly<Record<string, unknown>>) => ({ checkouts: [{ url: 'https://x.org/a.git', path: '/opt/a', ...more }] });
const repository = (more: Readonly<Record<string, unknown>>) => ({
  repositories: [
    { name: 'x', uri: 'https://x.org', suite: 'stable', key_url: 'https://x.org/key', fingerprints: ['A'.repeat(40)], ...more },
  ],
});

describe('a configuration', () => {
  test.each<[string, unknown]>([
    ['downloads', file({ sha256: HASH })],
    ['downloads', file({ unverified: true })],
    ['downloads', file({ sha256: HASH, mode: '0644', unpack: { strip: 0 } })],
    ['git_checkouts', checkout({ commit: 'a'.repeat(40) })],
    ['git_checkouts', checkout({ unpinned: true, branch: 'main' })],
    ['apt_sources', repository({})],
    ['apt_sources', repository({ suite: './', components: [] })],
    ['packages', { install: ['libstdc++6', { name: 'git', version: '1:2.39.5-0+deb12u2' }] }],
    ['system_base', { timezone: 'America/Argentina/Buenos_Aires', sysctl: { 'net.ipv4.ip_forward': 1 } }],
  ])('of %s may be %j', (name, config) => {
    expect(accepts(name, config)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['downloads', file({})],
    ['downloads', file({ sha256: HASH, unverified: true })],
    ['downloads', file({ unverified: true, unpack: {} })],
    ['downloads', file({ sha256: HASH, path: '/opt/../etc/shadow' })],
    ['downloads', file({ sha256: HASH, path: 'relative/a' })],
    ['downloads', file({ sha256: HASH, path: '/opt/a\nb' })],
    ['downloads', file({ sha256: HASH, urls: ['file:///etc/shadow'] })],
    ['git_checkouts', checkout({})],
    ['git_checkouts', checkout({ commit: 'main' })],
    ['git_checkouts', checkout({ unpinned: true, branch: '--upload-pack=x' })],
    ['git_checkouts', checkout({ unpinned: true, url: 'ext::sh -c x' })],
    ['apt_sources', repository({ fingerprints: [] })],
    ['apt_sources', repository({ fingerprints: ['0EBFCD88'] })],
    ['apt_sources', repository({ key: 'x' })],
    ['apt_sources', repository({ suite: 'stable\nTrusted: yes' })],
    ['apt_sources', repository({ uri: 'https://x.org\nTrusted: yes' })],
    ['apt_sources', { mirrors: ['ftp://x.org'] }],
    ['packages', { install: ['--reinstall'] }],
    ['packages', { install: [{ name: 'git', version: '1 --x' }] }],
    ['users_ssh', { users: [{ name: 'anna', keys: ['ssh-ed25519 AAAA'] }] }],
    ['users_ssh', { users: [{ name: 'anna ALL=(ALL)' }] }],
    ['system_base', { hostname: 'a b' }],
    ['system_base', { timezone: '../../etc/shadow' }],
    ['system_base', { locale: 'de_DE.UTF-8; id' }],
    ['nodejs', { source: 'tarball' }],
    ['auto_updates', { reboot_time: '25:00' }],
  ])('of %s may not be %j', (name, config) => {
    expect(accepts(name, config)).toBe(false);
  });
});
