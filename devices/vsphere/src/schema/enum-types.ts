/** Values of enumerations. A newer server may send others, so a reader must not refuse them. */
export const ENUM_TYPES = {
  VirtualMachinePowerState: ['poweredOff', 'poweredOn', 'suspended'],
  VirtualMachineConnectionState: ['connected', 'disconnected', 'orphaned', 'inaccessible', 'invalid'],
  VirtualMachineToolsStatus: ['toolsNotInstalled', 'toolsNotRunning', 'toolsOld', 'toolsOk'],
  /** Sent as plain string. */
  VirtualMachineToolsRunningStatus: ['guestToolsNotRunning', 'guestToolsRunning', 'guestToolsExecutingScripts'],
  /** Sent as plain string. */
  VirtualMachineToolsVersionStatus: [
    'guestToolsNotInstalled',
    'guestToolsNeedUpgrade',
    'guestToolsCurrent',
    'guestToolsUnmanaged',
    'guestToolsTooOld',
    'guestToolsSupportedOld',
    'guestToolsSupportedNew',
    'guestToolsTooNew',
    'guestToolsBlacklisted',
  ],
  /** Sent as plain string. */
  VirtualMachineGuestState: ['running', 'shuttingDown', 'resetting', 'standby', 'notRunning', 'unknown'],
  /** Sent as plain string. */
  VirtualMachineTicketType: ['mks', 'device', 'guestControl', 'webmks', 'guestIntegrity', 'webRemoteDevice'],
  HostSystemConnectionState: ['connected', 'notResponding', 'disconnected'],
  HostSystemPowerState: ['poweredOn', 'poweredOff', 'standBy', 'unknown'],
  ManagedEntityStatus: ['gray', 'green', 'yellow', 'red'],
  TaskInfoState: ['queued', 'running', 'success', 'error'],
  ObjectUpdateKind: ['modify', 'enter', 'leave'],
  PropertyChangeOp: ['add', 'remove', 'assign', 'indirectRemove'],
  PerfSummaryType: ['average', 'maximum', 'minimum', 'latest', 'summation', 'none'],
  PerfStatsType: ['absolute', 'delta', 'rate'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
