import type { ServerRecord } from '@breakwater/fleet';
import type { Clock } from '@breakwater/kernel';
import { openTransport, type TlsTrust, type Transport } from '@breakwater/transport';
import { createUntrustedTransport } from './untrusted-transport.ts';

export interface RoadOptions {
  readonly clock: Clock;
  readonly connections: number;
  readonly keepAliveMs: number;
  readonly requestTimeoutMs: number;
}

/** The bare way to a server under the trust that its entry names: an authority, an accepted certificate, or nothing yet. */
export function openRoad(record: ServerRecord, options: RoadOptions): Transport {
  const { host, port } = record;
  const { clock, connections, keepAliveMs, requestTimeoutMs } = options;
  const origin = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const trust = toTrust(record);
  if (trust === null) return createUntrustedTransport({ host, port }, { origin, clock });
  return openTransport({ origin, trust, clock, connections, keepAliveMs, timeoutMs: requestTimeoutMs });
}

function toTrust({ verifySsl, pinnedSha256 }: ServerRecord): TlsTrust | null {
  if (verifySsl) return { kind: 'system-ca' };
  return pinnedSha256 === null ? null : { kind: 'pinned', sha256: pinnedSha256 };
}
