import type { Moref } from '@breakwater/vsphere/schema';
import { readMachine } from './machine-properties.ts';
import type { SimObject } from './world.ts';

export type ConsoleKind = 'text' | 'desktop';
export type ConnectionState = 'connected' | 'disconnected' | 'orphaned' | 'inaccessible' | 'invalid';

/** What the guest is doing. Instants are clock readings, `bootedWallMs` is for people. */
export type GuestLife =
  | { readonly kind: 'off' }
  | { readonly kind: 'suspended'; readonly sinceWallMs: number }
  | { readonly kind: 'booting'; readonly sinceMs: number; readonly bootedWallMs: number }
  | { readonly kind: 'running'; readonly sinceMs: number; readonly bootedWallMs: number; readonly network: 'pending' | 'up' };

export interface MachineQuestion {
  readonly id: string;
  readonly text: string;
  readonly choices: readonly { readonly key: string; readonly label: string }[];
  readonly defaultIndex: number;
}

export interface MachineIdentity {
  readonly moid: string;
  readonly parent: Moref;
  readonly resourcePool: Moref;
  readonly host: Moref;
  readonly datastore: Moref;
  readonly datastoreName: string;
  readonly network: Moref;
  readonly networkName: string;
  readonly console: ConsoleKind;
  readonly guestId: string;
  readonly guestFullName: string;
  readonly guestFamily: 'linuxGuest' | 'windowsGuest' | 'otherGuestFamily';
  readonly cpus: number;
  readonly memoryMb: number;
  readonly uuid: string;
  readonly instanceUuid: string;
  readonly template: boolean;
  readonly tools: 'none' | 'current' | 'old' | 'unmanaged';
  readonly hostName: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string | undefined;
  readonly diskBytes: number;
  readonly createdWallMs: number;
  /** Shapes its load curve. */
  readonly seed: number;
  readonly cpuMhzPerCore: number;
}

export interface MachineLoad {
  readonly cpuMhz: number;
  readonly activeMb: number;
  readonly consumedMb: number;
}

/** A virtual machine. Whoever changes a field calls `world.touch(machine)` afterwards. */
export class Machine implements SimObject {
  readonly ref: Moref;
  readonly identity: MachineIdentity;
  revision = 0;
  name: string;
  annotation: string;
  connection: ConnectionState = 'connected';
  life: GuestLife = { kind: 'off' };
  question: MachineQuestion | undefined;
  load: MachineLoad = { cpuMhz: 0, activeMb: 0, consumedMb: 0 };
  changeCount = 1;
  consoles = 0;
  /** The task that holds the machine, if any. */
  busyWith: Moref | undefined;
  recentTasks: Moref[] = [];
  readonly extraConfig = new Map<string, string>();
  /** Property paths whose values a test has overwritten. */
  readonly overrides = new Map<string, unknown>();
  /** When the guest was last seen up: tools data outlives power-off. */
  wasUp = false;
  readonly #readWall: () => number;
  readonly #readNow: () => number;

  constructor(
    identity: MachineIdentity,
    options: { readonly name: string; readonly annotation: string; readonly wall: () => number; readonly now: () => number },
  ) {
    this.identity = identity;
    this.ref = { type: 'VirtualMachine', value: identity.moid };
    this.name = options.name;
    this.annotation = options.annotation;
    this.#readWall = options.wall;
    this.#readNow = options.now;
  }

  get parent(): Moref {
    return this.identity.parent;
  }

  get powerState(): 'poweredOn' | 'poweredOff' | 'suspended' {
    if (this.life.kind === 'off') return 'poweredOff';
    return this.life.kind === 'suspended' ? 'suspended' : 'poweredOn';
  }

  /** Nothing of `config` is readable while the host cannot reach the machine's files. */
  get isReadable(): boolean {
    return this.connection === 'connected' || this.connection === 'disconnected';
  }

  get areToolsRunning(): boolean {
    return this.life.kind === 'running' && this.identity.tools !== 'none';
  }

  read(property: string): unknown {
    const value = readMachine(this, property, { nowMs: this.#readNow(), wallMs: this.#readWall() });
    return this.overrides.size === 0 ? value : this.#overwrite(property, value);
  }

  #overwrite(property: string, value: unknown): unknown {
    let result = value;
    for (const [path, replacement] of this.overrides) {
      const [first, ...rest] = path.split('.');
      if (first === property) result = replaceAt(result, { path: rest, replacement });
    }
    return result;
  }
}

function replaceAt(value: unknown, change: { readonly path: readonly string[]; readonly replacement: unknown }): unknown {
  const [first, ...rest] = change.path;
  if (first === undefined) return change.replacement;
  const record = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...record, [first]: replaceAt(record[first], { path: rest, replacement: change.replacement }) };
}
