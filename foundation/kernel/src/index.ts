export { onAbort } from './abort.ts';
export {
  type Clock,
  formatInstant,
  parseInstant,
  type SleepOptions,
  sleep,
  systemClock,
  type TimerHandle,
  type TimerOptions,
} from './clock.ts';
export { parseDurationMs } from './duration.ts';
export {
  createId,
  type MachineRef,
  type Moid,
  type OperationId,
  type ServerId,
  toMachineKey,
  toMoid,
  toOperationId,
  toServerId,
} from './ids.ts';
export { type LogFields, type Logger, type LogLevel, silentLogger } from './logger.ts';
export { ManualClock } from './manual-clock.ts';
export { isOpsError, OpsError, type OpsErrorOptions, toOpsError } from './ops-error.ts';
export { PRIORITIES, type Priority } from './priority.ts';
export { createSeededRandom, type Random, systemRandom } from './random.ts';
export { Secret } from './secret.ts';
