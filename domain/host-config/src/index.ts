export type { AptStage } from './bundle/apt-stage.ts';
export {
  type BundleBlob,
  type BundleManifest,
  createBundleError,
  listBlobs,
  MAX_MANIFEST_BYTES,
  parseBundleManifest,
} from './bundle/bundle-manifest.ts';
export { type CollectBundleOptions, collectBundle } from './bundle/collect-bundle.ts';
export { findMissingFetches, requireSameTarget } from './bundle/find-in-bundle.ts';
export { stageBundle } from './bundle/stage-bundle.ts';
export { explain } from './classify/explain.ts';
export { explainTransferError } from './classify/explain-transfer-error.ts';
export type { Explanation, FailureClass, FailureTool, ToolOutput } from './classify/failure.ts';
export { findClosestName } from './config/closest-name.ts';
export { type ConfigLayer, type ConfigTree, parseAssignment, parseConfigFile, readConfigVariables } from './config/config-layer.ts';
export { type HostConfig, hostConfigSchema } from './config/host-config-schema.ts';
export { type ConfigSources, type ResolvedConfig, resolveConfig } from './config/resolve-config.ts';
export { listSettings, type SettingRow } from './config/schema-walk.ts';
export { toNetworkSettings } from './config/to-network-settings.ts';
export { writeDefaultYaml } from './config/write-default-yaml.ts';
export { readHostFacts } from './facts/read-host-facts.ts';
export { BUILT_IN_MODULES } from './modules/built-in-modules.ts';
export { createNetworkOperations, type NetworkOperationsOptions } from './network/create-network-operations.ts';
export { createFleetBreaker, type FleetBreaker, type FleetBreakerOptions } from './network/fleet-breaker.ts';
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
export { describeFetch, type Fetch, type RepositoryFetch, type RepositoryTrust } from './plan/fetch.ts';
export type { HostFacts } from './plan/host-facts.ts';
export { type MakePlanOptions, makePlan } from './plan/make-plan.ts';
export type { Check, Finding, HostModule } from './plan/module.ts';
export { type ModuleNode, type ModuleOrder, orderModules } from './plan/order-modules.ts';
export { countPlan, type Plan, type PlannedModule, type PlannedStep } from './plan/plan.ts';
export { type PlannableModule, toPlannableModule } from './plan/plannable-module.ts';
export type { ApplyContext, Change, ChangeDetail, Lane, Step, StepContext } from './plan/step.ts';
export type { SavedFile, UndoRecord } from './plan/undo.ts';
export { type LoadPluginsOptions, loadPlugins } from './plugins/load-plugins.ts';
export type { BundleDoor, BundleDraft, OpenBundleOptions, OpenedBundle } from './ports/bundle-door.ts';
export type { DownloadDoor, DownloadedFile, DownloadRequest, ProbeAnswer, ProbeRequest } from './ports/download-door.ts';
export type { HostAddress, HostDoor, HostDoorway, HostTarget, PrivateKey, PublicKey } from './ports/host-door.ts';
export type { CommandEnd, CommandResult, FileAttributes, FileFacts, HostCommand, HostExecutor, HostFiles } from './ports/host-executor.ts';
export { createHostFileError, type HostFileErrorCode, type HostFileFault, requireDeepPath, requireHostPath } from './ports/host-path.ts';
export { OutputTail } from './ports/output-tail.ts';
export type { PluginDoor } from './ports/plugin-door.ts';
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
export type {
  HostKeyRepository,
  HostLoginRecord,
  HostLoginRepository,
  SetupRecord,
  SetupRepository,
  SetupRowRecord,
  TrustedHostKey,
} from './ports/setup-repositories.ts';
export { BUILT_IN_PROFILES, type HostProfile } from './profiles/built-in-profiles.ts';
export { findProfile, toProfileLayer } from './profiles/find-profile.ts';
export { type AuthorizedKeysStepOptions, createAuthorizedKeysStep } from './resources/account/authorized-keys-step.ts';
export { createGroupStep } from './resources/account/group-step.ts';
export { createMembershipStep } from './resources/account/membership-step.ts';
export { createUserStep, type UserStepOptions } from './resources/account/user-step.ts';
export { type CommandStepOptions, createCommandStep } from './resources/command/command-step.ts';
export { createDirectoryStep, type DirectoryStepOptions } from './resources/file/directory-step.ts';
export { createFileBlockStep, type FileBlockStepOptions } from './resources/file/file-block-step.ts';
export { createFileStep, type FileStepOptions } from './resources/file/file-step.ts';
export { createJsonFileStep, type JsonFileStepOptions, type JsonValue } from './resources/file/json-file-step.ts';
export { createLinkStep, type LinkStepOptions } from './resources/file/link-step.ts';
export type { FirewallRule, RulesetOptions } from './resources/firewall/create-ruleset.ts';
export { createNftRulesSteps, type NftRulesOptions } from './resources/firewall/nft-rules-steps.ts';
export { createDebconfStep, type DebconfStepOptions } from './resources/packages/debconf-step.ts';
export { createHoldStep } from './resources/packages/hold-step.ts';
export type { KeyringStepOptions } from './resources/packages/keyring-step.ts';
export { createPackagesStep, type PackagesStepOptions } from './resources/packages/packages-step.ts';
export { createRepositorySteps, type RepositoryOptions } from './resources/packages/repository-steps.ts';
export { createReloadStep, type ReloadStepOptions } from './resources/service/reload-step.ts';
export { createServiceStep, type ServiceStepOptions } from './resources/service/service-step.ts';
export { createSwapfileSteps, type SwapfileOptions } from './resources/system/swapfile-steps.ts';
export { createSysctlSteps, type SysctlOptions } from './resources/system/sysctl-steps.ts';
export { type ArchiveStepOptions, createArchiveStep } from './resources/transfer/archive-step.ts';
export { type CheckoutStepOptions, createCheckoutStep } from './resources/transfer/checkout-step.ts';
export { createDownloadStep, type DownloadStepOptions } from './resources/transfer/download-step.ts';
export { type ApplyPlanOptions, applyPlan } from './run/apply-plan.ts';
export type { HostEvent, HostEventListener } from './run/host-event.ts';
export { type RecordRollbackOptions, recordRollback } from './run/record-rollback.ts';
export { type RecordedRun, type RecordRunOptions, recordRun } from './run/record-run.ts';
export { planRollback, type RollBackOptions, type RollbackReport, rollBack, toRollbackError } from './run/roll-back.ts';
export { type ChosenModules, chooseModules, type ModuleChoice } from './setups/choose-modules.ts';
export { createHostSetups, type HostSetupsDependencies } from './setups/create-host-setups.ts';
export { type HostKeyQuestion, HostKeys } from './setups/host-keys.ts';
export { HostLogins } from './setups/host-logins.ts';
export {
  type ApplyOrder,
  createHostSetupStep,
  type HostSetupStep,
  type ResumeOrder,
  type RollBackOrder,
  type SetupOrder,
  type SetupStepOptions,
  type SetupStepParts,
} from './setups/host-setup-step.ts';
export type { HostSetups } from './setups/host-setups.ts';
export type { SetupEvent } from './setups/setup-progress.ts';
