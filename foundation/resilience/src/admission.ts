import { type Clock, PRIORITIES, type Priority, type Random, type TimerHandle } from '@breakwater/kernel';
import { createLimiter } from './create-limiter.ts';
import { createRunningMean, type DurationCounts, emptyDurationCounts, LatencyHistogram, type RunningMean } from './figures.ts';
import type { Limiter, LimiterChange, LimiterSample } from './limiter.ts';
import { type AdmissionSpec, validateLimits } from './spec.ts';
import { type Waiter, WaitingQueue } from './waiting-queue.ts';

/** A call at the gate. */
export interface AdmissionWaiter extends Waiter {
  readonly priority: Priority;
  /** It has a slot: start it. False when it has become pointless, which gives the slot back. */
  begin(nowMs: number): boolean;
  /** It has to leave the queue in favour of a more urgent one. */
  turnAway(): void;
  /** The breaker has opened or the pipeline was closed while it waited: leave the queue if that is still so. */
  recheck(nowMs: number): void;
}

export interface WaitFigures {
  readonly waiting: number;
  /** Attempts started since the beginning. */
  readonly started: number;
  /** Mean wait of the latest attempts, those that did not wait included. */
  readonly avgWaitMs: number;
  /** Waits of all attempts started since the beginning, added up. */
  readonly totalWaitMs: number;
}

export interface QueueSnapshot extends WaitFigures {
  readonly maxConcurrent: number;
  readonly minIntervalMs: number;
  /** Slots in use, those of abandoned attempts included. */
  readonly active: number;
  /** Pause between two attempts that the limiter asks for now; 0 while it does not slow anybody. */
  readonly delayMs: number;
  readonly byPriority: Readonly<Record<Priority, WaitFigures>>;
}

interface LevelFigures {
  started: number;
  totalWaitMs: number;
  readonly wait: RunningMean;
  /** Real waits only: who starts at once costs nothing here, and is what `started` counts beyond them. */
  readonly waits: LatencyHistogram;
}

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly onLimiterChange?: ((change: LimiterChange) => void) | undefined;
}

/** Priorities below this level are interactive: a person waits. */
const BACKGROUND_LEVEL = 2;

/** Concurrency, least interval and the learned pause of one server, with a queue in front. At most one timer, and only while somebody waits for time. */
export class Admission {
  readonly #clock: Clock;
  readonly #queue: WaitingQueue<AdmissionWaiter>;
  readonly #maxWaiting: number;
  readonly #limiter: Limiter | null;
  readonly #levels: Readonly<Record<Priority, LevelFigures>> = {
    critical: createLevelFigures(),
    high: createLevelFigures(),
    normal: createLevelFigures(),
    low: createLevelFigures(),
  };
  readonly #wait = createRunningMean();
  #maxConcurrent: number;
  #minIntervalMs: number;
  readonly #reserve: number;
  #active = 0;
  #activeBackground = 0;
  #started = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #isPumping = false;

  constructor(spec: AdmissionSpec, options: AdmissionOptions) {
    this.#clock = options.clock;
    this.#maxConcurrent = spec.maxConcurrent;
    this.#minIntervalMs = spec.minIntervalMs ?? 0;
    this.#reserve = spec.interactiveReserve ?? 1;
    this.#queue = new WaitingQueue({ agingMs: spec.queue?.agingMs ?? 10_000 });
    this.#maxWaiting = spec.queue?.maxWaiting ?? 1_000;
    this.#limiter =
      spec.limiter === undefined ? null : createLimiter(spec.limiter, { onChange: options.onLimiterChange, random: options.random });
  }

  /** Takes a slot at once when nobody waits and no limit stands against it. */
  tryEnter(priority: Priority, options: { readonly level: number; readonly nowMs: number }): boolean {
    const { level, nowMs } = options;
    if (this.#queue.size > 0 || this.#startsAtMs(priority, { level, nowMs }) > nowMs) return false;
    this.#occupy(level);
    this.#noteStart(priority, { nowMs, waitedMs: 0 });
    return true;
  }

  /** False when the queue is full of calls that are as urgent. */
  mayWait(level: number): boolean {
    return this.#queue.size < this.#maxWaiting || this.#queue.lessUrgentThan(level) !== null;
  }

  /** Puts a call into the queue; a less urgent one makes room when it is full. */
  enqueue(waiter: AdmissionWaiter, nowMs: number): void {
    const lessUrgent = this.#queue.size < this.#maxWaiting ? null : this.#queue.lessUrgentThan(waiter.level);
    this.#queue.add(waiter);
    lessUrgent?.turnAway();
    this.pump(nowMs);
  }

  remove(waiter: AdmissionWaiter): void {
    this.#queue.remove(waiter);
  }

  /** Gives a slot back and starts who is next. */
  release(level: number, nowMs: number): void {
    this.#vacate(level);
    if (this.#queue.size > 0) this.pump(nowMs);
  }

  /** Tells the limiter how an attempt ended. */
  learn(sample: LimiterSample): void {
    this.#limiter?.settled(sample, this.#active);
  }

  /** Lets everybody who waits look again whether waiting makes sense. */
  recheckAll(nowMs: number): void {
    for (const waiter of this.#queue.toArray()) waiter.recheck(nowMs);
  }

  /** Other hard bounds from now on. What is under way is not touched. */
  setLimits(limits: { readonly maxConcurrent: number; readonly minIntervalMs: number }): void {
    validateLimits(limits);
    this.#maxConcurrent = limits.maxConcurrent;
    this.#minIntervalMs = limits.minIntervalMs;
    this.pump(this.#clock.now());
  }

  /** Starts as many as may start now. */
  pump(startMs: number): void {
    // A call that is started here may end, or begin another one, before `begin` returns; the loop that is running sees to it.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      let nowMs = startMs;
      for (let waiter = this.#next(nowMs); waiter !== null; waiter = this.#next(nowMs)) {
        this.#queue.remove(waiter);
        this.#occupy(waiter.level);
        if (waiter.begin(nowMs)) nowMs = this.#clock.now();
        else this.#vacate(waiter.level);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** A waiter that was given a slot has really begun. */
  noteBegun(waiter: AdmissionWaiter, start: { readonly nowMs: number; readonly waitedMs: number }): void {
    this.#noteStart(waiter.priority, start);
  }

  waitCounts(priority: Priority): DurationCounts {
    const { started, waits } = this.#levels[priority];
    const counts = waits.copyCounts() ?? emptyDurationCounts();
    counts[0] = (counts[0] ?? 0) + started - waits.total;
    return counts;
  }

  snapshot(): QueueSnapshot {
    const byPriority = {} as Record<Priority, WaitFigures>;
    let totalWaitMs = 0;
    for (const [level, priority] of PRIORITIES.entries()) {
      const figures = this.#levels[priority];
      byPriority[priority] = {
        waiting: this.#queue.lengthOf(level),
        started: figures.started,
        avgWaitMs: figures.wait.value,
        totalWaitMs: figures.totalWaitMs,
      };
      totalWaitMs += figures.totalWaitMs;
    }
    return {
      maxConcurrent: this.#maxConcurrent,
      minIntervalMs: this.#minIntervalMs,
      active: this.#active,
      waiting: this.#queue.size,
      started: this.#started,
      avgWaitMs: this.#wait.value,
      totalWaitMs,
      delayMs: this.#limiter?.delayMs ?? 0,
      byPriority,
    };
  }

  #next(nowMs: number): AdmissionWaiter | null {
    if (this.#queue.size === 0) {
      this.#disarm();
      return null;
    }
    let wakeAtMs = Number.POSITIVE_INFINITY;
    const waiter = this.#queue.next(nowMs, ({ level, priority }) => {
      const startsAtMs = this.#startsAtMs(priority, { level, nowMs });
      if (startsAtMs <= nowMs) return true;
      wakeAtMs = Math.min(wakeAtMs, startsAtMs);
      return false;
    });
    if (waiter === null && wakeAtMs !== this.#timerAtMs) this.#arm(wakeAtMs, nowMs);
    return waiter;
  }

  /** Instant from which a call may start; infinite while it waits for a slot. */
  #startsAtMs(priority: Priority, options: { readonly level: number; readonly nowMs: number }): number {
    const { level, nowMs } = options;
    if (this.#active >= this.#maxConcurrent) return Number.POSITIVE_INFINITY;
    // Background work keeps one slot, also where the reserve would leave it none.
    if (level >= BACKGROUND_LEVEL && this.#activeBackground >= Math.max(1, this.#maxConcurrent - this.#reserve)) {
      return Number.POSITIVE_INFINITY;
    }
    const boundMs = this.#lastStartMs + this.#minIntervalMs;
    const limiter = this.#limiter;
    if (limiter === null) return boundMs;
    const learnedMs = this.#active < limiter.windowFor(priority) ? limiter.readyAtMs(priority) : Number.POSITIVE_INFINITY;
    if (learnedMs > nowMs && boundMs <= nowMs) limiter.heldBack?.(nowMs);
    return Math.max(boundMs, learnedMs);
  }

  #occupy(level: number): void {
    this.#active++;
    if (level >= BACKGROUND_LEVEL) this.#activeBackground++;
  }

  #vacate(level: number): void {
    this.#active--;
    if (level >= BACKGROUND_LEVEL) this.#activeBackground--;
  }

  #noteStart(priority: Priority, start: { readonly nowMs: number; readonly waitedMs: number }): void {
    this.#lastStartMs = start.nowMs;
    this.#started++;
    this.#wait.add(start.waitedMs);
    const figures = this.#levels[priority];
    figures.started++;
    figures.wait.add(start.waitedMs);
    if (start.waitedMs > 0) {
      figures.totalWaitMs += start.waitedMs;
      figures.waits.add(start.waitedMs);
    }
    this.#limiter?.started(priority, start.nowMs);
  }

  #arm(atMs: number, nowMs: number): void {
    this.#disarm();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timerAtMs = atMs;
    // Somebody waits for an answer, so the process must live on until it can be given.
    this.#timer = this.#clock.after(
      Math.max(1, Math.ceil(atMs - nowMs)),
      () => {
        this.#timer = null;
        this.#timerAtMs = Number.POSITIVE_INFINITY;
        this.pump(this.#clock.now());
      },
      { keepAlive: true },
    );
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }
}

function createLevelFigures(): LevelFigures {
  return { started: 0, totalWaitMs: 0, wait: createRunningMean(), waits: new LatencyHistogram() };
}
