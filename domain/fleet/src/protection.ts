import type { HistorySpan, LimitPreset, LimitsRequest, ResilienceHistory, ServerLimits, ServerResilience } from '@breakwater/contract';
import type { ServerId } from '@breakwater/kernel';

/** Who acts, and how long it is to hold; null: until somebody changes it. */
export interface HoldOptions {
  readonly actor: string;
  readonly forMs: number | null;
}

/**
 * How each server is protected now, and what a person may do about it. Every act is written into the journal before it begins, with
 * what held before and after; `FLEET_JOURNAL_FAILED` when that cannot be done.
 */
export interface Protection {
  readonly presets: Readonly<Record<LimitPreset, ServerLimits>>;
  /** What holds without anything set by hand. */
  readonly configuredLimits: ServerLimits;
  servers(): readonly ServerResilience[];
  server(id: ServerId): ServerResilience;
  history(id: ServerId, span: HistorySpan): ResilienceHistory;
  /** Opens the breaker as failures would: probes follow after its recovery time. */
  trip(id: ServerId, options: { readonly actor: string; readonly reason: string | null }): Promise<void>;
  /** Keeps everything away from the server, probes included. */
  isolate(id: ServerId, options: HoldOptions & { readonly reason: string | null }): Promise<void>;
  /** Closes the breaker of one server, or of all that are not closed or are slowed, and what was learned of the pace. */
  reset(id: ServerId | undefined, options: { readonly actor: string }): Promise<void>;
  /** Nothing is read by itself; what a person does still goes to the server. */
  pausePolling(id: ServerId, options: HoldOptions): Promise<void>;
  resumePolling(id: ServerId, options: { readonly actor: string }): Promise<void>;
  /** `FLEET_LIMITS_INVALID` for values outside their ranges. */
  setLimits(id: ServerId, change: Pick<LimitsRequest, 'preset' | 'limits'>, options: HoldOptions): Promise<void>;
  revertLimits(id: ServerId, options: { readonly actor: string }): Promise<void>;
}
