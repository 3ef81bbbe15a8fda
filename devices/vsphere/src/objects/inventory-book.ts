import { OpsError, toMoid } from '@breakwater/kernel';
import type { ObjectChange } from '../properties/index.ts';
import type { Moref } from '../schema/index.ts';
import { Fields } from './fields.ts';
import type { InventoryNews } from './inventory.ts';
import { type MachineFacts, toMachineFacts, WATCHED_MACHINE } from './machine-facts.ts';
import { decodeName } from './names.ts';

const WATCHED_PATHS: ReadonlySet<string> = new Set(WATCHED_MACHINE.paths);

/** More than any server manages (vCenter: 35,000 machines), however they come: a load at once, or ever more of them as news. */
const MAX_OBJECTS = 200_000;

type Properties = Record<string, unknown>;

/** The last known properties of machines, and the names of their hosts. */
export class InventoryBook {
  readonly #machines = new Map<string, Properties>();
  readonly #hostNames = new Map<string, string>();

  moids(): Iterable<string> {
    return this.#machines.keys();
  }

  apply(changes: readonly ObjectChange[]): InventoryNews {
    const touched = new Set<string>();
    const removed = new Set<string>();
    for (const change of changes) {
      const { type, value: moid } = change.ref;
      if (change.kind === 'left') {
        if (type === 'HostSystem') this.#hostNames.delete(moid);
        if (type !== 'VirtualMachine') continue;
        if (this.#machines.delete(moid)) removed.add(moid);
        touched.delete(moid);
        continue;
      }
      this.assign(change.ref, change.properties);
      if (type === 'VirtualMachine') {
        touched.add(moid);
        removed.delete(moid);
      } else if (type === 'HostSystem') for (const guest of this.#machinesOn(moid)) touched.add(guest);
    }
    if (touched.size === 0 && removed.size === 0) return { kind: 'confirmed' };
    const upserted = [...touched].map((moid) => this.facts(moid)).filter((facts) => facts !== null);
    return { kind: 'changed', upserted, removed: [...removed].map(toMoid) };
  }

  assign(ref: Moref, properties: Readonly<Properties>): void {
    if (this.#machines.size + this.#hostNames.size > MAX_OBJECTS) {
      throw new OpsError({ code: 'VSPHERE_ANSWER_TOO_LARGE', message: 'The server lists more objects than any server manages.' });
    }
    if (ref.type === 'HostSystem') {
      const name = new Fields(properties).text('name');
      if (name !== null) this.#hostNames.set(ref.value, decodeName(name));
      return;
    }
    if (ref.type !== 'VirtualMachine') return;
    const known = this.#machines.get(ref.value);
    if (known === undefined && !Object.values(properties).includes(undefined)) {
      // As nearly every machine of a load comes; a copy in one piece costs a fraction of one by one.
      this.#machines.set(ref.value, { ...properties });
      return;
    }
    const machine = known ?? {};
    for (const [path, value] of Object.entries(properties)) {
      if (value === undefined) unset(machine, path);
      else if (WATCHED_PATHS.has(path)) machine[path] = value;
    }
    this.#machines.set(ref.value, machine);
  }

  *#machinesOn(hostMoid: string): Generator<string> {
    for (const [moid, properties] of this.#machines) if (new Fields(properties).ref('runtime.host')?.value === hostMoid) yield moid;
  }

  /** Last known, as the server told them. */
  properties(moid: string): Readonly<Properties> | undefined {
    return this.#machines.get(moid);
  }

  facts(moid: string): MachineFacts | null {
    const properties = this.properties(moid);
    if (properties === undefined) return null;
    return toMachineFacts(moid, properties, { hostNameOf: (host) => this.#hostNames.get(host) ?? null });
  }
}

/** When a whole struct goes (a machine's `config` when its files are lost), the server may name only the struct. */
function unset(properties: Properties, path: string): void {
  delete properties[path];
  for (const known of Object.keys(properties)) if (known.startsWith(`${path}.`)) delete properties[known];
}
