import type { DataType } from './form.ts';

/** Tasks and who started them. */
export const TASK_TYPES = {
  TaskInfo: {
    fields: [
      { name: 'key', type: 'string' },
      { name: 'task', type: 'ManagedObjectReference' },
      { name: 'description', type: 'LocalizableMessage', optional: true },
      { name: 'name', type: 'string', optional: true },
      { name: 'descriptionId', type: 'string' },
      { name: 'entity', type: 'ManagedObjectReference', optional: true },
      { name: 'entityName', type: 'string', optional: true },
      { name: 'locked', type: 'ManagedObjectReference', array: true, optional: true },
      { name: 'state', type: 'TaskInfoState' },
      { name: 'cancelled', type: 'boolean' },
      { name: 'cancelable', type: 'boolean' },
      { name: 'error', type: 'LocalizedMethodFault', optional: true },
      { name: 'result', type: 'anyType', optional: true },
      { name: 'progress', type: 'int', optional: true },
      { name: 'reason', type: 'TaskReason' },
      { name: 'queueTime', type: 'dateTime' },
      { name: 'startTime', type: 'dateTime', optional: true },
      { name: 'completeTime', type: 'dateTime', optional: true },
      { name: 'eventChainId', type: 'int' },
      { name: 'changeTag', type: 'string', optional: true },
      { name: 'parentTaskKey', type: 'string', optional: true },
      { name: 'rootTaskKey', type: 'string', optional: true },
      { name: 'activationId', type: 'string', optional: true },
    ],
  },
  TaskReason: {
    fields: [],
  },
  TaskReasonUser: {
    extends: 'TaskReason',
    fields: [{ name: 'userName', type: 'string' }],
  },
  TaskReasonAlarm: {
    extends: 'TaskReason',
    fields: [
      { name: 'alarmName', type: 'string' },
      { name: 'alarm', type: 'ManagedObjectReference' },
      { name: 'entityName', type: 'string' },
      { name: 'entity', type: 'ManagedObjectReference' },
    ],
  },
  TaskReasonSchedule: {
    extends: 'TaskReason',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'scheduledTask', type: 'ManagedObjectReference' },
    ],
  },
  TaskReasonSystem: {
    extends: 'TaskReason',
    fields: [],
  },
  ClusterPowerOnVmResult: {
    fields: [
      { name: 'attempted', type: 'ClusterAttemptedVmInfo', array: true, optional: true },
      { name: 'notAttempted', type: 'ClusterNotAttemptedVmInfo', array: true, optional: true },
    ],
  },
  ClusterAttemptedVmInfo: {
    fields: [
      { name: 'vm', type: 'ManagedObjectReference' },
      { name: 'task', type: 'ManagedObjectReference', optional: true },
    ],
  },
  ClusterNotAttemptedVmInfo: {
    fields: [
      { name: 'vm', type: 'ManagedObjectReference' },
      { name: 'fault', type: 'LocalizedMethodFault' },
    ],
  },
} as const satisfies Readonly<Record<string, DataType>>;
