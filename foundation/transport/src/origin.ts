import { isIPv4 } from 'node:net';
import { OpsError } from '@breakwater/kernel';

export interface Origin {
  /** `https://host:port`, as it appears in messages. */
  readonly text: string;
  readonly isTls: boolean;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface OriginOptions {
  /** Plain http carries passwords in the clear; it is for simulators on this machine unless somebody says otherwise. */
  readonly plainHttp?: 'loopback-only' | 'any-host' | undefined;
}

/** Takes `https://host[:port]` and nothing more: no path, no credentials. */
export function parseOrigin(text: string, options: OriginOptions = {}): Origin {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare =
    url !== undefined && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isBare || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OpsError({
      code: 'TRANSPORT_ORIGIN_INVALID',
      message: 'An origin is https://host or https://host:port, without path and credentials.',
    });
  }
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!isTls && options.plainHttp !== 'any-host') requireLoopback(host);
  return { text: url.origin, isTls, host, port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port) };
}

export function requireLoopback(host: string): void {
  if (isLoopback(host)) return;
  throw new OpsError({
    code: 'TRANSPORT_PLAIN_HTTP_REFUSED',
    message: `Plain http is only spoken with this machine itself, not with ${host}`,
    details: { host },
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
