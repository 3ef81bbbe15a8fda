/**
 * One HTTP(S) transfer on the side of the configurator (never on the host), into a file of its own cache. No retry in here: the network
 * layer repeats, with `resume` carrying what has arrived.
 */
export interface DownloadDoor {
  /** Rejects with an `OpsError` whose code `explainHttp` knows (see `classify/`); a partial file stays for the next call. */
  fetch(request: DownloadRequest, options: { readonly signal: AbortSignal }): Promise<DownloadedFile>;
  /** A finished file of the cache whose content still has that hash; null: there is none. Asks nobody. A door without it keeps no cache. */
  find?(path: string, sha256: string): Promise<DownloadedFile | null>;
  /** Removes from a folder of the cache what has been of no use for longest, until it holds `maxBytes` at most; never what is in use. */
  trim?(folder: string, options: { readonly maxBytes: number; readonly isInUse: (path: string) => boolean }): Promise<void>;
  /** HEAD or a small GET for health checks and connectivity; the body is dropped after 64 KiB. */
  probe(request: ProbeRequest, options: { readonly signal: AbortSignal }): Promise<ProbeAnswer>;
}

export interface DownloadRequest {
  readonly url: string;
  /** Absolute path of the finished file in the cache; `.part` and its note with the strong validator lie beside it. */
  readonly path: string;
  /** Lower-case hexadecimal. Null only where a person wrote `unverified: true`. */
  readonly sha256: string | null;
  readonly sizeBytes?: number;
  readonly maxBytes: number;
  readonly verifySsl: boolean;
  readonly connectTimeoutMs: number;
  /** Longest silence within the body. */
  readonly inactivityTimeoutMs: number;
  readonly onProgress?: (receivedBytes: number, totalBytes: number | null) => void;
}

export interface DownloadedFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What really came over the wire this time; less than `sizeBytes` after a resumption. */
  readonly transferredBytes: number;
}

export interface ProbeRequest {
  readonly url: string;
  readonly method: 'HEAD' | 'GET';
  readonly timeoutMs: number;
  readonly verifySsl: boolean;
}

export interface ProbeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tookMs: number;
  readonly phasesMs: {
    readonly dns: number | null;
    readonly connect: number | null;
    readonly tls: number | null;
    readonly firstByte: number | null;
  };
}
