import type { PowerState } from '@breakwater/contract';
import type { Moid } from '@breakwater/kernel';

/** What a device reports of one machine; everything that can be absent is null. Sizes in bytes unless named otherwise. */
export interface MachineFacts {
  readonly moid: Moid;
  /** Decoded for display: `%2f` is `/`. */
  readonly name: string;
  readonly powerState: PowerState;
  readonly guestOs: string | null;
  readonly memoryMib: number | null;
  readonly cpuCount: number | null;
  readonly guestIp: string | null;
  readonly ipAddresses: readonly string[];
  readonly guestHostName: string | null;
  readonly hostName: string | null;
  readonly tools: 'running' | 'not_running' | 'not_installed' | 'unknown';
  readonly isTemplate: boolean;
  readonly isAccessible: boolean;
  readonly instanceUuid: string | null;
  readonly annotation: string | null;
  /** ISO 8601. */
  readonly bootTime: string | null;
  readonly question: MachineQuestion | null;
  readonly diskUsedBytes: number | null;
  readonly diskTotalBytes: number | null;
}

export interface MachineQuestion {
  readonly id: string;
  readonly text: string;
  readonly choices: readonly { readonly key: string; readonly label: string }[];
  readonly defaultKey: string | null;
}

/** Moving figures of one machine; polled apart from the facts because they change all the time. */
export interface MachineGauges {
  readonly moid: Moid;
  readonly cpuPercent: number | null;
  readonly memoryPercent: number | null;
}

/** Moving figures of one server, summed over its hosts. */
export interface ServerGauges {
  readonly cpu: { readonly usageMhz: number; readonly totalMhz: number; readonly cores: number } | null;
  readonly memory: { readonly usedBytes: number; readonly totalBytes: number } | null;
  readonly datastores: readonly DatastoreGauge[];
  readonly hosts: readonly { readonly name: string; readonly connectionState: string; readonly inMaintenanceMode: boolean }[];
  readonly machines: readonly MachineGauges[];
}

export interface DatastoreGauge {
  readonly name: string;
  readonly type: string;
  readonly capacityBytes: number;
  readonly freeBytes: number;
  readonly accessible: boolean;
}
