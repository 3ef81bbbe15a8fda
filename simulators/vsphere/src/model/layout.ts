import type { Moref } from '@breakwater/vsphere/schema';
import type { PersonalityId } from '../personality.ts';

/** Where things stand in the tree of a product. */
export interface HostPlan {
  readonly ref: Moref;
  readonly name: string;
  readonly connection: 'connected' | 'disconnected' | 'notResponding';
  readonly compute: Moref;
  readonly cores: number;
  readonly cpuMhz: number;
  readonly memoryBytes: number;
  readonly model: string;
}

export interface DatastorePlan {
  readonly ref: Moref;
  readonly name: string;
  readonly url: string;
  readonly type: 'VMFS' | 'NFS' | 'vsan';
  readonly capacity: number;
  readonly shared: boolean;
  readonly accessible: boolean;
}

export interface Layout {
  readonly root: Moref;
  readonly datacenter: Moref;
  readonly datacenterName: string;
  /** From the root folder down, names as they are stored: a slash inside a name is `%2f`. */
  readonly datacenterPath: string;
  /** Folders between the root and the datacenter, outermost first. */
  readonly regions: readonly { readonly ref: Moref; readonly name: string }[];
  readonly folders: { readonly machines: Moref; readonly hosts: Moref; readonly datastores: Moref; readonly networks: Moref };
  readonly compute: Moref;
  readonly computeName: string;
  readonly pool: Moref;
  readonly hosts: readonly HostPlan[];
  readonly datastores: readonly DatastorePlan[];
  readonly networks: readonly { readonly ref: Moref; readonly name: string }[];
  readonly machineMoid: (index: number) => string;
}

const ref = (type: string, value: string): Moref => ({ type, value });
const TIB = 1024 ** 4;
const GIB = 1024 ** 3;

export interface HostNames {
  /** Of a standalone host in its own inventory. */
  readonly own: string;
  /** Of the first hosts of a vCenter; the others keep names of ours. */
  readonly managed: readonly string[];
}

export function planLayout(id: PersonalityId, names: HostNames): Layout {
  return id === 'vcenter-8.0' ? planCenter(names.managed) : planHost(names.own);
}

function planHost(hostName: string): Layout {
  const compute = ref('ComputeResource', 'ha-compute-res');
  return {
    root: ref('Folder', 'ha-folder-root'),
    datacenter: ref('Datacenter', 'ha-datacenter'),
    datacenterName: 'ha-datacenter',
    datacenterPath: 'ha-datacenter',
    regions: [],
    folders: {
      machines: ref('Folder', 'ha-folder-vm'),
      hosts: ref('Folder', 'ha-folder-host'),
      datastores: ref('Folder', 'ha-folder-datastore'),
      networks: ref('Folder', 'ha-folder-network'),
    },
    compute,
    computeName: hostName,
    pool: ref('ResourcePool', 'ha-root-pool'),
    hosts: [
      {
        ref: ref('HostSystem', 'ha-host'),
        name: hostName,
        connection: 'connected',
        compute,
        cores: 32,
        cpuMhz: 2_400,
        memoryBytes: 256 * GIB,
        model: 'PowerEdge R640',
      },
    ],
    datastores: [
      {
        ref: ref('Datastore', '5f3a1c9e-8b2d4f60-1a2b-246e96000001'),
        name: 'datastore1',
        url: '/vmfs/volumes/5f3a1c9e-8b2d4f60-1a2b-246e96000001',
        type: 'VMFS',
        capacity: 7.2 * TIB,
        shared: false,
        accessible: true,
      },
      {
        ref: ref('Datastore', '10.0.0.5:/vol/vm_backup'),
        name: 'nfs-backup',
        url: '/vmfs/volumes/6a7b8c9d-0e1f2a3b',
        type: 'NFS',
        capacity: 20 * TIB,
        shared: true,
        accessible: true,
      },
      {
        ref: ref('Datastore', '10.0.0.9:/export/iso'),
        name: 'iso',
        url: '/vmfs/volumes/11aa22bb-33cc44dd',
        type: 'NFS',
        capacity: 0,
        shared: true,
        accessible: false,
      },
    ],
    networks: [
      { ref: ref('Network', 'HaNetwork-VM Network'), name: 'VM Network' },
      { ref: ref('Network', 'HaNetwork-DMZ'), name: 'DMZ' },
    ],
    // Hosts number machines from 1 and leave gaps where some were unregistered.
    machineMoid: (index) => String(index + 1 + Math.floor(index / 5)),
  };
}

function planCenter(hostNames: readonly string[]): Layout {
  const compute = ref('ClusterComputeResource', 'domain-c7');
  const host = (number: number, connection: HostPlan['connection']): HostPlan => ({
    ref: ref('HostSystem', `host-${9 + number * 3}`),
    name: hostNames[number] ?? `esx-${String(number + 1).padStart(2, '0')}.dc.example`,
    connection,
    compute,
    cores: 48,
    cpuMhz: 2_900,
    memoryBytes: 512 * GIB,
    model: 'ProLiant DL380 Gen10',
  });
  return {
    root: ref('Folder', 'group-d1'),
    datacenter: ref('Datacenter', 'datacenter-2'),
    datacenterName: 'Datacenter',
    datacenterPath: 'EMEA%2fWest/Datacenter',
    regions: [{ ref: ref('Folder', 'group-d9'), name: 'EMEA%2fWest' }],
    folders: {
      machines: ref('Folder', 'group-v3'),
      hosts: ref('Folder', 'group-h4'),
      datastores: ref('Folder', 'group-s5'),
      networks: ref('Folder', 'group-n6'),
    },
    compute,
    computeName: 'Cluster A',
    pool: ref('ResourcePool', 'resgroup-8'),
    hosts: [host(0, 'connected'), host(1, 'connected'), host(2, 'connected'), host(3, 'disconnected')],
    datastores: [
      {
        ref: ref('Datastore', 'datastore-31'),
        name: 'san-01',
        url: 'ds:///vmfs/volumes/61b1c2d3-e4f50617-a8b9-3cfdfe000001/',
        type: 'VMFS',
        capacity: 40 * TIB,
        shared: true,
        accessible: true,
      },
      {
        ref: ref('Datastore', 'datastore-32'),
        name: 'san-02',
        url: 'ds:///vmfs/volumes/61b1c2d3-e4f50617-a8b9-3cfdfe000002/',
        type: 'VMFS',
        capacity: 40 * TIB,
        shared: true,
        accessible: true,
      },
      {
        ref: ref('Datastore', 'datastore-33'),
        name: 'nfs-backup',
        url: 'ds:///vmfs/volumes/6a7b8c9d-0e1f2a3b/',
        type: 'NFS',
        capacity: 20 * TIB,
        shared: true,
        accessible: true,
      },
    ],
    networks: [
      { ref: ref('Network', 'network-41'), name: 'VM Network' },
      { ref: ref('Network', 'network-42'), name: 'DMZ' },
    ],
    machineMoid: (index) => `vm-${101 + index}`,
  };
}
