import type { Machine } from '@breakwater/contract';

/**
 * The JSON of each machine, kept from change to change, so that a list body is a concatenation and one change among
 * thousands costs one `JSON.stringify` of one machine. Each fragment starts with a comma: bodies drop the first one.
 */
export class MachineFragments {
  readonly #byServer = new Map<string, Map<string, Entry>>();
  readonly #versions = new Map<string, number>();
  #version = 0;

  /** Counts every change; equal versions mean equal fragments. */
  get version(): number {
    return this.#version;
  }

  versionOf(serverId: string): number {
    return this.#versions.get(serverId) ?? 0;
  }

  set(machine: Machine): void {
    let machines = this.#byServer.get(machine.server_id);
    if (machines === undefined) {
      machines = new Map();
      this.#byServer.set(machine.server_id, machines);
    }
    machines.set(machine.moid, { machine, bytes: null });
    this.#touch(machine.server_id);
  }

  delete(serverId: string, moid: string): void {
    if (this.#byServer.get(serverId)?.delete(moid) === true) this.#touch(serverId);
  }

  deleteServer(serverId: string): void {
    if (this.#byServer.delete(serverId)) this.#touch(serverId);
  }

  machine(serverId: string, moid: string): Machine | null {
    return this.#byServer.get(serverId)?.get(moid)?.machine ?? null;
  }

  /** Ids of the servers that have a machine with this id; usually one, because vSphere ids are unique per server only. */
  serversWith(moid: string): readonly string[] {
    return [...this.#byServer].filter(([, machines]) => machines.has(moid)).map(([serverId]) => serverId);
  }

  /** The fragment of one machine, with its leading comma; null for an unknown one. */
  fragment(serverId: string, moid: string): Buffer | null {
    const entry = this.#byServer.get(serverId)?.get(moid);
    return entry === undefined ? null : toBytes(entry);
  }

  /** All fragments of one server, or of all. */
  collect(serverId: string | undefined): Buffer[] {
    const collected: Buffer[] = [];
    for (const [id, machines] of this.#byServer) {
      if (serverId !== undefined && id !== serverId) continue;
      for (const entry of machines.values()) collected.push(toBytes(entry));
    }
    return collected;
  }

  #touch(serverId: string): void {
    this.#version += 1;
    this.#versions.set(serverId, this.#version);
  }
}

interface Entry {
  readonly machine: Machine;
  bytes: Buffer | null;
}

function toBytes(entry: Entry): Buffer {
  entry.bytes ??= Buffer.from(`,${JSON.stringify(entry.machine)}`);
  return entry.bytes;
}

/** `open` + the fragments as a JSON array's inside + `close`, in one copy. */
export function joinFragments(open: string, fragments: readonly Buffer[], close: string): Buffer {
  const [first, ...rest] = fragments;
  if (first === undefined) return Buffer.from(open + close);
  return Buffer.concat([Buffer.from(open), first.subarray(1), ...rest, Buffer.from(close)]);
}
