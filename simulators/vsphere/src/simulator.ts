import { type Clock, createSeededRandom, systemClock } from '@breakwater/kernel';
import { Screens } from './console/screens.ts';
import { SimulatorControl } from './control.ts';
import { Counters } from './counters.ts';
import { FaultRules } from './fault-rules.ts';
import { ControlDoor } from './http/control-door.ts';
import { FrontEnd } from './http/front-end.ts';
import { HostDoor } from './http/host-door.ts';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts';
import { DatastoreFiles } from './model/datastore-files.ts';
import { DEFAULT_TIMINGS, GuestLifecycle, type LifecycleTimings } from './model/guest-lifecycle.ts';
import { Inventory } from './model/inventory.ts';
import { addManagers } from './model/managers.ts';
import { Permissions } from './model/permissions.ts';
import { Tasks } from './model/tasks.ts';
import { Tickets } from './model/tickets.ts';
import { findPersonality, type PersonalityId } from './personality.ts';
import { TicketDoor } from './rfb/ticket-door.ts';
import type { ServerState } from './server-state.ts';
import { Sessions } from './sessions.ts';
import { createCertificate } from './tls/create-certificate.ts';

export interface SimulatorOptions {
  readonly personality: PersonalityId;
  /** How many machines the fleet has. Default 20. */
  readonly machines?: number;
  /** The same seed gives the same fleet. Default 1. */
  readonly seed?: number;
  /** Name of the host in its own inventory. */
  readonly hostName?: string;
  /** Names of the first hosts in a vCenter's inventory. Default: `esx-01.dc.example` and so on. */
  readonly hostNames?: readonly string[];
  /**
   * Opens a second HTTPS listener at this address, with a port and a certificate of its own. It stands for all hosts of a
   * vCenter and serves nothing but consoles: those whose tickets name a host. Absent: consoles are at the server itself.
   */
  readonly consoleHost?: string;
  /** Second octet of the guests' addresses, to keep servers apart. Default 20. */
  readonly subnet?: number;
  /** Put before the machines' names, as `mad` in `mad-db-01`. Default: nothing. */
  readonly site?: string;
  /** Passwords by user name. Default: one user `root` with `simulated`. */
  readonly users?: Readonly<Record<string, string>>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Opens the control door on this port of 127.0.0.1; 0 for any free one. Absent: no door. */
  readonly controlPort?: number;
  readonly limits?: Partial<ServerLimits>;
  readonly timings?: Partial<LifecycleTimings>;
  readonly clock?: Clock;
}

export interface VsphereSimulator {
  /** `https://127.0.0.1:<port>` */
  readonly origin: string;
  readonly port: number;
  /** Of the certificate served at the start, as `AA:BB:…`. */
  readonly certificateSha256: string;
  /** `http://127.0.0.1:<port>` of the control door, if there is one. */
  readonly controlOrigin: string | undefined;
  readonly control: SimulatorControl;
  stop(): Promise<void>;
}

/** Default user of a simulated server. */
export const DEFAULT_USERS: Readonly<Record<string, string>> = { root: 'simulated' };

/** Starts one ESXi host or vCenter. */
export async function startVsphereSimulator(options: SimulatorOptions): Promise<VsphereSimulator> {
  const { clock = systemClock, host = '127.0.0.1' } = options;
  const personality = findPersonality(options.personality);
  const random = createSeededRandom(options.seed ?? 1);
  const limits: ServerLimits = { ...DEFAULT_LIMITS, connectionCap: personality.connectionCap, ...options.limits };
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const inventory = new Inventory({
    personality,
    machines: options.machines ?? 20,
    random,
    clock,
    hostNames: { own: options.hostName ?? 'localhost.localdomain', managed: options.hostNames ?? [] },
    subnet: options.subnet ?? 20,
    site: options.site ?? '',
  });
  addManagers(inventory.world, { personality, clock });
  const lifecycle = new GuestLifecycle({ inventory, clock, timings });
  const certificate = createCertificate(clock.wall());
  const server: ServerState = {
    personality,
    clock,
    random,
    limits,
    inventory,
    lifecycle,
    tasks: new Tasks({
      world: inventory.world,
      clock,
      manager: personality.content['taskManager'] ?? { type: 'TaskManager', value: 'TaskManager' },
      isCenter: personality.apiType === 'VirtualCenter',
    }),
    sessions: new Sessions({ clock, limits, users: options.users ?? DEFAULT_USERS }),
    tickets: new Tickets(clock),
    files: new DatastoreFiles(),
    permissions: new Permissions(),
    screens: new Screens({ clock, bootMs: timings.bootMs }),
    consoleDoor: (wanted) =>
      wanted === 'host' && hostDoor !== undefined
        ? { at: 'host', port: hostDoor.port, certificate: hostDoor.announced }
        : { at: 'server', port: frontEnd.port, certificate: frontEnd.certificate },
  };
  const counters = new Counters(clock);
  const faults = new FaultRules(random);
  const tickets = new TicketDoor({ server, counters });
  const frontEnd = new FrontEnd({ server, counters, faults, tickets, host, certificate });
  const hostDoor =
    options.consoleHost === undefined
      ? undefined
      : new HostDoor({ tickets, counters, host: options.consoleHost, certificate: createCertificate(clock.wall()) });
  const control = new SimulatorControl({ server, frontEnd, hostDoor, counters, faults, tickets });
  await frontEnd.listen(options.port ?? 0);
  await hostDoor?.listen(0);
  const door = options.controlPort === undefined ? undefined : new ControlDoor(control);
  const controlPort = await door?.listen(options.controlPort ?? 0);
  lifecycle.start();
  return {
    origin: `https://${host.includes(':') ? `[${host}]` : host}:${frontEnd.port}`,
    port: frontEnd.port,
    certificateSha256: certificate.sha256,
    controlOrigin: controlPort === undefined ? undefined : `http://127.0.0.1:${controlPort}`,
    control,
    stop: async () => {
      lifecycle.stop();
      server.sessions.endAll();
      tickets.closeAll();
      await frontEnd.close();
      await hostDoor?.close();
      await door?.close();
    },
  };
}
