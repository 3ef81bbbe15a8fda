export { explain } from './classify/explain.ts';
export { explainTransferError } from './classify/explain-transfer-error.ts';
export type { Explanation, FailureClass, FailureTool, ToolOutput } from './classify/failure.ts';
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
