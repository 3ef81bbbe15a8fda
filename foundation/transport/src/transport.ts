import type { Priority } from '@breakwater/kernel';

/** One exchange with a foreign server, described so that a pipeline can judge it without knowing the protocol. */
export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, starting with `/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** What the exchange is for in words of the protocol, for example `RetrievePropertiesEx` or `GET /screen`. Never data. */
  readonly operation: string;
  readonly priority: Priority;
  /** Said by the caller, because only the caller knows: a lost answer may be asked for again. */
  readonly idempotent: boolean;
  /**
   * `parked`: the server answers when it has news, so the exchange takes a connection but is no load; it passes the
   * breaker but takes no slot, waits for no interval and has no attempt timeout but its own.
   */
  readonly lane?: 'call' | 'parked';
  /** Whole attempt, from connecting to the last byte read. Default: the transport's. */
  readonly timeoutMs?: number;
  /** Default: the transport's. More is `TRANSPORT_BODY_TOO_LARGE`. */
  readonly maxBodyBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportResponse {
  readonly status: number;
  /** Reason phrase; ESXi's front end tells there what is down. */
  readonly statusText: string;
  /** Lower-case names. `set-cookie` keeps its several values. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Decoded body (gzip undone), chunk by chunk, with the limits of the request enforced. */
  readonly chunks: AsyncIterable<Uint8Array>;
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
}

/** Figures of one server's connection pool. */
export interface PoolFigures {
  /** Most connections at a time. */
  readonly size: number;
  /** Connections with an exchange on them. */
  readonly active: number;
  readonly idle: number;
  /** Connections opened so far. */
  readonly opened: number;
  /** Of these, how many replaced one that was lost to a fault. */
  readonly reconnects: number;
  /** Exchanges that failed below the protocol; cancellations do not count. */
  readonly errors: number;
}

/**
 * The seam. A client asks for an exchange and reads the answer inside it, so that whoever wraps the seam (deadline,
 * retry, breaker, limiter) sees the whole of it: also a body that never ends, and a fault that `read` throws.
 * What `read` does not consume is discarded.
 */
export interface Transport {
  readonly origin: string;
  exchange<T>(request: TransportRequest, read: (response: TransportResponse) => Promise<T>): Promise<T>;
  pool(): PoolFigures;
  close(): Promise<void>;
}

/** How a server proves who it is. There is no way to say "anyone". */
export type TlsTrust =
  | { readonly kind: 'system-ca' }
  | { readonly kind: 'ca'; readonly pem: string }
  /** SHA-256 of the leaf, `AA:BB:…`. Compared before the first byte is sent. */
  | { readonly kind: 'pinned'; readonly sha256: string };

/** What a person compares before pinning. */
export interface PresentedCertificate {
  readonly sha256: string;
  readonly sha1: string;
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
}
