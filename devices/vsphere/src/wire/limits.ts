/** What a foreign answer may cost. Counts are per answer; sizes in bytes. */
export interface WireLimits {
  readonly totalBytes: number;
  readonly depth: number;
  readonly elements: number;
  readonly tagBytes: number;
  readonly nameBytes: number;
  readonly attributes: number;
  /** One run of text, comment or CDATA section. */
  readonly textBytes: number;
}

/** A page of 250 machines is 0.7 MB and 40,000 elements; the counter list of a host 0.3 MB. */
export const DEFAULT_WIRE_LIMITS: WireLimits = {
  totalBytes: 64 * 1024 * 1024,
  depth: 64,
  elements: 2_000_000,
  tagBytes: 8_192,
  nameBytes: 256,
  attributes: 32,
  textBytes: 1024 * 1024,
};
