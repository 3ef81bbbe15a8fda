import { type Moid, toMoid } from '@breakwater/kernel';
import type { PropertySet } from '../properties/index.ts';
import { Fields } from './fields.ts';
import { decodeName } from './names.ts';

export type PowerState = 'poweredOn' | 'poweredOff' | 'suspended' | 'unknown';

/** A question that stalls a task until somebody answers it. */
export interface MachineQuestion {
  readonly id: string;
  readonly text: string;
  readonly choices: readonly { readonly key: string; readonly label: string }[];
  readonly defaultKey: string | null;
}

/** What a server says of one virtual machine. Null: not said, for example because the machine's files are out of reach. */
export interface MachineFacts {
  readonly moid: Moid;
  /** As people write it: `%2f` is `/`. */
  readonly name: string;
  readonly powerState: PowerState;
  readonly guestOs: string | null;
  readonly memoryMib: number | null;
  readonly cpuCount: number | null;
  /** The guest's tools keep the last known addresses after the machine is off. */
  readonly guestIp: string | null;
  readonly ipAddresses: readonly string[];
  readonly guestHostName: string | null;
  readonly hostName: string | null;
  readonly tools: 'running' | 'not_running' | 'not_installed' | 'unknown';
  readonly isTemplate: boolean;
  /** False: the server has lost the machine's files or its host. */
  readonly isAccessible: boolean;
  readonly instanceUuid: string | null;
  readonly annotation: string | null;
  /** ISO 8601. */
  readonly bootTime: string | null;
  readonly question: MachineQuestion | null;
  readonly diskUsedBytes: number | null;
  readonly diskTotalBytes: number | null;
}

/**
 * Slowly changing properties, fit to be watched. `summary.quickStats` is not among them: it changes on every running
 * machine about every 20 s, which would turn news into everything, for ever.
 */
export const WATCHED_MACHINE: PropertySet = {
  type: 'VirtualMachine',
  paths: [
    'name',
    'runtime.powerState',
    'runtime.connectionState',
    'runtime.host',
    'runtime.question',
    'runtime.bootTime',
    'config.template',
    'config.guestFullName',
    'config.hardware.numCPU',
    'config.hardware.memoryMB',
    'config.instanceUuid',
    'config.annotation',
    'guest.ipAddress',
    'guest.hostName',
    'guest.net',
    'guest.toolsRunningStatus',
    'guest.toolsVersionStatus2',
    'summary.storage',
  ],
};

export function toMachineFacts(
  moid: string,
  properties: Readonly<Record<string, unknown>>,
  options: { readonly hostNameOf: (hostMoid: string) => string | null },
): MachineFacts {
  const fields = new Fields(properties);
  const host = fields.ref('runtime.host');
  const storage = fields.struct('summary.storage');
  const committed = storage.number('committed');
  const connection = fields.text('runtime.connectionState');
  const ipAddresses = readAddresses(fields);
  const reported = fields.text('guest.ipAddress');
  return {
    moid: toMoid(moid),
    name: decodeName(fields.text('name') ?? moid),
    powerState: toPowerState(fields.text('runtime.powerState')),
    guestOs: fields.text('config.guestFullName'),
    memoryMib: fields.number('config.hardware.memoryMB'),
    cpuCount: fields.number('config.hardware.numCPU'),
    guestIp: reported !== null && (ipAddresses.length === 0 || ipAddresses.includes(reported)) ? reported : (ipAddresses[0] ?? null),
    ipAddresses: ipAddresses.length === 0 && reported !== null ? [reported] : ipAddresses,
    guestHostName: fields.text('guest.hostName'),
    hostName: host === null ? null : options.hostNameOf(host.value),
    tools: toToolsState(fields.text('guest.toolsVersionStatus2'), fields.text('guest.toolsRunningStatus')),
    isTemplate: fields.flag('config.template') === true,
    isAccessible: connection === null || connection === 'connected',
    instanceUuid: fields.text('config.instanceUuid'),
    annotation: fields.text('config.annotation'),
    bootTime: fields.text('runtime.bootTime'),
    question: fields.has('runtime.question') ? readQuestion(fields.struct('runtime.question')) : null,
    diskUsedBytes: committed,
    diskTotalBytes: committed === null ? null : committed + (storage.number('uncommitted') ?? 0),
  };
}

export function toPowerState(text: string | null): PowerState {
  return text === 'poweredOn' || text === 'poweredOff' || text === 'suspended' ? text : 'unknown';
}

function toToolsState(version: string | null, running: string | null): MachineFacts['tools'] {
  if (running === 'guestToolsRunning' || running === 'guestToolsExecutingScripts') return 'running';
  if (version === 'guestToolsNotInstalled') return 'not_installed';
  return running === 'guestToolsNotRunning' ? 'not_running' : 'unknown';
}

/** Addresses that other machines can use; each once, in the order of the network cards. */
function readAddresses(fields: Fields): readonly string[] {
  const addresses = fields.structs('guest.net').flatMap((card) => {
    const detailed = card.struct('ipConfig').structs('ipAddress');
    if (detailed.length === 0) return card.texts('ipAddress');
    return detailed
      .filter((each) => (each.text('state') ?? 'preferred') === 'preferred')
      .map((each) => each.text('ipAddress'))
      .filter((each) => each !== null);
  });
  return [...new Set(addresses)].filter((address) => !isLinkLocal(address));
}

function isLinkLocal(address: string): boolean {
  return /^fe80:/i.test(address) || address.startsWith('169.254.');
}

function readQuestion(fields: Fields): MachineQuestion | null {
  const id = fields.text('id');
  if (id === null) return null;
  const choice = fields.struct('choice');
  const choices = choice.structs('choiceInfo').map((each) => {
    const key = each.text('key') ?? '';
    return { key, label: each.text('label') ?? each.text('summary') ?? key };
  });
  const defaultIndex = choice.number('defaultIndex');
  return { id, text: fields.text('text') ?? '', choices, defaultKey: defaultIndex === null ? null : (choices[defaultIndex]?.key ?? null) };
}
