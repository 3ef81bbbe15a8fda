import { formatInstant } from '@breakwater/kernel';
import type { Machine, MachineIdentity } from './machine.ts';

interface Instants {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** One top-level property of a machine, as a plain value in the schema's words. */
export function readMachine(machine: Machine, property: string, at: Instants): unknown {
  switch (property) {
    case 'name':
      return machine.name;
    case 'parent':
      return machine.identity.parent;
    case 'overallStatus':
    case 'configStatus':
      return machine.isReadable ? 'green' : 'gray';
    case 'recentTask':
      return machine.recentTasks;
    case 'resourcePool':
      return machine.identity.template ? undefined : machine.identity.resourcePool;
    case 'datastore':
      return [machine.identity.datastore];
    case 'network':
      return machine.isReadable ? [machine.identity.network] : [];
    case 'guestHeartbeatStatus':
      return machine.areToolsRunning ? 'green' : 'gray';
    case 'config':
      return readConfig(machine);
    case 'runtime':
      return readRuntime(machine);
    case 'guest':
      return readGuest(machine);
    case 'summary':
      return readSummary(machine, at);
    default:
      return undefined;
  }
}

function readConfig(machine: Machine): unknown {
  if (!machine.isReadable) return undefined;
  const { identity } = machine;
  const folder = `[${identity.datastoreName}] ${folderOf(machine)}/`;
  return {
    changeVersion: changeVersionOf(machine),
    modified: formatInstant(identity.createdWallMs + machine.changeCount * 1_000),
    name: machine.name,
    guestFullName: identity.guestFullName,
    version: 'vmx-19',
    uuid: identity.uuid,
    createDate: formatInstant(identity.createdWallMs),
    instanceUuid: identity.instanceUuid,
    template: identity.template,
    guestId: identity.guestId,
    alternateGuestName: '',
    annotation: machine.annotation === '' ? undefined : machine.annotation,
    files: {
      vmPathName: pathOf(machine),
      snapshotDirectory: folder,
      suspendDirectory: folder,
      logDirectory: folder,
    },
    hardware: { numCPU: identity.cpus, numCoresPerSocket: 1, memoryMB: identity.memoryMb },
    extraConfig: [...machine.extraConfig].map(([key, value]) => ({ key, value: { $any: 'string', value } })),
    firmware: identity.console === 'desktop' ? 'efi' : 'bios',
    maxMksConnections: 40,
  };
}

export const changeVersionOf = (machine: Machine): string => formatInstant(machine.identity.createdWallMs + machine.changeCount * 1_000);

/** The folder of a machine on its datastore: its first name without what a path cannot hold. */
export const folderOf = (machine: Machine): string => machine.identity.hostName;
export const pathOf = (machine: Machine): string => `[${machine.identity.datastoreName}] ${folderOf(machine)}/${folderOf(machine)}.vmx`;

function readRuntime(machine: Machine): unknown {
  const { identity, life, question } = machine;
  const isOn = life.kind === 'booting' || life.kind === 'running';
  return {
    host: identity.host,
    connectionState: machine.connection,
    powerState: machine.powerState,
    toolsInstallerMounted: false,
    suspendTime: life.kind === 'suspended' ? formatInstant(life.sinceWallMs) : undefined,
    bootTime: isOn ? formatInstant(life.bootedWallMs) : undefined,
    question: question === undefined ? undefined : readQuestion(question),
    maxCpuUsage: identity.cpus * identity.cpuMhzPerCore,
    maxMemoryUsage: identity.memoryMb,
    numMksConnections: machine.consoles,
    cleanPowerOff: life.kind === 'off',
    consolidationNeeded: false,
    paused: false,
  };
}

function readQuestion(question: NonNullable<Machine['question']>): unknown {
  return {
    id: question.id,
    text: question.text,
    choice: {
      choiceInfo: question.choices.map((choice) => ({ label: choice.label, summary: choice.label, key: choice.key })),
      defaultIndex: question.defaultIndex,
    },
  };
}

const VERSION_STATUS = {
  none: 'guestToolsNotInstalled',
  current: 'guestToolsCurrent',
  old: 'guestToolsSupportedOld',
  unmanaged: 'guestToolsUnmanaged',
} as const;

function toolsStatus(machine: Machine): string {
  const { tools } = machine.identity;
  if (tools === 'none') return 'toolsNotInstalled';
  if (!machine.areToolsRunning) return 'toolsNotRunning';
  return tools === 'old' ? 'toolsOld' : 'toolsOk';
}

/** Addresses stay known after power-off, as the last thing tools said. */
function hasAddresses(machine: Machine): boolean {
  if (machine.identity.tools === 'none') return false;
  return machine.life.kind === 'running' ? machine.life.network === 'up' : machine.life.kind !== 'booting' && machine.wasUp;
}

function readGuest(machine: Machine): unknown {
  const { identity } = machine;
  const addresses = hasAddresses(machine) ? [identity.ipv4, ...(identity.ipv6 === undefined ? [] : [identity.ipv6])] : [];
  const isOn = machine.powerState === 'poweredOn';
  const seen = machine.wasUp && identity.tools !== 'none';
  return {
    toolsStatus: toolsStatus(machine),
    toolsVersionStatus: VERSION_STATUS[identity.tools],
    toolsVersionStatus2: VERSION_STATUS[identity.tools],
    toolsRunningStatus: machine.areToolsRunning ? 'guestToolsRunning' : 'guestToolsNotRunning',
    toolsVersion: identity.tools === 'none' ? '0' : '12352',
    guestId: seen ? identity.guestId : undefined,
    guestFamily: seen ? identity.guestFamily : undefined,
    guestFullName: seen ? identity.guestFullName : undefined,
    hostName: seen ? identity.hostName : undefined,
    ipAddress: addresses[0],
    net: addresses.length === 0 ? [] : [readNic(machine, addresses)],
    disk: seen ? [readDisk(machine)] : [],
    screen: isOn ? screenSizeOf(machine) : undefined,
    guestState: machine.life.kind === 'running' ? 'running' : 'notRunning',
    appHeartbeatStatus: 'appStatusGray',
    guestOperationsReady: machine.areToolsRunning,
    interactiveGuestOperationsReady: false,
    guestStateChangeSupported: machine.areToolsRunning,
    customizationInfo: { customizationStatus: 'TOOLSDEPLOYPKG_IDLE' },
  };
}

export const screenSizeOf = (machine: Machine): { readonly width: number; readonly height: number } =>
  machine.identity.console === 'desktop' ? { width: 1024, height: 768 } : { width: 720, height: 400 };

function readNic(machine: Machine, addresses: readonly string[]): unknown {
  const { identity } = machine;
  return {
    network: identity.networkName,
    ipAddress: addresses,
    macAddress: identity.mac,
    connected: true,
    deviceConfigId: 4000,
    ipConfig: {
      ipAddress: addresses.map((ipAddress) => ({ ipAddress, prefixLength: ipAddress.includes(':') ? 64 : 24, state: 'preferred' })),
    },
  };
}

function readDisk(machine: Machine): unknown {
  const { diskBytes, guestFamily, seed } = machine.identity;
  const windows = guestFamily === 'windowsGuest';
  return {
    diskPath: windows ? 'C:\\' : '/',
    capacity: diskBytes,
    freeSpace: Math.floor(diskBytes * (0.15 + (seed % 60) / 100)),
    filesystemType: windows ? 'NTFS' : 'ext4',
  };
}

function readSummary(machine: Machine, at: Instants): unknown {
  const { identity } = machine;
  const isOn = machine.powerState === 'poweredOn';
  const addresses = hasAddresses(machine);
  return {
    vm: machine.ref,
    runtime: readRuntime(machine),
    guest: {
      toolsStatus: toolsStatus(machine),
      toolsVersionStatus2: VERSION_STATUS[identity.tools],
      toolsRunningStatus: machine.areToolsRunning ? 'guestToolsRunning' : 'guestToolsNotRunning',
      hostName: machine.wasUp && identity.tools !== 'none' ? identity.hostName : undefined,
      ipAddress: addresses ? identity.ipv4 : undefined,
    },
    config: {
      name: machine.name,
      template: identity.template,
      vmPathName: pathOf(machine),
      memorySizeMB: identity.memoryMb,
      numCpu: identity.cpus,
      numEthernetCards: 1,
      numVirtualDisks: 1,
      uuid: identity.uuid,
      instanceUuid: identity.instanceUuid,
      guestId: identity.guestId,
      guestFullName: identity.guestFullName,
      annotation: machine.annotation === '' ? undefined : machine.annotation,
    },
    storage: {
      committed: committedBytes(identity),
      uncommitted: identity.diskBytes - committedBytes(identity),
      unshared: committedBytes(identity),
      timestamp: formatInstant(identity.createdWallMs),
    },
    quickStats: isOn ? readQuickStats(machine, at) : { guestHeartbeatStatus: 'gray', ...IDLE_STATS },
    overallStatus: machine.isReadable ? 'green' : 'gray',
  };
}

const IDLE_STATS = { overallCpuUsage: 0, overallCpuDemand: 0, guestMemoryUsage: 0, hostMemoryUsage: 0, uptimeSeconds: 0 };

function readQuickStats(machine: Machine, at: Instants): unknown {
  const { load, life } = machine;
  const sinceMs = life.kind === 'running' || life.kind === 'booting' ? life.sinceMs : at.nowMs;
  return {
    overallCpuUsage: load.cpuMhz,
    overallCpuDemand: Math.floor(load.cpuMhz * 1.05),
    overallCpuReadiness: 0,
    guestMemoryUsage: load.activeMb,
    hostMemoryUsage: load.consumedMb,
    guestHeartbeatStatus: machine.areToolsRunning ? 'green' : 'gray',
    grantedMemory: machine.identity.memoryMb,
    privateMemory: load.consumedMb,
    sharedMemory: 0,
    swappedMemory: 0,
    balloonedMemory: 0,
    compressedMemory: 0,
    // Hosts refresh the figure with the others, every twenty seconds; a finer one would make each reading a change.
    uptimeSeconds: Math.max(0, Math.floor((at.nowMs - sinceMs) / 20_000) * 20),
    activeMemory: load.activeMb,
  };
}

/** Thin disks fill differently: between a fifth and nine tenths, the same for the same machine. */
function committedBytes({ diskBytes, seed }: Pick<MachineIdentity, 'diskBytes' | 'seed'>): number {
  return Math.floor(diskBytes * (0.2 + (seed % 71) / 100));
}
