import type { BreakerStats, PoolStats, PowerState, PowerVerb, QueueFigures, ServerTest } from '@breakwater/contract';
import type { Moid } from '@breakwater/kernel';
import type { DurationCounts, PipelineSnapshot } from '@breakwater/resilience';
import type { MachineFacts, ServerGauges } from '../machine.ts';
import type { ServerCredentials, ServerProduct, ServerRecord, ServerTrouble } from '../server.ts';

/** News of one server's inventory, in order. */
export type InventoryNews =
  /** The whole inventory is known: what is not in `machines` is gone. */
  | { readonly kind: 'loaded'; readonly product: ServerProduct; readonly machines: readonly MachineFacts[] }
  | { readonly kind: 'changed'; readonly upserted: readonly MachineFacts[]; readonly removed: readonly Moid[] }
  /** Nothing changed; the server has just confirmed that what we know is true. */
  | { readonly kind: 'confirmed' }
  /** The link lost the server. It goes on by itself at `retryInMs`, or never when that is null. */
  | { readonly kind: 'lost'; readonly trouble: ServerTrouble; readonly retryInMs: number | null };

export interface TaskProgress {
  readonly percent: number | null;
}

/** How an act ended. `unknown`: the answer was lost and reading back did not settle it. */
export type ActOutcome =
  | { readonly kind: 'succeeded' }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      /** The same may succeed later. Default: `final`. */
      readonly cause?: 'transient' | 'final';
    }
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string };

export interface ScreenPicture {
  /** PNG bytes as the host sent them, with the magic number checked; not yet decoded. */
  readonly png: Uint8Array;
}

/** Where a console's bytes come from. The ticket inside `path` is a secret: single use, never logged. */
export interface ConsoleDoor {
  readonly host: string;
  readonly port: number;
  /** `/ticket/<ticket>` */
  readonly path: string;
  readonly protocol: string;
  /** Certificate that the door must present: SHA-256 pin of the same server, or the SHA-1 thumbprint of the ticket. */
  readonly trust:
    | { readonly kind: 'sha256'; readonly fingerprint: string }
    | { readonly kind: 'sha1'; readonly fingerprint: string }
    | { readonly kind: 'ca'; readonly pem?: string | undefined };
}

/** What can be changed about a link while it lives. */
export interface LinkLimits {
  readonly maxConcurrent: number;
  /** Least time between the starts of two requests. */
  readonly minIntervalMs: number;
  /** Failures in a row that open the breaker. */
  readonly failureThreshold: number;
  /** For calls other than pictures and the wait for news. */
  readonly requestTimeoutMs: number;
}

/** How long requests have waited for their turn since the link was opened, by class; what happened in between is a difference. */
export type WaitCounts = Readonly<Record<'CRITICAL' | 'HIGH' | 'NORMAL' | 'LOW', DurationCounts>>;

export interface LinkFigures {
  readonly queue: QueueFigures;
  readonly breaker: BreakerStats;
  readonly pool: PoolStats;
  /** Milliseconds between requests that the adaptive limiter asks for now. */
  readonly delayMs: number;
  /** Everything that the server's pipeline counts. */
  readonly pipeline: PipelineSnapshot;
  /** Requests that wait for their turn now. */
  readonly waiting: Readonly<Record<'CRITICAL' | 'HIGH' | 'NORMAL' | 'LOW', number>>;
  /** Counted since the link was opened. */
  readonly calls: {
    readonly attempts: number;
    /** Answered 503 or another "too much". */
    readonly throttled: number;
    readonly timedOut: number;
    readonly failed: number;
    /** Turned away by our own protection. */
    readonly rejected: number;
  };
}

export interface ScreenOptions {
  readonly width: number;
  readonly height: number;
  readonly priority: 'high' | 'low';
  readonly signal: AbortSignal;
}

/** A living connection to one server. Every call goes through that server's own pipeline. */
export interface ServerLink {
  /** Follows the inventory until the signal aborts. Reconnects by itself; never throws for a server's trouble. */
  follow(options: { readonly signal: AbortSignal }): AsyncIterable<InventoryNews>;
  /** Ends a wait in `follow` and tries now. Lifts a refused sign-in, because a person asked for it. */
  retryNow(): void;
  /** Asks for a full load at the next turn of `follow`. */
  invalidate(): void;
  readGauges(options: { readonly signal: AbortSignal }): Promise<ServerGauges>;
  /** Null: this machine has no picture now (off, or the host cannot). */
  captureScreen(moid: Moid, options: ScreenOptions): Promise<ScreenPicture | null>;
  power(
    moid: Moid,
    verb: PowerVerb,
    options: { readonly signal: AbortSignal; onProgress(progress: TaskProgress): void },
  ): Promise<ActOutcome>;
  /** Asks the server itself, past everything that is remembered. Rejects when it does not answer or does not know the machine. */
  readPowerState(moid: Moid, options: { readonly signal: AbortSignal }): Promise<PowerState>;
  /** Takes a fresh ticket; call it only when the browser's socket is open. */
  openConsole(moid: Moid, options: { readonly signal: AbortSignal }): Promise<ConsoleDoor>;
  figures(): LinkFigures;
  waitCounts(): WaitCounts;
  resetBreaker(): void;
  /** Opens the breaker as failures would: probes are sent after its recovery time. */
  tripBreaker(reason: string): void;
  /** Keeps everything away from the server, probes included, for `forMs`, or until the breaker is reset when that is null. */
  isolate(reason: string, options: { readonly forMs: number | null }): void;
  setLimits(limits: LinkLimits): void;
  /** Logs out and closes all sockets. */
  close(): Promise<void>;
}

export interface ServerLinks {
  /** With which links are opened. */
  readonly limits: LinkLimits;
  open(record: ServerRecord, credentials: ServerCredentials): ServerLink;
  /** Tries name, port, certificate, version, sign-in and inventory, once each, and reports every step. */
  test(record: ServerRecord, credentials: ServerCredentials, options: { readonly signal: AbortSignal }): Promise<ServerTest>;
  /** The certificate that a server shows, without sending anything secret. */
  probe(address: { readonly host: string; readonly port: number }, options: { readonly signal: AbortSignal }): Promise<ServerTest>;
}
