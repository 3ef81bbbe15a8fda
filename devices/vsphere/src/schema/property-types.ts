import type { DataType } from './form.ts';

/** The property collector: what to read, what came back, what changed. */
export const PROPERTY_TYPES = {
  PropertyFilterSpec: {
    fields: [
      { name: 'propSet', type: 'PropertySpec', array: true },
      { name: 'objectSet', type: 'ObjectSpec', array: true },
      { name: 'reportMissingObjectsInResults', type: 'boolean', optional: true },
    ],
  },
  PropertySpec: {
    fields: [
      { name: 'type', type: 'string' },
      { name: 'all', type: 'boolean', optional: true },
      { name: 'pathSet', type: 'string', array: true, optional: true },
    ],
  },
  ObjectSpec: {
    fields: [
      { name: 'obj', type: 'ManagedObjectReference' },
      { name: 'skip', type: 'boolean', optional: true },
      { name: 'selectSet', type: 'SelectionSpec', array: true, optional: true },
    ],
  },
  SelectionSpec: {
    fields: [{ name: 'name', type: 'string', optional: true }],
  },
  TraversalSpec: {
    extends: 'SelectionSpec',
    fields: [
      { name: 'type', type: 'string' },
      { name: 'path', type: 'string' },
      { name: 'skip', type: 'boolean', optional: true },
      { name: 'selectSet', type: 'SelectionSpec', array: true, optional: true },
    ],
  },
  RetrieveOptions: {
    fields: [{ name: 'maxObjects', type: 'int', optional: true }],
  },
  RetrieveResult: {
    fields: [
      { name: 'token', type: 'string', optional: true },
      { name: 'objects', type: 'ObjectContent', array: true },
    ],
  },
  ObjectContent: {
    fields: [
      { name: 'obj', type: 'ManagedObjectReference' },
      { name: 'propSet', type: 'DynamicProperty', array: true, optional: true },
      { name: 'missingSet', type: 'MissingProperty', array: true, optional: true },
    ],
  },
  DynamicProperty: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'val', type: 'anyType' },
    ],
  },
  MissingProperty: {
    fields: [
      { name: 'path', type: 'string' },
      { name: 'fault', type: 'LocalizedMethodFault' },
    ],
  },
  WaitOptions: {
    fields: [
      { name: 'maxWaitSeconds', type: 'int', optional: true },
      { name: 'maxObjectUpdates', type: 'int', optional: true },
    ],
  },
  UpdateSet: {
    fields: [
      { name: 'version', type: 'string' },
      { name: 'filterSet', type: 'PropertyFilterUpdate', array: true, optional: true },
      { name: 'truncated', type: 'boolean', optional: true },
    ],
  },
  PropertyFilterUpdate: {
    fields: [
      { name: 'filter', type: 'ManagedObjectReference' },
      { name: 'objectSet', type: 'ObjectUpdate', array: true, optional: true },
      { name: 'missingSet', type: 'MissingObject', array: true, optional: true },
    ],
  },
  ObjectUpdate: {
    fields: [
      { name: 'kind', type: 'ObjectUpdateKind' },
      { name: 'obj', type: 'ManagedObjectReference' },
      { name: 'changeSet', type: 'PropertyChange', array: true, optional: true },
      { name: 'missingSet', type: 'MissingProperty', array: true, optional: true },
    ],
  },
  MissingObject: {
    fields: [
      { name: 'obj', type: 'ManagedObjectReference' },
      { name: 'fault', type: 'LocalizedMethodFault' },
    ],
  },
  PropertyChange: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'op', type: 'PropertyChangeOp' },
      { name: 'val', type: 'anyType', optional: true },
    ],
  },
} as const satisfies Readonly<Record<string, DataType>>;
