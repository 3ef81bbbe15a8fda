import type { DataType } from './form.ts';

/** Hosts and datastores. */
export const HOST_TYPES = {
  HostListSummary: {
    fields: [
      { name: 'host', type: 'ManagedObjectReference', optional: true },
      { name: 'hardware', type: 'HostHardwareSummary', optional: true },
      { name: 'runtime', type: 'HostRuntimeInfo', optional: true },
      { name: 'config', type: 'HostConfigSummary' },
      { name: 'quickStats', type: 'HostListSummaryQuickStats' },
      { name: 'overallStatus', type: 'ManagedEntityStatus' },
      { name: 'rebootRequired', type: 'boolean' },
      { name: 'managementServerIp', type: 'string', optional: true },
      { name: 'maxEVCModeKey', type: 'string', optional: true },
      { name: 'currentEVCModeKey', type: 'string', optional: true },
    ],
  },
  HostHardwareSummary: {
    fields: [
      { name: 'vendor', type: 'string' },
      { name: 'model', type: 'string' },
      { name: 'uuid', type: 'string' },
      { name: 'memorySize', type: 'long' },
      { name: 'cpuModel', type: 'string' },
      { name: 'cpuMhz', type: 'int' },
      { name: 'numCpuPkgs', type: 'short' },
      { name: 'numCpuCores', type: 'short' },
      { name: 'numCpuThreads', type: 'short' },
      { name: 'numNics', type: 'int' },
      { name: 'numHBAs', type: 'int' },
    ],
  },
  HostListSummaryQuickStats: {
    fields: [
      { name: 'overallCpuUsage', type: 'int', optional: true },
      { name: 'overallMemoryUsage', type: 'int', optional: true },
      { name: 'distributedCpuFairness', type: 'int', optional: true },
      { name: 'distributedMemoryFairness', type: 'int', optional: true },
      { name: 'availablePMemCapacity', type: 'int', optional: true, since: '6.7' },
      { name: 'uptime', type: 'int', optional: true },
    ],
  },
  HostConfigSummary: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'port', type: 'int' },
      { name: 'sslThumbprint', type: 'string', optional: true },
      { name: 'product', type: 'AboutInfo', optional: true },
      { name: 'vmotionEnabled', type: 'boolean' },
      { name: 'faultToleranceEnabled', type: 'boolean', optional: true },
    ],
  },
  HostRuntimeInfo: {
    fields: [
      { name: 'connectionState', type: 'HostSystemConnectionState' },
      { name: 'powerState', type: 'HostSystemPowerState' },
      { name: 'standbyMode', type: 'string', optional: true },
      { name: 'inMaintenanceMode', type: 'boolean' },
      { name: 'inQuarantineMode', type: 'boolean', optional: true },
      { name: 'bootTime', type: 'dateTime', optional: true },
      { name: 'cryptoState', type: 'string', optional: true },
    ],
  },
  HostCapability: {
    fields: [
      { name: 'recursiveResourcePoolsSupported', type: 'boolean' },
      { name: 'cpuMemoryResourceConfigurationSupported', type: 'boolean' },
      { name: 'rebootSupported', type: 'boolean' },
      { name: 'shutdownSupported', type: 'boolean' },
      { name: 'vmotionSupported', type: 'boolean' },
      { name: 'standbySupported', type: 'boolean' },
      { name: 'maxSupportedVMs', type: 'int', optional: true },
      { name: 'maxRunningVMs', type: 'int', optional: true },
      { name: 'screenshotSupported', type: 'boolean' },
      { name: 'scaledScreenshotSupported', type: 'boolean' },
    ],
  },
  DatastoreSummary: {
    fields: [
      { name: 'datastore', type: 'ManagedObjectReference', optional: true },
      { name: 'name', type: 'string' },
      { name: 'url', type: 'string' },
      { name: 'capacity', type: 'long' },
      { name: 'freeSpace', type: 'long' },
      { name: 'uncommitted', type: 'long', optional: true },
      { name: 'accessible', type: 'boolean' },
      { name: 'multipleHostAccess', type: 'boolean', optional: true },
      { name: 'type', type: 'string' },
      { name: 'maintenanceMode', type: 'string', optional: true },
    ],
  },
  ResourcePoolSummary: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'configuredMemoryMB', type: 'int', optional: true },
    ],
  },
} as const satisfies Readonly<Record<string, DataType>>;
