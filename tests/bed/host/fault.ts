/** What a server of the bed does instead of answering well. */
export type Fault =
  /** Takes the request and says nothing. */
  | { readonly kind: 'stall' }
  /** Sends so much of the body, then nothing more; the connection stays open. */
  | { readonly kind: 'mid-stall'; readonly afterBytes: number }
  /** RST, before the answer or within the body. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** FIN without an answer. */
  | { readonly kind: 'close' }
  /** Ends the connection within the body: short of the promised length, or without the last chunk. */
  | { readonly kind: 'truncate'; readonly afterBytes: number; readonly framing?: 'length' | 'chunked' }
  /** One byte is another; length and headers are right. */
  | { readonly kind: 'corrupt'; readonly atByte: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Redirects to itself. */
  | { readonly kind: 'redirect-loop' }
  /** A sign-in page with status 200, as networks of hotels send for every URL. */
  | { readonly kind: 'captive-portal' }
  /** Bytes that are no HTTP. */
  | { readonly kind: 'garbage' }
  /** Sends slowly, but never stops. */
  | { readonly kind: 'drip'; readonly bytesPerSecond: number }
  /** Answers a `Range` with 200 and the whole. */
  | { readonly kind: 'no-range' }
  /** Another strong validator at each answer. */
  | { readonly kind: 'changing-etag' }
  /** 206 for another range than the one that was asked for. */
  | { readonly kind: 'wrong-range' };

export interface FaultRule {
  readonly fault: Fault;
  /** Of path and query. Default: every request. */
  readonly match?: RegExp;
  /** How many requests it befalls. Default: all. */
  readonly times?: number;
}
