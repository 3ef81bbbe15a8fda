import type { ConsoleDoor, ServerRecord } from '@breakwater/fleet';
import { isOpsError, OpsError } from '@breakwater/kernel';
import type { ConsoleTicket } from '@breakwater/vsphere';

/** The door of a ticket, with the certificate that it must show. A door that nothing vouches for is refused. */
export function toConsoleDoor(
  ticket: ConsoleTicket,
  record: Pick<ServerRecord, 'host' | 'pinnedSha256' | 'verifySsl'> & { readonly authoritiesPem?: string | undefined },
): ConsoleDoor {
  const { path, protocol, port } = ticket;
  // As people wrote it: a URL lower-cases names and brackets IPv6.
  const host = ticket.isSameServer ? record.host : ticket.host;
  const trust = chooseTrust(ticket, record);
  return { host, port, path, protocol, trust: trust.kind === 'ca' ? { ...trust, pem: record.authoritiesPem } : trust };
}

/** A console at a host that is not the server's is refused under the fleet's own name for it, whoever notices first. */
export function toConsoleRefusal(error: unknown): unknown {
  if (!isOpsError(error) || error.code !== 'VSPHERE_CONSOLE_HOST_UNKNOWN') return error;
  return new OpsError({
    code: 'FLEET_CONSOLE_TARGET_REFUSED',
    message: 'The server sent the console to a host that does not belong to it.',
    cause: error,
  });
}

function chooseTrust(ticket: ConsoleTicket, record: Pick<ServerRecord, 'pinnedSha256' | 'verifySsl'>): ConsoleDoor['trust'] {
  if (ticket.isSameServer) {
    if (record.verifySsl) return { kind: 'ca' };
    if (record.pinnedSha256 !== null) return { kind: 'sha256', fingerprint: record.pinnedSha256 };
  }
  // The ticket came over a trusted connection, so it may say what another host of the same inventory shows.
  if (ticket.sha256 !== null) return { kind: 'sha256', fingerprint: ticket.sha256 };
  if (ticket.sha1 !== null) return { kind: 'sha1', fingerprint: ticket.sha1 };
  if (record.verifySsl) return { kind: 'ca' };
  throw new OpsError({
    code: 'VSPHERE_CONSOLE_UNVERIFIABLE',
    message: 'The server does not say which certificate the host of the console shows.',
  });
}
