/** How long the latency of an unloaded server is remembered. */
const MEMORY_MS = 60_000;

/** A mean of fewer calls of one kind among others says little; it is taken when there are as many. */
const ENOUGH_AMONG_OTHERS = 4;

/** Kinds told apart; what comes beyond shares one. A client has a few dozen, and a name may come from outside. */
const MOST_KINDS = 64;
const OTHER = '';

interface TimedMean {
  readonly atMs: number;
  readonly meanMs: number;
}

interface Kind {
  /** Of the present window. */
  sumMs: number;
  count: number;
  /** Of earlier windows too small for a mean. */
  keptMs: number;
  keptCount: number;
  means: TimedMean[];
  /** 0: not known yet. */
  baseMs: number;
  /** Calls in the window that closed last. */
  share: number;
}

/**
 * How long calls take when nothing waits in the server, for each kind of call, because a picture takes fifty times as long as a small
 * question and a change of the mixture must not look like a queue. The least mean of a window counts and not the least latency of a call, so that one
 * quick answer among slow ones does not count as the rule.
 */
export class UnloadedLatency {
  readonly #kinds = new Map<string, Kind>();
  #baseMs = 0;

  /** For the mixture of calls in the window that closed last; 0 until one is known. */
  get baseMs(): number {
    return this.#baseMs;
  }

  add(op: string, latencyMs: number): void {
    const kind = this.#find(op);
    kind.sumMs += latencyMs;
    kind.count++;
  }

  /** Ends a window. The mean latency of its calls whose kind is known, to be compared with `baseMs`. */
  close(nowMs: number): number {
    let seen = 0;
    for (const kind of this.#kinds.values()) if (kind.count > 0) seen++;
    let sumMs = 0;
    let count = 0;
    for (const kind of this.#kinds.values()) {
      if (kind.count > 0) learn(kind, { nowMs, isAlone: seen === 1 });
      kind.share = kind.baseMs === 0 ? 0 : kind.count;
      if (kind.share > 0) {
        sumMs += kind.sumMs;
        count += kind.count;
      }
      kind.sumMs = 0;
      kind.count = 0;
    }
    this.#weigh();
    return count === 0 ? 0 : sumMs / count;
  }

  /** A latency that was measured while the queue was known to be empty replaces all earlier ones of its kind. */
  restart(op: string, latency: { readonly baseMs: number; readonly nowMs: number }): void {
    const kind = this.#find(op);
    kind.means = [{ atMs: latency.nowMs, meanMs: latency.baseMs }];
    kind.baseMs = latency.baseMs;
    this.#weigh();
  }

  #find(op: string): Kind {
    const name = this.#kinds.has(op) || this.#kinds.size < MOST_KINDS ? op : OTHER;
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = { sumMs: 0, count: 0, keptMs: 0, keptCount: 0, means: [], baseMs: 0, share: 0 };
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  #weigh(): void {
    let sumMs = 0;
    let share = 0;
    for (const kind of this.#kinds.values()) {
      sumMs += kind.baseMs * kind.share;
      share += kind.share;
    }
    this.#baseMs = share === 0 ? 0 : sumMs / share;
  }
}

function learn(kind: Kind, window: { readonly nowMs: number; readonly isAlone: boolean }): void {
  const { nowMs, isAlone } = window;
  kind.keptMs += kind.sumMs;
  kind.keptCount += kind.count;
  if (!isAlone && kind.keptCount < ENOUGH_AMONG_OTHERS) return;
  kind.means = kind.means.filter(({ atMs }) => atMs >= nowMs - MEMORY_MS);
  kind.means.push({ atMs: nowMs, meanMs: kind.keptMs / kind.keptCount });
  kind.baseMs = Math.min(...kind.means.map((mean) => mean.meanMs));
  kind.keptMs = 0;
  kind.keptCount = 0;
}
