import type { Method } from './form.ts';

const ENTITY_TYPES = [
  'ManagedEntity',
  'VirtualMachine',
  'HostSystem',
  'Datastore',
  'Folder',
  'Datacenter',
  'ComputeResource',
  'ClusterComputeResource',
  'ResourcePool',
  'Network',
] as const;

/** Calls by their name on the wire. `_this`, the object called, comes before the parameters. */
export const METHODS = {
  RetrieveServiceContent: { on: ['ServiceInstance'], params: [], returns: { type: 'ServiceContent' } },
  CurrentTime: { on: ['ServiceInstance'], params: [], returns: { type: 'dateTime' } },

  Login: {
    on: ['SessionManager'],
    params: [
      { name: 'userName', type: 'string' },
      { name: 'password', type: 'string' },
      { name: 'locale', type: 'string', optional: true },
    ],
    returns: { type: 'UserSession' },
  },
  Logout: { on: ['SessionManager'], params: [] },
  SessionIsActive: {
    on: ['SessionManager'],
    params: [
      { name: 'sessionID', type: 'string' },
      { name: 'userName', type: 'string' },
    ],
    returns: { type: 'boolean' },
    vCenterOnly: true,
  },

  CreateContainerView: {
    on: ['ViewManager'],
    params: [
      { name: 'container', type: 'ManagedObjectReference' },
      { name: 'type', type: 'string', array: true, optional: true },
      { name: 'recursive', type: 'boolean' },
    ],
    returns: { type: 'ManagedObjectReference' },
  },
  DestroyView: { on: ['View', 'ManagedObjectView', 'ContainerView'], params: [] },

  RetrievePropertiesEx: {
    on: ['PropertyCollector'],
    params: [
      { name: 'specSet', type: 'PropertyFilterSpec', array: true },
      { name: 'options', type: 'RetrieveOptions' },
    ],
    returns: { type: 'RetrieveResult' },
  },
  ContinueRetrievePropertiesEx: {
    on: ['PropertyCollector'],
    params: [{ name: 'token', type: 'string' }],
    returns: { type: 'RetrieveResult' },
  },
  CancelRetrievePropertiesEx: { on: ['PropertyCollector'], params: [{ name: 'token', type: 'string' }] },
  CreatePropertyCollector: { on: ['PropertyCollector'], params: [], returns: { type: 'ManagedObjectReference' } },
  DestroyPropertyCollector: { on: ['PropertyCollector'], params: [] },
  CreateFilter: {
    on: ['PropertyCollector'],
    params: [
      { name: 'spec', type: 'PropertyFilterSpec' },
      { name: 'partialUpdates', type: 'boolean' },
    ],
    returns: { type: 'ManagedObjectReference' },
  },
  DestroyPropertyFilter: { on: ['PropertyFilter'], params: [] },
  WaitForUpdatesEx: {
    on: ['PropertyCollector'],
    params: [
      { name: 'version', type: 'string', optional: true },
      { name: 'options', type: 'WaitOptions', optional: true },
    ],
    returns: { type: 'UpdateSet' },
  },
  CancelWaitForUpdates: { on: ['PropertyCollector'], params: [] },

  CancelTask: { on: ['Task'], params: [] },

  PowerOnVM_Task: {
    on: ['VirtualMachine'],
    params: [{ name: 'host', type: 'ManagedObjectReference', optional: true }],
    returns: { type: 'ManagedObjectReference' },
  },
  PowerOffVM_Task: { on: ['VirtualMachine'], params: [], returns: { type: 'ManagedObjectReference' } },
  ResetVM_Task: { on: ['VirtualMachine'], params: [], returns: { type: 'ManagedObjectReference' } },
  SuspendVM_Task: { on: ['VirtualMachine'], params: [], returns: { type: 'ManagedObjectReference' } },
  ShutdownGuest: { on: ['VirtualMachine'], params: [] },
  RebootGuest: { on: ['VirtualMachine'], params: [] },
  StandbyGuest: { on: ['VirtualMachine'], params: [] },
  PowerOnMultiVM_Task: {
    on: ['Datacenter'],
    params: [
      { name: 'vm', type: 'ManagedObjectReference', array: true },
      { name: 'option', type: 'OptionValue', array: true, optional: true },
    ],
    returns: { type: 'ManagedObjectReference' },
    vCenterOnly: true,
  },
  AnswerVM: {
    on: ['VirtualMachine'],
    params: [
      { name: 'questionId', type: 'string' },
      { name: 'answerChoice', type: 'string' },
    ],
  },
  AcquireTicket: {
    on: ['VirtualMachine'],
    params: [{ name: 'ticketType', type: 'string' }],
    returns: { type: 'VirtualMachineTicket' },
  },
  /** Superseded by `AcquireTicket`. */
  AcquireMksTicket: { on: ['VirtualMachine'], params: [], returns: { type: 'VirtualMachineMksTicket' } },
  /** The task's result is the path of a PNG that stays on the datastore until somebody deletes it. */
  CreateScreenshot_Task: { on: ['VirtualMachine'], params: [], returns: { type: 'ManagedObjectReference' } },
  ReconfigVM_Task: {
    on: ['VirtualMachine'],
    params: [{ name: 'spec', type: 'VirtualMachineConfigSpec' }],
    returns: { type: 'ManagedObjectReference' },
  },

  Rename_Task: { on: ENTITY_TYPES, params: [{ name: 'newName', type: 'string' }], returns: { type: 'ManagedObjectReference' } },
  Destroy_Task: { on: ENTITY_TYPES, params: [], returns: { type: 'ManagedObjectReference' } },

  DeleteDatastoreFile_Task: {
    on: ['FileManager'],
    params: [
      { name: 'name', type: 'string' },
      { name: 'datacenter', type: 'ManagedObjectReference', optional: true },
    ],
    returns: { type: 'ManagedObjectReference' },
  },

  QueryPerf: {
    on: ['PerformanceManager'],
    params: [{ name: 'querySpec', type: 'PerfQuerySpec', array: true }],
    returns: { type: 'PerfEntityMetricBase', array: true },
  },
  QueryPerfCounter: {
    on: ['PerformanceManager'],
    params: [{ name: 'counterId', type: 'int', array: true }],
    returns: { type: 'PerfCounterInfo', array: true },
  },
  QueryPerfProviderSummary: {
    on: ['PerformanceManager'],
    params: [{ name: 'entity', type: 'ManagedObjectReference' }],
    returns: { type: 'PerfProviderSummary' },
  },
} as const satisfies Readonly<Record<string, Method>>;
