/** Spec 05 names the services; which hosts are theirs is configuration of the network layer, this is its default. */
const HOSTS: readonly (readonly [service: string, host: RegExp])[] = [
  ['apt_repository', /^(?:deb|security)\.debian\.org$/],
  ['github', /^(?:(?:www\.|codeload\.|api\.)?github\.com|.+\.githubusercontent\.com)$/],
  ['docker_hub', /^(?:download\.docker\.com|registry-1\.docker\.io|auth\.docker\.io|hub\.docker\.com)$/],
  ['microsoft_packages', /^packages\.microsoft\.com$/],
];

/** The lane of a transfer, and what a plan says that a module needs. Which breaker counts a failure is decided by the network layer. */
export function toServiceOfUrl(url: string): string {
  const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/.exec(url)?.[1] ?? '';
  return HOSTS.find(([, pattern]) => pattern.test(host))?.[0] ?? 'external_downloads';
}
