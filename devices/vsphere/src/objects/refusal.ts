import { isOpsError, OpsError } from '@breakwater/kernel';
import type { Value } from '../schema/index.ts';
import { readFaultType } from '../session/index.ts';
import { Fields } from './fields.ts';

/** Why a server does not do something, as a code that a user interface can explain in any language. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const CODES: Readonly<Record<string, string>> = {
  InvalidPowerState: 'VSPHERE_INVALID_POWER_STATE',
  InvalidState: 'VSPHERE_INVALID_STATE',
  TaskInProgress: 'VSPHERE_TASK_IN_PROGRESS',
  ConcurrentAccess: 'VSPHERE_CONCURRENT_ACCESS',
  ToolsUnavailable: 'VSPHERE_TOOLS_UNAVAILABLE',
  QuestionPending: 'VSPHERE_QUESTION_PENDING',
  NoPermission: 'VSPHERE_NO_PERMISSION',
  /** A host with the free licence can only be read. */
  RestrictedVersion: 'VSPHERE_READ_ONLY_LICENSE',
  HostAccessRestrictedToManagementServer: 'VSPHERE_MANAGED_BY_VCENTER',
  NotSupported: 'VSPHERE_NOT_SUPPORTED',
  NotImplemented: 'VSPHERE_NOT_SUPPORTED',
  MethodNotFound: 'VSPHERE_NOT_SUPPORTED',
  ManagedObjectNotFound: 'VSPHERE_OBJECT_GONE',
  FileLocked: 'VSPHERE_FILE_LOCKED',
  NotEnoughLicenses: 'VSPHERE_NOT_ENOUGH_LICENSES',
  LicenseRestricted: 'VSPHERE_NOT_ENOUGH_LICENSES',
  MksConnectionLimitReached: 'VSPHERE_CONSOLE_LIMIT',
  HostNotConnected: 'VSPHERE_HOST_UNREACHABLE',
  HostNotReachable: 'VSPHERE_HOST_UNREACHABLE',
  HostCommunication: 'VSPHERE_HOST_UNREACHABLE',
  InsufficientResourcesFault: 'VSPHERE_INSUFFICIENT_RESOURCES',
  InsufficientHostCapacityFault: 'VSPHERE_INSUFFICIENT_RESOURCES',
  InsufficientMemoryResourcesFault: 'VSPHERE_INSUFFICIENT_RESOURCES',
  InsufficientCpuResourcesFault: 'VSPHERE_INSUFFICIENT_RESOURCES',
  InsufficientFailoverResourcesFault: 'VSPHERE_INSUFFICIENT_RESOURCES',
};

const MESSAGE_LENGTH = 500;
const NAME_LENGTH = 253;

/** Of a fault in place of an answer; undefined for any other error. */
export function toRefusal(error: unknown): Refusal | undefined {
  const fault = readFaultType(error);
  if (fault === undefined || !isOpsError(error)) return undefined;
  return describe(fault, { message: error.message, fields: new Fields(error.details['fields']) });
}

/** Of a task that ended in an error. */
export function toTaskRefusal(error: Value<'LocalizedMethodFault'> | undefined): Refusal {
  const fields = new Fields(error);
  const fault = fields.struct('fault');
  const type = fault.text('$type') ?? 'UnknownFault';
  const text = (fields.text('localizedMessage') ?? '').slice(0, MESSAGE_LENGTH);
  return describe(type, { message: text === '' ? type : `${type}: ${text}`, fields: fault });
}

/** Like the fault, but under the code of its meaning. */
export function toRefusalError(error: unknown): unknown {
  const refusal = toRefusal(error);
  return refusal === undefined ? error : new OpsError({ ...refusal, cause: error });
}

function describe(fault: string, told: { readonly message: string; readonly fields: Fields }): Refusal {
  const { message, fields } = told;
  const details: Record<string, unknown> = { fault };
  for (const name of ['requestedState', 'existingState', 'privilegeId', 'managementServer', 'text', 'file', 'name']) {
    const value = fields.text(name);
    if (value !== null) details[name] = value.slice(0, MESSAGE_LENGTH);
  }
  const limit = fields.number('connectionLimit');
  if (limit !== null) details['connectionLimit'] = limit;
  return { code: CODES[fault] ?? 'VSPHERE_FAULT', message: explain(fault, fields) ?? message, details };
}

/** In words of ours where a person has to go elsewhere: the server's may be in any language and may leave out where to. */
function explain(fault: string, fields: Fields): string | undefined {
  const named = (name: string): string => (fields.text(name) ?? '').slice(0, NAME_LENGTH);
  switch (fault) {
    case 'HostAccessRestrictedToManagementServer':
      return `This host is managed by the vCenter ${named('managementServer')} and takes changes only from there.`;
    case 'RestrictedVersion':
      return 'The licence of this host lets the API read but not change anything.';
    case 'NoPermission':
      return `The account lacks the privilege ${named('privilegeId')}.`;
    default:
      return undefined;
  }
}
