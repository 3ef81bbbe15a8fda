import { type Clock, formatInstant, type Random } from '@breakwater/kernel';
import type { Moref } from '@breakwater/vsphere/schema';
import type { Personality } from '../personality.ts';
import { createMachine, createMachines, type FleetOptions } from './create-machines.ts';
import { type DatastorePlan, type HostNames, type HostPlan, type Layout, planLayout } from './layout.ts';
import type { Machine } from './machine.ts';
import { PlainObject } from './plain-object.ts';
import { keyOf, type SimObject, World } from './world.ts';

export interface InventoryOptions {
  readonly personality: Personality;
  readonly machines: number;
  readonly random: Random;
  readonly clock: Clock;
  readonly hostNames: HostNames;
  readonly subnet: number;
  readonly site: string;
}

/** The tree of one server: folders, hosts, datastores, networks and machines. */
export class Inventory {
  readonly world = new World();
  readonly layout: Layout;
  readonly #fleet: FleetOptions;
  readonly #machines = new Map<string, Machine>();
  readonly #clock: Clock;
  readonly #personality: Personality;
  readonly #bootedWallMs: number;
  #created: number;

  constructor(options: InventoryOptions) {
    const { personality, clock } = options;
    this.#clock = clock;
    this.#personality = personality;
    this.#bootedWallMs = clock.wall() - 41 * 86_400_000;
    this.layout = planLayout(personality.id, options.hostNames);
    this.#fleet = {
      layout: this.layout,
      count: options.machines,
      random: options.random,
      clock,
      isCenter: personality.apiType === 'VirtualCenter',
      subnet: options.subnet,
      site: options.site,
    };
    this.#created = options.machines;
    this.#addContainers();
    for (const machine of createMachines(this.#fleet)) this.#register(machine);
  }

  machines(): Iterable<Machine> {
    return this.#machines.values();
  }

  findMachine(moid: string): Machine | undefined {
    return this.#machines.get(moid);
  }

  /** Puts one more machine into the inventory, named by the seed like the others. */
  addMachine(): Machine {
    const machine = createMachine(this.#created++, this.#fleet);
    this.#register(machine);
    return machine;
  }

  removeMachine(machine: Machine): void {
    this.#machines.delete(machine.identity.moid);
    this.world.remove(machine.ref);
  }

  /** True when `object` stands somewhere below `container`. */
  isBelow(object: SimObject, container: Moref): boolean {
    const wanted = keyOf(container);
    for (let at = object.parent; at !== undefined; at = this.world.find(at)?.parent) if (keyOf(at) === wanted) return true;
    return false;
  }

  /** Hosts and pools show sums of their machines, so they change with them. */
  touchHosts(): void {
    for (const host of this.layout.hosts) {
      const object = this.world.find(host.ref);
      if (object !== undefined) this.world.touch(object);
    }
  }

  #register(machine: Machine): void {
    this.#machines.set(machine.identity.moid, machine);
    this.world.add(machine);
  }

  #addContainers(): void {
    const { layout, world } = this;
    const { folders } = layout;
    const children =
      (folder: Moref): (() => Moref[]) =>
      () =>
        [...world.all()].filter((object) => object.parent?.value === folder.value).map((object) => object.ref);
    this.#addEntity(layout.root, {
      name: layout.root.value,
      properties: { childType: () => ['Folder', 'Datacenter'], childEntity: children(layout.root) },
    });
    let above = layout.root;
    for (const region of layout.regions) {
      this.#addEntity(region.ref, {
        name: region.name,
        parent: above,
        properties: { childType: () => ['Folder', 'Datacenter'], childEntity: children(region.ref) },
      });
      above = region.ref;
    }
    this.#addEntity(layout.datacenter, {
      name: layout.datacenterName,
      parent: above,
      properties: {
        vmFolder: () => folders.machines,
        hostFolder: () => folders.hosts,
        datastoreFolder: () => folders.datastores,
        networkFolder: () => folders.networks,
        datastore: () => layout.datastores.map((datastore) => datastore.ref),
        network: () => layout.networks.map((network) => network.ref),
      },
    });
    for (const [name, folder] of [
      ['vm', folders.machines],
      ['host', folders.hosts],
      ['datastore', folders.datastores],
      ['network', folders.networks],
    ] as const) {
      this.#addEntity(folder, {
        name,
        parent: layout.datacenter,
        properties: { childType: () => ['ManagedEntity'], childEntity: children(folder) },
      });
    }
    this.#addEntity(layout.compute, {
      name: layout.computeName,
      parent: folders.hosts,
      properties: {
        resourcePool: () => layout.pool,
        host: () => layout.hosts.map((host) => host.ref),
        datastore: () => layout.datastores.map((datastore) => datastore.ref),
        network: () => layout.networks.map((network) => network.ref),
      },
    });
    this.#addEntity(layout.pool, {
      name: 'Resources',
      parent: layout.compute,
      properties: {
        summary: () => ({ name: 'Resources' }),
        owner: () => layout.compute,
        resourcePool: () => [],
        vm: () => this.#machineRefs(() => true),
      },
    });
    for (const host of layout.hosts) this.#addHost(host);
    for (const datastore of layout.datastores) this.#addDatastore(datastore);
    for (const network of layout.networks) {
      this.#addEntity(network.ref, {
        name: network.name,
        parent: folders.networks,
        properties: {
          host: () => layout.hosts.map((host) => host.ref),
          vm: () => this.#machineRefs((machine) => machine.identity.network.value === network.ref.value),
        },
      });
    }
  }

  #addHost(plan: HostPlan): void {
    const isUp = plan.connection === 'connected';
    const mine = (machine: Machine): boolean => machine.identity.host.value === plan.ref.value;
    const hardware = {
      vendor: 'Example Systems',
      model: plan.model,
      uuid: `4c4c4544-0000-1000-8000-${plan.ref.value.padStart(12, '0').replaceAll(/[^0-9a-f]/g, '0')}`,
      memorySize: plan.memoryBytes,
      cpuModel: 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
      cpuMhz: plan.cpuMhz,
      numCpuPkgs: 2,
      numCpuCores: plan.cores,
      numCpuThreads: plan.cores * 2,
      numNics: 4,
      numHBAs: 3,
    };
    const runtime = (): unknown => ({
      connectionState: plan.connection,
      powerState: isUp ? 'poweredOn' : 'unknown',
      inMaintenanceMode: false,
      bootTime: isUp ? formatInstant(this.#bootedWallMs) : undefined,
    });
    this.#addEntity(plan.ref, {
      name: plan.name,
      parent: plan.compute,
      properties: {
        runtime,
        summary: () => ({
          host: plan.ref,
          hardware,
          runtime: runtime(),
          config: { name: plan.name, port: 443, product: this.#productOf(), vmotionEnabled: false },
          // A host that is not connected reports no figures at all.
          quickStats: isUp ? this.#hostFigures(mine) : {},
          overallStatus: isUp ? 'green' : 'red',
          rebootRequired: false,
        }),
        capability: () => (isUp ? HOST_CAPABILITY : undefined),
        vm: () => this.#machineRefs(mine),
        datastore: () => this.layout.datastores.map((datastore) => datastore.ref),
        network: () => this.layout.networks.map((network) => network.ref),
      },
    });
  }

  #productOf(): unknown {
    if (this.#personality.apiType === 'HostAgent') return this.#personality.about;
    return {
      ...this.#personality.about,
      name: 'VMware ESXi',
      fullName: 'VMware ESXi 8.0.2 build-22380479',
      build: '22380479',
      osType: 'vmnix-x86',
      productLineId: 'embeddedEsx',
    };
  }

  #hostFigures(mine: (machine: Machine) => boolean): unknown {
    let cpuMhz = 310;
    let memoryMb = 6_144;
    for (const machine of this.#machines.values()) {
      if (!mine(machine)) continue;
      cpuMhz += machine.load.cpuMhz;
      memoryMb += machine.load.consumedMb;
    }
    // Big simulated fleets would add up to more than one host has; a real host would be out of room long before.
    const host = this.layout.hosts[0];
    const cpuLimit = (host?.cores ?? 1) * (host?.cpuMhz ?? 1) * 0.93;
    const memoryLimit = ((host?.memoryBytes ?? 1) / 1024 ** 2) * 0.96;
    return {
      overallCpuUsage: Math.floor(Math.min(cpuMhz, cpuLimit)),
      overallMemoryUsage: Math.floor(Math.min(memoryMb, memoryLimit)),
      distributedCpuFairness: 0,
      distributedMemoryFairness: 0,
      uptime: Math.floor((this.#clock.wall() - this.#bootedWallMs) / 1_000),
    };
  }

  #addDatastore(plan: DatastorePlan): void {
    const users = (): Machine[] => [...this.#machines.values()].filter((machine) => machine.identity.datastore.value === plan.ref.value);
    const freeShare = 0.18 + (plan.name.length % 5) * 0.13;
    this.#addEntity(plan.ref, {
      name: plan.name,
      parent: this.layout.folders.datastores,
      properties: {
        summary: () => ({
          datastore: plan.ref,
          name: plan.name,
          url: plan.url,
          capacity: Math.floor(plan.capacity),
          freeSpace: Math.floor(plan.capacity * freeShare),
          uncommitted: Math.floor(plan.capacity * 0.1),
          accessible: plan.accessible,
          multipleHostAccess: plan.shared,
          type: plan.type,
          maintenanceMode: 'normal',
        }),
        vm: () => users().map((machine) => machine.ref),
      },
    });
  }

  #machineRefs(filter: (machine: Machine) => boolean): Moref[] {
    return [...this.#machines.values()].filter(filter).map((machine) => machine.ref);
  }

  #addEntity(
    ref: Moref,
    options: { readonly name: string; readonly parent?: Moref; readonly properties: Readonly<Record<string, () => unknown>> },
  ): void {
    const { name, parent, properties } = options;
    this.world.add(
      new PlainObject(ref, {
        parent,
        properties: {
          parent: () => parent,
          name: () => name,
          overallStatus: () => 'green',
          configStatus: () => 'green',
          disabledMethod: () => [],
          recentTask: () => [],
          ...properties,
        },
      }),
    );
  }
}

const HOST_CAPABILITY = {
  recursiveResourcePoolsSupported: true,
  cpuMemoryResourceConfigurationSupported: true,
  rebootSupported: true,
  shutdownSupported: true,
  vmotionSupported: true,
  standbySupported: false,
  maxSupportedVMs: 1024,
  maxRunningVMs: 1024,
  screenshotSupported: true,
  scaledScreenshotSupported: true,
};
