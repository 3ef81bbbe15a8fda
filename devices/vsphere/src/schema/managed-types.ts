import type { ManagedType } from './form.ts';

/** Objects that live on the server, and those of their properties that can be asked for by path. */
export const MANAGED_TYPES = {
  ManagedEntity: {
    properties: [
      { name: 'parent', type: 'ManagedObjectReference', optional: true },
      { name: 'overallStatus', type: 'ManagedEntityStatus' },
      { name: 'configStatus', type: 'ManagedEntityStatus' },
      { name: 'name', type: 'string' },
      { name: 'disabledMethod', type: 'string', array: true, optional: true },
      { name: 'recentTask', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  VirtualMachine: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'config', type: 'VirtualMachineConfigInfo', optional: true },
      { name: 'resourcePool', type: 'ManagedObjectReference', optional: true },
      { name: 'runtime', type: 'VirtualMachineRuntimeInfo' },
      { name: 'guest', type: 'GuestInfo', optional: true },
      { name: 'summary', type: 'VirtualMachineSummary' },
      { name: 'datastore', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'network', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'snapshot', type: 'VirtualMachineSnapshotInfo', optional: true },
      { name: 'rootSnapshot', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'guestHeartbeatStatus', type: 'ManagedEntityStatus' },
    ],
  },
  HostSystem: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'runtime', type: 'HostRuntimeInfo' },
      { name: 'summary', type: 'HostListSummary' },
      { name: 'capability', type: 'HostCapability', optional: true },
      { name: 'vm', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'datastore', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'network', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  Datastore: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'summary', type: 'DatastoreSummary' },
      { name: 'vm', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  Folder: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'childType', type: 'string', array: true, optional: true },
      { name: 'childEntity', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  Datacenter: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'vmFolder', type: 'ManagedObjectReference' },
      { name: 'hostFolder', type: 'ManagedObjectReference' },
      { name: 'datastoreFolder', type: 'ManagedObjectReference' },
      { name: 'networkFolder', type: 'ManagedObjectReference' },
      { name: 'datastore', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'network', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  ComputeResource: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'resourcePool', type: 'ManagedObjectReference', optional: true },
      { name: 'host', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'datastore', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'network', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  ClusterComputeResource: { extends: 'ComputeResource', properties: [] },
  ResourcePool: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'summary', type: 'ResourcePoolSummary' },
      { name: 'owner', type: 'ManagedObjectReference' },
      { name: 'resourcePool', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'vm', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  Network: {
    extends: 'ManagedEntity',
    properties: [
      { name: 'host', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'vm', type: 'ManagedObjectReference', array: true, optional: true },
    ],
  },
  Task: { properties: [{ name: 'info', type: 'TaskInfo' }] },
  TaskManager: {
    properties: [
      { name: 'recentTask', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'maxCollector', type: 'int' },
    ],
  },
  SessionManager: {
    properties: [
      { name: 'sessionList', type: 'UserSession', array: true, optional: true },
      { name: 'currentSession', type: 'UserSession', optional: true },
      { name: 'message', type: 'string', optional: true },
      { name: 'messageLocaleList', type: 'string', array: true, optional: true },
      { name: 'supportedLocaleList', type: 'string', array: true, optional: true },
      { name: 'defaultLocale', type: 'string' },
    ],
  },
  ServiceInstance: {
    properties: [
      { name: 'serverClock', type: 'dateTime' },
      { name: 'content', type: 'ServiceContent' },
    ],
  },
  PerformanceManager: { properties: [{ name: 'perfCounter', type: 'PerfCounterInfo', array: true, optional: true }] },
  PropertyCollector: { properties: [{ name: 'filter', type: 'ManagedObjectReference', array: true, optional: true }] },
  PropertyFilter: {
    properties: [
      { name: 'spec', type: 'PropertyFilterSpec' },
      { name: 'partialUpdates', type: 'boolean' },
    ],
  },
  ViewManager: { properties: [{ name: 'viewList', type: 'ManagedObjectReference', array: true, optional: true }] },
  View: { properties: [] },
  ManagedObjectView: {
    extends: 'View',
    properties: [{ name: 'view', type: 'ManagedObjectReference', array: true, optional: true }],
  },
  ContainerView: {
    extends: 'ManagedObjectView',
    properties: [
      { name: 'container', type: 'ManagedObjectReference' },
      { name: 'type', type: 'string', array: true, optional: true },
      { name: 'recursive', type: 'boolean' },
    ],
  },
  FileManager: { properties: [] },
} as const satisfies Readonly<Record<string, ManagedType>>;
