export { explain } from './classify/explain.ts';
export type { Explanation, FailureClass, FailureTool, ToolOutput } from './classify/failure.ts';
export { findClosestName } from './config/closest-name.ts';
export { type ConfigLayer, type ConfigTree, parseAssignment, parseConfigFile, readConfigVariables } from './config/config-layer.ts';
export { type HostConfig, hostConfigSchema } from './config/host-config-schema.ts';
export { type ConfigSources, type ResolvedConfig, resolveConfig } from './config/resolve-config.ts';
export { listSettings, type SettingRow } from './config/schema-walk.ts';
export { writeDefaultYaml } from './config/write-default-yaml.ts';
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
  GuardedOperation,
  NetworkEvent,
  NetworkOperations,
  Outcome,
} from './network/network-operations.ts';
export type { HostFacts } from './plan/host-facts.ts';
export type { Check, Finding, HostModule } from './plan/module.ts';
export type { ApplyContext, Change, ChangeDetail, Lane, Step, StepContext } from './plan/step.ts';
export type { SavedFile, UndoRecord } from './plan/undo.ts';
export type { DownloadDoor, DownloadedFile, DownloadRequest, ProbeAnswer, ProbeRequest } from './ports/download-door.ts';
export type { CommandEnd, CommandResult, FileAttributes, FileFacts, HostCommand, HostExecutor, HostFiles } from './ports/host-executor.ts';
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
