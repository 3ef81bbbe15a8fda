export { explain } from './classify/explain.ts';
export type { Explanation, FailureClass, FailureTool, ToolOutput } from './classify/failure.ts';
export { createNetworkOperations, type NetworkOperationsOptions } from './network/create-network-operations.ts';
export type { HealthOptions, ServiceHealth } from './network/health/service-health.ts';
export { toNetworkLines } from './network/network-lines.ts';
export type {
  AptInstall,
  AptInstallOptions,
  AptUpdate,
  AttemptEnd,
  BreakerStatus,
  CloneOrder,
  CloneResult,
  DownloadOrder,
  DownloadResult,
  FailureReason,
  GuardedOperation,
  NetworkEvent,
  NetworkOperations,
  Outcome,
} from './network/network-operations.ts';
export {
  type BreakerSettings,
  DEFAULT_NETWORK_SETTINGS,
  type HealthCheckSettings,
  type NetworkSettings,
  type NetworkTimeouts,
  type RetrySettings,
  type ServiceSettings,
} from './network/network-settings.ts';
export { type BreakerState, createServiceBreakers, type ServiceBreakers } from './network/service-breakers.ts';
export type { HostFacts } from './plan/host-facts.ts';
export type { Check, Finding, HostModule } from './plan/module.ts';
export type { ApplyContext, Change, ChangeDetail, Lane, Step, StepContext } from './plan/step.ts';
export type { SavedFile, UndoRecord } from './plan/undo.ts';
export type { DownloadDoor, DownloadedFile, DownloadRequest, ProbeAnswer, ProbeRequest } from './ports/download-door.ts';
export type { CommandEnd, CommandResult, FileAttributes, FileFacts, HostCommand, HostExecutor, HostFiles } from './ports/host-executor.ts';
export { createHostFileError, type HostFileErrorCode, type HostFileFault, requireDeepPath, requireHostPath } from './ports/host-path.ts';
export { OutputTail } from './ports/output-tail.ts';
export type {
  JournalEntry,
  NewRun,
  OpenRun,
  RunEnd,
  RunKind,
  RunRecord,
  RunReport,
  RunStore,
  RunSummary,
  StepReport,
  StepResult,
} from './ports/run-store.ts';
