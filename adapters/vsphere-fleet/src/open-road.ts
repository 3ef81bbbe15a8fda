import type { ServerRecord } from '@breakwater/fleet';
import type { Clock } from '@breakwater/kernel';
import { openTransport, type TlsTrust, type Transport } from '@breakwater/transport';
import { createUntrustedTransport } from './untrusted-transport.ts';

export interface RoadOptions {
  readonly clock: Clock;
  readonly connections: number;
  readonly connectionTtlMs: number;
  readonly requestTimeoutMs: number;
  /** Certificates that servers with `verifySsl` may chain to. Default: the public ones. */
  readonly authoritiesPem: string | undefined;
}

/** The bare way to a server under the trust that its entry names: an authority, an accepted certificate, or nothing yet. */
export function openRoad(record: ServerRecord, options: RoadOptions): Transport {
  const { host, port } = record;
  const { clock, connections, connectionTtlMs, requestTimeoutMs } = options;
  const origin = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const trust = toTrust(record, options.authoritiesPem);
  if (trust === null) return createUntrustedTransport({ host, port }, { origin, clock });
  return openTransport({ origin, trust, clock, connections, connectionTtlMs, keepAliveMs: connectionTtlMs, timeoutMs: requestTimeoutMs });
}

function toTrust({ verifySsl, pinnedSha256 }: ServerRecord, authoritiesPem: string | undefined): TlsTrust | null {
  if (verifySsl) return authoritiesPem === undefined ? { kind: 'system-ca' } : { kind: 'ca', pem: authoritiesPem };
  return pinnedSha256 === null ? null : { kind: 'pinned', sha256: pinnedSha256 };
}
