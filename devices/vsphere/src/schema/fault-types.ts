import type { DataType } from './form.ts';

/** Faults that this client tells apart; any other arrives under its own name with its plain fields. */
export const FAULT_TYPES = {
  MethodFault: {
    fields: [
      { name: 'faultCause', type: 'LocalizedMethodFault', optional: true },
      { name: 'faultMessage', type: 'LocalizableMessage', array: true, optional: true },
    ],
  },
  RuntimeFault: {
    extends: 'MethodFault',
    fields: [],
  },
  VimFault: {
    extends: 'MethodFault',
    fields: [],
  },
  SecurityError: {
    extends: 'RuntimeFault',
    fields: [],
  },
  NoPermission: {
    extends: 'SecurityError',
    fields: [
      { name: 'object', type: 'ManagedObjectReference' },
      { name: 'privilegeId', type: 'string' },
    ],
  },
  NotAuthenticated: {
    extends: 'NoPermission',
    fields: [],
  },
  RestrictedVersion: {
    extends: 'SecurityError',
    fields: [],
  },
  InvalidLogin: {
    extends: 'VimFault',
    fields: [],
  },
  PasswordExpired: {
    extends: 'InvalidLogin',
    fields: [],
  },
  InvalidLocale: {
    extends: 'VimFault',
    fields: [],
  },
  InvalidProperty: {
    extends: 'MethodFault',
    fields: [{ name: 'name', type: 'string' }],
  },
  InvalidCollectorVersion: {
    extends: 'MethodFault',
    fields: [],
  },
  RequestCanceled: {
    extends: 'RuntimeFault',
    fields: [],
  },
  ManagedObjectNotFound: {
    extends: 'RuntimeFault',
    fields: [{ name: 'obj', type: 'ManagedObjectReference' }],
  },
  InvalidRequest: {
    extends: 'RuntimeFault',
    fields: [],
  },
  InvalidType: {
    extends: 'InvalidRequest',
    fields: [{ name: 'argument', type: 'string', optional: true }],
  },
  MethodNotFound: {
    extends: 'InvalidRequest',
    fields: [
      { name: 'receiver', type: 'ManagedObjectReference' },
      { name: 'method', type: 'string' },
    ],
  },
  InvalidArgument: {
    extends: 'RuntimeFault',
    fields: [{ name: 'invalidProperty', type: 'string', optional: true }],
  },
  NotImplemented: {
    extends: 'RuntimeFault',
    fields: [],
  },
  NotSupported: {
    extends: 'RuntimeFault',
    fields: [],
  },
  HostAccessRestrictedToManagementServer: {
    extends: 'NotSupported',
    fields: [{ name: 'managementServer', type: 'string' }],
  },
  SystemError: {
    extends: 'RuntimeFault',
    fields: [{ name: 'reason', type: 'string' }],
  },
  UnexpectedFault: {
    extends: 'RuntimeFault',
    fields: [
      { name: 'faultName', type: 'string' },
      { name: 'fault', type: 'LocalizedMethodFault', optional: true },
    ],
  },
  HostCommunication: {
    extends: 'RuntimeFault',
    fields: [],
  },
  HostNotReachable: {
    extends: 'HostCommunication',
    fields: [],
  },
  HostNotConnected: {
    extends: 'HostCommunication',
    fields: [],
  },
  HostConnectFault: {
    extends: 'VimFault',
    fields: [],
  },
  TooManyHosts: {
    extends: 'HostConnectFault',
    fields: [],
  },
  NotEnoughLicenses: {
    extends: 'RuntimeFault',
    fields: [],
  },
  LicenseRestricted: {
    extends: 'NotEnoughLicenses',
    fields: [],
  },
  MethodDisabled: {
    extends: 'RuntimeFault',
    fields: [{ name: 'source', type: 'string', optional: true }],
  },
  InvalidState: {
    extends: 'VimFault',
    fields: [],
  },
  InvalidPowerState: {
    extends: 'InvalidState',
    fields: [
      { name: 'requestedState', type: 'VirtualMachinePowerState', optional: true },
      { name: 'existingState', type: 'VirtualMachinePowerState' },
    ],
  },
  InvalidHostState: {
    extends: 'InvalidState',
    fields: [{ name: 'host', type: 'ManagedObjectReference', optional: true }],
  },
  QuestionPending: {
    extends: 'InvalidState',
    fields: [{ name: 'text', type: 'string' }],
  },
  MksConnectionLimitReached: {
    extends: 'InvalidState',
    fields: [{ name: 'connectionLimit', type: 'int' }],
  },
  TaskInProgress: {
    extends: 'VimFault',
    fields: [{ name: 'task', type: 'ManagedObjectReference' }],
  },
  ToolsUnavailable: {
    extends: 'VimFault',
    fields: [],
  },
  ConcurrentAccess: {
    extends: 'VimFault',
    fields: [],
  },
  NotFound: {
    extends: 'VimFault',
    fields: [],
  },
  AlreadyExists: {
    extends: 'VimFault',
    fields: [{ name: 'name', type: 'string', optional: true }],
  },
  DuplicateName: {
    extends: 'VimFault',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'object', type: 'ManagedObjectReference' },
    ],
  },
  InvalidName: {
    extends: 'VimFault',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'entity', type: 'ManagedObjectReference', optional: true },
    ],
  },
  InvalidDatastore: {
    extends: 'VimFault',
    fields: [
      { name: 'datastore', type: 'ManagedObjectReference', optional: true },
      { name: 'name', type: 'string', optional: true },
    ],
  },
  InvalidDatastorePath: {
    extends: 'InvalidDatastore',
    fields: [{ name: 'datastorePath', type: 'string' }],
  },
  Timedout: {
    extends: 'VimFault',
    fields: [],
  },
  OutOfBounds: {
    extends: 'VimFault',
    fields: [{ name: 'argumentName', type: 'string' }],
  },
  FileFault: {
    extends: 'VimFault',
    fields: [{ name: 'file', type: 'string' }],
  },
  FileLocked: {
    extends: 'FileFault',
    fields: [],
  },
  FileNotFound: {
    extends: 'FileFault',
    fields: [],
  },
  FileAlreadyExists: {
    extends: 'FileFault',
    fields: [],
  },
  NoDiskSpace: {
    extends: 'FileFault',
    fields: [{ name: 'datastore', type: 'string' }],
  },
  CannotAccessFile: {
    extends: 'FileFault',
    fields: [],
  },
  VmConfigFault: {
    extends: 'VimFault',
    fields: [],
  },
  GenericVmConfigFault: {
    extends: 'VmConfigFault',
    fields: [{ name: 'reason', type: 'string' }],
  },
  InvalidVmConfig: {
    extends: 'VmConfigFault',
    fields: [{ name: 'property', type: 'string', optional: true }],
  },
  VirtualHardwareCompatibilityIssue: {
    extends: 'VmConfigFault',
    fields: [],
  },
  NotEnoughCpus: {
    extends: 'VirtualHardwareCompatibilityIssue',
    fields: [
      { name: 'numCpuDest', type: 'int' },
      { name: 'numCpuVm', type: 'int' },
    ],
  },
  NotEnoughLogicalCpus: {
    extends: 'NotEnoughCpus',
    fields: [{ name: 'host', type: 'ManagedObjectReference', optional: true }],
  },
  InsufficientResourcesFault: {
    extends: 'VimFault',
    fields: [],
  },
  InsufficientHostCapacityFault: {
    extends: 'InsufficientResourcesFault',
    fields: [{ name: 'host', type: 'ManagedObjectReference', optional: true }],
  },
  InsufficientMemoryResourcesFault: {
    extends: 'InsufficientResourcesFault',
    fields: [
      { name: 'unreserved', type: 'long' },
      { name: 'requested', type: 'long' },
    ],
  },
  InsufficientCpuResourcesFault: {
    extends: 'InsufficientResourcesFault',
    fields: [
      { name: 'unreserved', type: 'long' },
      { name: 'requested', type: 'long' },
    ],
  },
  InsufficientFailoverResourcesFault: {
    extends: 'InsufficientResourcesFault',
    fields: [],
  },
  HostPowerOpFailed: {
    extends: 'VimFault',
    fields: [],
  },
} as const satisfies Readonly<Record<string, DataType>>;
