import { findService } from '../../network/find-service.ts';
import { DEFAULT_NETWORK_SETTINGS } from '../../network/network-settings.ts';

/**
 * The lane of a transfer, and what a plan says that a module needs, by the services of spec 05. Which breaker counts a failure is decided by the
 * network layer, with the services of the configuration.
 */
export function toServiceOfUrl(url: string): string {
  const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/.exec(url)?.[1] ?? '';
  return findService(host, { services: DEFAULT_NETWORK_SETTINGS.services, purpose: 'other' });
}
