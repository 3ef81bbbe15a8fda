import type { DataType } from './form.ts';

/** What the tools inside a guest report. It outlives the machine being switched off. */
export const GUEST_TYPES = {
  GuestInfo: {
    fields: [
      { name: 'toolsStatus', type: 'VirtualMachineToolsStatus', optional: true },
      { name: 'toolsVersionStatus', type: 'string', optional: true },
      { name: 'toolsVersionStatus2', type: 'string', optional: true },
      { name: 'toolsRunningStatus', type: 'string', optional: true },
      { name: 'toolsVersion', type: 'string', optional: true },
      { name: 'toolsInstallType', type: 'string', optional: true },
      { name: 'guestId', type: 'string', optional: true },
      { name: 'guestFamily', type: 'string', optional: true },
      { name: 'guestFullName', type: 'string', optional: true },
      { name: 'hostName', type: 'string', optional: true },
      { name: 'ipAddress', type: 'string', optional: true },
      { name: 'net', type: 'GuestNicInfo', array: true, optional: true },
      { name: 'disk', type: 'GuestDiskInfo', array: true, optional: true },
      { name: 'screen', type: 'GuestScreenInfo', optional: true },
      { name: 'guestState', type: 'string' },
      { name: 'appHeartbeatStatus', type: 'string', optional: true },
      { name: 'guestKernelCrashed', type: 'boolean', optional: true },
      { name: 'appState', type: 'string', optional: true },
      { name: 'guestOperationsReady', type: 'boolean', optional: true },
      { name: 'interactiveGuestOperationsReady', type: 'boolean', optional: true },
      { name: 'guestStateChangeSupported', type: 'boolean', optional: true },
      { name: 'hwVersion', type: 'string', optional: true },
      { name: 'customizationInfo', type: 'GuestInfoCustomizationInfo', optional: true, since: '7.0.2.0' },
    ],
  },
  GuestInfoCustomizationInfo: {
    fields: [
      { name: 'customizationStatus', type: 'string' },
      { name: 'startTime', type: 'dateTime', optional: true },
      { name: 'endTime', type: 'dateTime', optional: true },
      { name: 'errorMsg', type: 'string', optional: true },
    ],
  },
  GuestNicInfo: {
    fields: [
      { name: 'network', type: 'string', optional: true },
      { name: 'ipAddress', type: 'string', array: true, optional: true },
      { name: 'macAddress', type: 'string', optional: true },
      { name: 'connected', type: 'boolean' },
      { name: 'deviceConfigId', type: 'int' },
      { name: 'dnsConfig', type: 'NetDnsConfigInfo', optional: true },
      { name: 'ipConfig', type: 'NetIpConfigInfo', optional: true },
    ],
  },
  NetDnsConfigInfo: {
    fields: [
      { name: 'dhcp', type: 'boolean' },
      { name: 'hostName', type: 'string' },
      { name: 'domainName', type: 'string' },
      { name: 'ipAddress', type: 'string', array: true, optional: true },
      { name: 'searchDomain', type: 'string', array: true, optional: true },
    ],
  },
  NetIpConfigInfo: {
    fields: [
      { name: 'ipAddress', type: 'NetIpConfigInfoIpAddress', array: true, optional: true },
      { name: 'autoConfigurationEnabled', type: 'boolean', optional: true },
    ],
  },
  NetIpConfigInfoIpAddress: {
    fields: [
      { name: 'ipAddress', type: 'string' },
      { name: 'prefixLength', type: 'int' },
      { name: 'origin', type: 'string', optional: true },
      { name: 'state', type: 'string', optional: true },
      { name: 'lifetime', type: 'dateTime', optional: true },
    ],
  },
  GuestDiskInfo: {
    fields: [
      { name: 'diskPath', type: 'string', optional: true },
      { name: 'capacity', type: 'long', optional: true },
      { name: 'freeSpace', type: 'long', optional: true },
      { name: 'filesystemType', type: 'string', optional: true },
    ],
  },
  GuestScreenInfo: {
    fields: [
      { name: 'width', type: 'int' },
      { name: 'height', type: 'int' },
    ],
  },
} as const satisfies Readonly<Record<string, DataType>>;
