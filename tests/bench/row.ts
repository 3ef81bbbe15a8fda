/** One figure of a bench, with the peer it is held against. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string | null;
  /** Ours divided by the peer's; null where there is no peer. */
  readonly ratio: number | null;
  /** What the ratio (or the value, without a peer) must reach, in words. */
  readonly goal: string;
  readonly ok: boolean;
}

export interface BenchOptions {
  readonly log: (line: string) => void;
}

/** A file in this folder named after the bench exports one of these as `bench`. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
}
