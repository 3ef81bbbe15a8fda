import type { Clock, Random } from '@breakwater/kernel';
import type { ApiVersion, Moref } from '@breakwater/vsphere/schema';
import type { Screens } from './console/screens.ts';
import type { ServerLimits } from './limits.ts';
import type { DatastoreFiles } from './model/datastore-files.ts';
import type { GuestLifecycle } from './model/guest-lifecycle.ts';
import type { Inventory } from './model/inventory.ts';
import type { Machine } from './model/machine.ts';
import type { Permissions } from './model/permissions.ts';
import type { Tasks } from './model/tasks.ts';
import type { TicketPlace, Tickets } from './model/tickets.ts';
import type { SimObject } from './model/world.ts';
import type { Personality } from './personality.ts';
import { findSessionObject, type Session, type Sessions } from './sessions.ts';
import { notFound, SoapFault } from './soap/soap-fault.ts';

/** Everything that one simulated server is made of. */
export interface ServerState {
  readonly personality: Personality;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ServerLimits;
  readonly inventory: Inventory;
  readonly lifecycle: GuestLifecycle;
  readonly tasks: Tasks;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly files: DatastoreFiles;
  readonly permissions: Permissions;
  readonly screens: Screens;
  /** Where consoles are: at the server itself or, if there is a listener for them, at the hosts behind a vCenter. */
  readonly consoleDoor: (wanted: TicketPlace) => ConsolePlace;
}

export interface ConsolePlace {
  readonly at: TicketPlace;
  readonly port: number;
  /** Fingerprints that tickets name, as `AA:BB:…`. */
  readonly certificate: { readonly sha1: string; readonly sha256: string };
}

/** One call being answered. */
export interface Call {
  readonly server: ServerState;
  readonly session: Session;
  readonly target: Moref;
  readonly args: Readonly<Record<string, unknown>>;
  readonly version: ApiVersion;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  readonly onParked: () => void;
}

export type MethodHandler = (call: Call) => unknown;

/** A session's own objects first, then the inventory. */
export function findObject(call: Pick<Call, 'server' | 'session'>, ref: Moref): SimObject | undefined {
  return findSessionObject(call.session, ref) ?? call.server.inventory.world.find(ref);
}

export function targetMachine(call: Call): Machine {
  const machine = call.server.inventory.findMachine(call.target.value);
  if (machine === undefined) throw notFound(call.target);
  return machine;
}

/** Refuses what the account may not do, and what a host without a paid licence, or one that a vCenter manages, refuses. */
export function assertWritable(call: Call, privilegeId: string): void {
  const { license, managedBy } = call.server.limits;
  assertMay(call, privilegeId);
  if (license === 'free')
    throw new SoapFault('RestrictedVersion', { text: 'Current license or ESXi version prohibits execution of the requested operation.' });
  if (managedBy !== undefined) {
    throw new SoapFault('HostAccessRestrictedToManagementServer', {
      text: `Access to resource settings on the host is restricted to the server that is managing it: ${managedBy}.`,
      fields: { managementServer: managedBy },
    });
  }
}

/** Refuses what the account lacks a privilege for. */
export function assertMay(call: Call, privilegeId: string): void {
  if (call.server.limits.role === 'administrator') return;
  throw new SoapFault('NoPermission', {
    text: 'Permission to perform this operation was denied.',
    fields: { object: call.target, privilegeId },
  });
}
