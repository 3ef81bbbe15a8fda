export type { AdaptiveTimeoutSpec } from './adaptive-timeout.ts';
export type { LevelWaitFigures, QueueSnapshot, WaitFigures } from './admission.ts';
export {
  type Backoff,
  constantBackoff,
  type ExponentialBackoffOptions,
  exponentialBackoff,
  type Jitter,
  linearBackoff,
  listBackoff,
} from './backoff.ts';
export type { BreakerSnapshot, BreakerStateKind, HandOpening, OpeningCause } from './breaker-report.ts';
export type { CallContext, CallMeta, Outcome, RunOptions } from './call-context.ts';
export { type Chaos, type ChaosFigures, type ChaosSpec, createChaos } from './chaos.ts';
export {
  createDeadLetters,
  createMemoryDeadLetterStore,
  type DeadLetter,
  type DeadLetterPayload,
  type DeadLetterRetry,
  type DeadLetterStore,
  type DeadLetters,
  type FailedOperation,
  type WithoutSecrets,
} from './dead-letters.ts';
export {
  type BreakerMetrics,
  type BreakerStats,
  type BreakerStatus,
  type DocumentedState,
  type QueueStats,
  toBreakerMetrics,
  toBreakerStats,
  toBreakerStatus,
  toQueueStats,
  type WaitStats,
} from './documented-stats.ts';
export { DURATION_BOUNDS_MS, type DurationFigures } from './duration-histogram.ts';
export type { EventListener, ResilienceEvent } from './events.ts';
export { type FallbackFailure, type FallbackOptions, type FallbackResult, type FallbackStep, runFallbacks } from './fallback.ts';
export { type CallFigures, type DurationCounts, emptyDurationCounts, quantileOfMs } from './figures.ts';
export {
  createHealthMonitor,
  type HealthMonitor,
  type HealthMonitorOptions,
  type HealthReport,
  type HealthStatus,
  type HealthSummary,
  type HealthTarget,
} from './health-monitor.ts';
export { joinListeners } from './join-listeners.ts';
export {
  createKeptBreakers,
  createMemoryKeptStore,
  type KeptAdmission,
  type KeptBreakers,
  type KeptBreakersOptions,
  type KeptHost,
  type KeptKey,
  type KeptOrder,
  type KeptPermit,
  type KeptStatus,
  type KeptStore,
} from './kept-breakers.ts';
export type { HostInstant, KeptBreakerSpec, KeptFailure, KeptRecord, KeptState, KeptStep, KeptTransition } from './kept-record.ts';
export type { Limiter, LimiterChange, LimiterSample } from './limiter.ts';
export type {
  AimdLimiterSpec,
  CustomLimiterSpec,
  DelayLimiterSpec,
  FixedLimiterSpec,
  LimiterSpec,
  PacedWindowSpec,
  WrittenDelaySpec,
} from './limiter-spec.ts';
export { type LogLine, type LogStyle, toBeginLine, toDoneLine, toLogLines } from './log-line.ts';
export {
  formatMetrics,
  METRICS_CONTENT_TYPES,
  type MetricFamily,
  type MetricKind,
  type MetricSample,
  type MetricsFormat,
} from './metrics-text.ts';
export { createMeterBridge, type MeterBridge, type MeterLike, type ObservableLike } from './otel-meter.ts';
export {
  type AdmissionControl,
  type BreakerControl,
  createPipeline,
  type Permit,
  type Pipeline,
  type PipelineOptions,
  type PipelineSnapshot,
} from './pipeline.ts';
export { type MetricFamiliesOptions, toMetricFamilies } from './pipeline-metrics.ts';
export {
  ESXI_CLASSIC_LIMITS,
  ESXI_LIMITS,
  ESXI_REFRESH,
  ESXI_SCREEN_TIMEOUT_MS,
  ESXI_SITES,
  type EsxiLimits,
  type EsxiPresetOptions,
  type EsxiRefresh,
  type EsxiSite,
  type EsxiSiteSize,
  esxiClassicPreset,
  esxiPreset,
} from './presets/esxi.ts';
export {
  INSTALLER_LIMITS,
  INSTALLER_SERVICES,
  INSTALLER_TIMEOUTS_MS,
  type InstallerLimits,
  type InstallerOperation,
  type InstallerPresetOptions,
  installerBackoff,
  installerPreset,
} from './presets/installer.ts';
export { MCP_LIMITS, MCP_USE_CASES, type McpLimits, type McpUseCase, mcpBackoff, mcpPreset } from './presets/mcp.ts';
export { isResilienceError, type ResilienceCode, ResilienceError, type ResilienceErrorOptions } from './resilience-error.ts';
export { parseRetryAfterMs } from './retry-after.ts';
export type { RetryBudgetSnapshot, RetryBudgetSpec } from './retry-budget.ts';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
export {
  createSharedBreakers,
  type SharedBreakerParts,
  type SharedBreakers,
  type SharedBreakersOptions,
  type SharedFigures,
  type SharedPolicy,
  type SharedStatus,
  type SharedStatusListener,
} from './shared-breakers.ts';
export type {
  LeaseAnswer,
  LeaseRequest,
  OrderKind,
  ProbeReport,
  SharedHold,
  SharedOpenTime,
  SharedOrder,
  SharedState,
  SharedStore,
  SharedStoreListener,
  SharedView,
  SharedVote,
  SyncAnswer,
  SyncRequest,
  TokenRequest,
} from './shared-store.ts';
export type { SharedVerdictReport } from './shared-verdict.ts';
export type {
  AdmissionSpec,
  AttemptSpec,
  BreakerMode,
  BreakerSpec,
  GrowingOpenTime,
  PipelineSpec,
  RetrySpec,
} from './spec.ts';
export {
  type Cached,
  type CacheFigures,
  createStaleCache,
  type LoadContext,
  type StaleCache,
  type StaleCacheOptions,
} from './stale-cache.ts';
export { parseTimeoutHintMs } from './timeout-hint.ts';
export type { ConsecutiveTrip, CountWindowTrip, RateTrip, TimeWindowTrip, Trip } from './trip.ts';
export { type CallInfo, type Classifier, classifyByDefault, type Settlement, type Verdict } from './verdict.ts';
export { type WaitUntilOptions, waitUntil } from './wait-until.ts';
export { type SpanLike, type TracerLike, type WithSpansOptions, withSpans } from './with-spans.ts';
