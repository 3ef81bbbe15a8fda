import { FAULT_TYPES } from './fault-types.ts';
import { GUEST_TYPES } from './guest-types.ts';
import { HOST_TYPES } from './host-types.ts';
import { MACHINE_TYPES } from './machine-types.ts';
import { PERFORMANCE_TYPES } from './performance-types.ts';
import { PROPERTY_TYPES } from './property-types.ts';
import { SERVICE_TYPES } from './service-types.ts';
import { TASK_TYPES } from './task-types.ts';

/** Every data type of this schema by its name on the wire. */
export const DATA_TYPES = {
  ...SERVICE_TYPES,
  ...PROPERTY_TYPES,
  ...TASK_TYPES,
  ...MACHINE_TYPES,
  ...GUEST_TYPES,
  ...HOST_TYPES,
  ...PERFORMANCE_TYPES,
  ...FAULT_TYPES,
} as const;
