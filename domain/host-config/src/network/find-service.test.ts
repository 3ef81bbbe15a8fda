import { describe, expect, it } from 'vitest';
import { findService, isHostAllowed } from './find-service.ts';
import { DEFAULT_NETWORK_SETTINGS } from './network-settings.ts';

const { services } = DEFAULT_NETWORK_SETTINGS;

describe('the service of a host', () => {
  it.each([
    ['github.com', 'github'],
    ['RAW.githubusercontent.com', 'github'],
    ['githubusercontent.com', 'external_downloads'],
    ['evil-github.com', 'external_downloads'],
    ['packages.microsoft.com', 'microsoft_packages'],
    ['download.docker.com', 'docker_hub'],
    ['nodejs.org', 'external_downloads'],
  ])('%s belongs to %s', (host, service) => {
    expect(findService(host, { services, purpose: 'other' })).toBe(service);
  });

  it('of apt is the repository where no other service claims it', () => {
    expect(findService('mirror.example.org', { services, purpose: 'apt' })).toBe('apt_repository');
    expect(findService('packages.microsoft.com', { services, purpose: 'apt' })).toBe('microsoft_packages');
  });

  it('is the one that names it most exactly', () => {
    const own = { ...services, all: { hosts: ['*.example.org'] }, one: { hosts: ['a.example.org'] }, few: { hosts: ['*.b.example.org'] } };
    const find = (host: string): string => findService(host, { services: own, purpose: 'other' });
    expect([find('a.example.org'), find('x.b.example.org'), find('c.example.org')]).toEqual(['one', 'few', 'all']);
  });
});

it('an empty list of hosts allows all, any other only what it names', () => {
  expect(isHostAllowed('anything', [])).toBe(true);
  expect(isHostAllowed('a.example.org', ['*.example.org'])).toBe(true);
  expect(isHostAllowed('example.org.evil.net', ['*.example.org', 'example.org'])).toBe(false);
});
