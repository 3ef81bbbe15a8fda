import { OpsError } from '@breakwater/kernel';
import type { PropertyReader, PropertySet } from '../properties/index.ts';
import type { Moref, Value } from '../schema/index.ts';
import { TICKET_PATH } from '../schema/index.ts';
import type { Session } from '../session/index.ts';
import { Fields } from './fields.ts';
import { decodeName } from './names.ts';
import { toRefusalError } from './refusal.ts';

/** Where a console's bytes come from. The ticket in `path` is a secret: good once, for some seconds, never to be logged. */
export interface ConsoleTicket {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** To be offered on upgrade: without it the host drops the connection. */
  readonly protocol: 'binary';
  /** True: the same address as the server itself, so its pinned certificate counts. */
  readonly isSameServer: boolean;
  /** `AA:BB:…` of the certificate that the door will show, as far as the server says. */
  readonly sha256: string | null;
  readonly sha1: string | null;
}

export interface ConsoleTools {
  readonly session: Session;
  readonly reader: PropertyReader;
  /** `https://host:port` of the server. */
  readonly origin: string;
}

const HOST_NAMES: PropertySet = { type: 'HostSystem', paths: ['name'] };

/** Takes a fresh ticket. Call it when the console's own socket is open, and connect at once. */
export async function acquireConsoleTicket(
  tools: ConsoleTools,
  machine: Moref,
  options: { readonly signal: AbortSignal },
): Promise<ConsoleTicket> {
  const { signal } = options;
  const server = await tools.session.open({ signal });
  // Before the ticket, because that lives for seconds only.
  const hostNames = server.product.apiType === 'VirtualCenter' ? await readHostNames(tools.reader, signal) : new Set<string>();
  let ticket: Value<'VirtualMachineTicket'> | undefined;
  try {
    ticket = await tools.session.call(
      { method: 'AcquireTicket', self: machine, args: { ticketType: 'webmks' } },
      { priority: 'critical', idempotent: true, signal },
    );
  } catch (error) {
    throw toRefusalError(error);
  }
  return toConsoleTicket(ticket, { origin: tools.origin, hostNames });
}

/**
 * The door that a ticket opens. It may lead to the server itself or to a host that the server manages, and nowhere else: a
 * ticket must not make us connect to any address that a hostile server writes into it.
 */
export function toConsoleTicket(
  ticket: Value<'VirtualMachineTicket'> | undefined,
  known: { readonly origin: string; readonly hostNames: ReadonlySet<string> },
): ConsoleTicket {
  const own = new URL(known.origin);
  const ownPort = own.port === '' ? 443 : Number(own.port);
  const door = readDoor(ticket);
  const isOwnName = door.host === undefined || door.host === own.hostname.toLowerCase();
  const managedHost = findHostName(door.host, known.hostNames);
  // A standalone host may give its short name, which need not resolve here: it can only mean itself.
  const isSameServer = isOwnName || known.hostNames.size === 0;
  if (!isSameServer && managedHost === undefined) {
    throw new OpsError({
      code: 'VSPHERE_CONSOLE_HOST_UNKNOWN',
      message: 'The console is offered at a host that is not in this inventory.',
    });
  }
  return {
    host: isSameServer ? own.hostname : (managedHost ?? own.hostname),
    port: isSameServer ? ownPort : (door.port ?? 443),
    path: door.path,
    protocol: 'binary',
    isSameServer,
    sha256: readSha256(ticket?.certThumbprintList),
    sha1: toFingerprint(ticket?.sslThumbprint, 20),
  };
}

/** The host as the inventory names it. A vCenter may shorten the name to its first label; that counts if only one host can be meant. */
function findHostName(named: string | undefined, hostNames: ReadonlySet<string>): string | undefined {
  if (named === undefined || hostNames.has(named)) return named;
  const meant = [...hostNames].filter((name) => name.split('.')[0] === named);
  return meant.length === 1 ? meant[0] : undefined;
}

interface Door {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string;
}

function readDoor(ticket: Value<'VirtualMachineTicket'> | undefined): Door {
  const invalid = new OpsError({ code: 'VSPHERE_CONSOLE_TICKET_INVALID', message: 'The server gave no usable console ticket.' });
  if (ticket?.url !== undefined && ticket.url !== '') {
    // The text of a bad address holds the ticket, so it is not repeated.
    if (!URL.canParse(ticket.url)) throw invalid;
    const url = new URL(ticket.url);
    if (url.protocol !== 'wss:' || !url.pathname.startsWith(TICKET_PATH)) throw invalid;
    return { host: url.hostname.toLowerCase(), port: url.port === '' ? 443 : Number(url.port), path: url.pathname + url.search };
  }
  if (ticket?.ticket === undefined || ticket.ticket === '') throw invalid;
  const { host, port } = ticket;
  const isPort = port !== undefined && Number.isInteger(port) && port > 0 && port < 65_536;
  return {
    host: host === undefined || host === '' ? undefined : host.toLowerCase(),
    port: isPort ? port : undefined,
    path: `${TICKET_PATH}${encodeURIComponent(ticket.ticket)}`,
  };
}

async function readHostNames(reader: PropertyReader, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const hosts = await reader.readAll([HOST_NAMES], { priority: 'critical', signal });
  return new Set(hosts.map(({ properties }) => decodeName(new Fields(properties).text('name') ?? '').toLowerCase()));
}

function readSha256(list: readonly Value<'VirtualMachineCertThumbprint'>[] | undefined): string | null {
  for (const { thumbprint, hashAlgorithm } of list ?? []) {
    if (/sha-?256/i.test(hashAlgorithm ?? 'sha256')) return toFingerprint(thumbprint, 32);
  }
  return null;
}

/** `AA:BB:…`, or null for anything that is no fingerprint of that many bytes. */
function toFingerprint(text: string | undefined, bytes: number): string | null {
  const digits = (text ?? '').replaceAll(':', '').toUpperCase();
  return new RegExp(`^[0-9A-F]{${bytes * 2}}$`).test(digits) ? (digits.match(/../g) ?? []).join(':') : null;
}
