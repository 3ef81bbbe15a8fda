import { type Clock, PRIORITIES, type Priority, type Random, type TimerHandle } from '@breakwater/kernel';
import { createLimiter } from './create-limiter.ts';
import { type DurationFigures, DurationHistogram } from './duration-histogram.ts';
import { createRunningMean, type DurationCounts, emptyDurationCounts, LatencyHistogram } from './figures.ts';
import type { Limiter, LimiterChange, LimiterSample } from './limiter.ts';
import { QueuePace } from './queue-pace.ts';
import { type AdmissionSpec, validateLimits } from './spec.ts';
import { type Waiter, WaitingQueue } from './waiting-queue.ts';

/** A call at the gate. */
export interface AdmissionWaiter extends Waiter {
  readonly priority: Priority;
  /** It has a slot: start it. False when it has become pointless, which gives the slot back. */
  begin(nowMs: number): boolean;
  /** It has to leave the queue in favour of another one. */
  turnAway(refusal: QueueRefusal): void;
  /** The breaker has opened or the pipeline was closed while it waited: leave the queue if that is still so. */
  recheck(nowMs: number): void;
}

/** Why a call may not wait, or not any longer. */
export interface QueueRefusal {
  /** `length`: as many wait as may. `expected-wait`: what waits already takes longer than a call may wait. `displaced`: another call has its place. */
  readonly why: 'length' | 'expected-wait' | 'displaced';
  /** When there may be a place again; undefined while the pace of the queue is unknown. */
  readonly retryAfterMs: number | undefined;
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

/** Waits of one priority. */
export interface LevelWaitFigures extends WaitFigures {
  /** Waits of all attempts since the beginning. */
  readonly waits: DurationFigures;
}

export interface QueueSnapshot extends WaitFigures {
  readonly maxConcurrent: number;
  readonly minIntervalMs: number;
  /** Slots in use, those of abandoned attempts included. */
  readonly active: number;
  /** Attempts that background work may have under way together now, with what the limiter has learned. */
  readonly window: number;
  /** Pause between two attempts that the limiter asks for now; 0 while it does not slow anybody. */
  readonly delayMs: number;
  /** How long what waits now will take to start, at the pace of late; null while too little is known. */
  readonly expectedWaitMs: number | null;
  readonly byPriority: Readonly<Record<Priority, LevelWaitFigures>>;
}

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly onLimiterChange?: ((change: LimiterChange) => void) | undefined;
}

type AtGate = Pick<AdmissionWaiter, 'level' | 'priority'>;

/** Priorities below this level are interactive: a person waits. */
const BACKGROUND_LEVEL = 2;

/** Concurrency, least interval and the learned pause of one server, with a queue in front. At most one timer, and only while somebody waits for time. */
export class Admission {
  readonly #clock: Clock;
  readonly #queue: WaitingQueue<AdmissionWaiter>;
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  readonly #pace = new QueuePace();
  readonly #createLimiter: () => Limiter | null;
  readonly #onLimiterChange: ((change: LimiterChange) => void) | undefined;
  #limiter: Limiter | null;
  readonly #levels: readonly LevelFigures[] = PRIORITIES.map((priority) => new LevelFigures(priority));
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
  #forgotAtMs = Number.NEGATIVE_INFINITY;
  #isPumping = false;

  constructor(spec: AdmissionSpec, options: AdmissionOptions) {
    this.#clock = options.clock;
    this.#maxConcurrent = spec.maxConcurrent;
    this.#minIntervalMs = spec.minIntervalMs ?? 0;
    this.#reserve = spec.interactiveReserve ?? 1;
    this.#queue = new WaitingQueue({ agingMs: spec.queue?.agingMs ?? 10_000 });
    this.#maxWaiting = spec.queue?.maxWaiting ?? 1_000;
    this.#maxWaitMs = spec.queue?.maxWaitMs ?? Number.POSITIVE_INFINITY;
    const { limiter } = spec;
    const { random } = options;
    this.#onLimiterChange = options.onLimiterChange;
    this.#createLimiter = () => (limiter === undefined ? null : createLimiter(limiter, { onChange: this.#onLimiterChange, random }));
    this.#limiter = this.#createLimiter();
  }

  /** Takes a slot at once when nobody waits and no limit stands against it. */
  tryEnter(call: AtGate, nowMs: number): boolean {
    if (this.#queue.size > 0 || this.#startsAtMs(call, nowMs) > nowMs) return false;
    this.#occupy(call.level);
    this.#noteStart(call, { nowMs, waitedMs: 0 });
    return true;
  }

  /** What stands against it that this call waits; null when it may. */
  refusal(waiter: AdmissionWaiter, nowMs: number): QueueRefusal | null {
    return this.#queue.size < this.#maxWaitingAt(nowMs) || this.#queue.leastDeserving(waiter) !== null ? null : this.#refuse(nowMs);
  }

  /** Puts a call into the queue that may wait; a less deserving one makes room when it is full. */
  enqueue(waiter: AdmissionWaiter, nowMs: number): void {
    const displaced = this.#queue.size < this.#maxWaitingAt(nowMs) ? null : this.#queue.leastDeserving(waiter);
    const retryAfterMs = displaced === null ? undefined : this.#refuse(nowMs).retryAfterMs;
    this.#queue.add(waiter);
    displaced?.turnAway({ why: 'displaced', retryAfterMs });
    this.pump(nowMs);
  }

  remove(waiter: AdmissionWaiter): void {
    this.#queue.remove(waiter);
    if (this.#queue.size > 0) return;
    this.#pace.noteEmpty();
    // It keeps the process alive, and there is nobody left to wait for.
    this.#disarm();
  }

  /** Gives a slot back and starts who is next. */
  release(level: number, nowMs: number): void {
    this.#vacate(level);
    if (this.#queue.size > 0) this.pump(nowMs);
  }

  get hasLimiter(): boolean {
    return this.#limiter !== null;
  }

  /** Tells the limiter how an attempt ended. One that began before the pace was forgotten is part of what is over. */
  learn(sample: LimiterSample): void {
    if (sample.startedAtMs >= this.#forgotAtMs) this.#limiter?.settled(sample, this.#active);
  }

  /** Begins to learn anew: a person knows that what has been learned is over. */
  forgetPace(): void {
    if (this.#limiter === null) return;
    const wasSlowed = this.#limiter.delayMs > 0;
    this.#limiter = this.#createLimiter();
    this.#forgotAtMs = this.#clock.now();
    if (wasSlowed) this.#onLimiterChange?.({ kind: 'limiter.recovered' });
    this.pump(this.#forgotAtMs);
  }

  /** The server gets a request by another way: what it stands is used up by those as well. */
  countRequest(priority: Priority = 'normal'): void {
    this.#limiter?.started(priority, this.#clock.now());
  }

  countParked(nowMs: number): void {
    this.#limiter?.passed?.(nowMs);
  }

  /** Starts nothing before that time has passed: the server has asked for it. */
  hold(forMs: number): void {
    // As if the last start were so late that the interval ends then: the way of a call gets no further comparison.
    this.#lastStartMs = Math.max(this.#lastStartMs, this.#clock.now() + forMs - this.#minIntervalMs);
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
        this.#queue.take(waiter);
        this.#occupy(waiter.level);
        if (waiter.begin(nowMs)) nowMs = this.#clock.now();
        else this.#vacate(waiter.level);
      }
      if (this.#queue.size === 0) this.#pace.noteEmpty();
    } finally {
      this.#isPumping = false;
    }
  }

  /** A waiter that was given a slot has really begun. */
  noteBegun(waiter: AdmissionWaiter, start: { readonly nowMs: number; readonly waitedMs: number }): void {
    this.#pace.noteStart(start.nowMs, this.#queue.size);
    this.#noteStart(waiter, start);
  }

  waitCounts(priority: Priority): DurationCounts {
    // There is one for each priority.
    return (this.#levels[PRIORITIES.indexOf(priority)] as LevelFigures).realCounts();
  }

  snapshot(): QueueSnapshot {
    const byPriority = {} as Record<Priority, LevelWaitFigures>;
    let totalWaitMs = 0;
    for (const [level, figures] of this.#levels.entries()) {
      const { avgWaitMs, priority, started } = figures;
      const waits = figures.waits.figures();
      byPriority[priority] = { waiting: this.#queue.lengthOf(level), started, avgWaitMs, totalWaitMs: waits.sumMs, waits };
      totalWaitMs += waits.sumMs;
    }
    return {
      maxConcurrent: this.#maxConcurrent,
      minIntervalMs: this.#minIntervalMs,
      active: this.#active,
      waiting: this.#queue.size,
      started: this.#started,
      avgWaitMs: this.#wait.value,
      window: Math.min(this.#maxConcurrent, this.#limiter?.windowFor('normal') ?? this.#maxConcurrent),
      totalWaitMs,
      delayMs: this.#limiter?.delayMs ?? 0,
      expectedWaitMs: this.#expectedWaitMs(),
      byPriority,
    };
  }

  /** By their number, and by the time that they would take at the present pace. */
  #maxWaitingAt(nowMs: number): number {
    const gapMs = this.#maxWaitMs === Number.POSITIVE_INFINITY ? null : this.#pace.gapMs(nowMs);
    if (gapMs === null) return this.#maxWaiting;
    // One may always wait: the pace can only be learned from those that do.
    return Math.min(this.#maxWaiting, Math.max(1, Math.floor(this.#maxWaitMs / gapMs)));
  }

  #refuse(nowMs: number): QueueRefusal {
    const gapMs = this.#pace.gapMs(nowMs);
    if (this.#queue.size >= this.#maxWaiting || gapMs === null) return { why: 'length', retryAfterMs: gapMs ?? undefined };
    return { why: 'expected-wait', retryAfterMs: Math.max(gapMs, (this.#queue.size + 1) * gapMs - this.#maxWaitMs) };
  }

  #expectedWaitMs(): number | null {
    const gapMs = this.#pace.gapMs(this.#clock.now());
    return gapMs === null ? null : gapMs * this.#queue.size;
  }

  #next(nowMs: number): AdmissionWaiter | null {
    if (this.#queue.size === 0) {
      this.#disarm();
      return null;
    }
    let wakeAtMs = Number.POSITIVE_INFINITY;
    const waiter = this.#queue.next(nowMs, (first) => {
      const startsAtMs = this.#startsAtMs(first, nowMs);
      if (startsAtMs <= nowMs) return true;
      wakeAtMs = Math.min(wakeAtMs, startsAtMs);
      return false;
    });
    if (waiter === null && wakeAtMs !== this.#timerAtMs) this.#arm(wakeAtMs, nowMs);
    return waiter;
  }

  /** Instant from which a call may start; infinite while it waits for a slot. */
  #startsAtMs(call: AtGate, nowMs: number): number {
    const { level } = call;
    if (this.#active >= this.#maxConcurrent) return Number.POSITIVE_INFINITY;
    // Background work keeps one slot, also where the reserve would leave it none.
    if (level >= BACKGROUND_LEVEL && this.#activeBackground >= Math.max(1, this.#maxConcurrent - this.#reserve)) {
      return Number.POSITIVE_INFINITY;
    }
    const boundMs = this.#lastStartMs + this.#minIntervalMs;
    const limiter = this.#limiter;
    if (limiter === null) return boundMs;
    const { priority } = call;
    // The kept slot stays free for what a person does now, also when the window shrinks below what background work has under way already.
    const hasRoom = this.#active < limiter.windowFor(priority) || (level === 0 && this.#active - this.#activeBackground < this.#reserve);
    const learnedMs = hasRoom ? limiter.readyAtMs(priority) : Number.POSITIVE_INFINITY;
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

  #noteStart(call: AtGate, start: { readonly nowMs: number; readonly waitedMs: number }): void {
    const { nowMs, waitedMs } = start;
    this.#lastStartMs = nowMs;
    this.#started++;
    this.#wait.add(waitedMs);
    this.#levels[call.level]?.add(waitedMs);
    this.#limiter?.started(call.priority, nowMs);
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

/** Those of one priority that have started. */
class LevelFigures {
  readonly priority: Priority;
  started = 0;
  readonly waits = new DurationHistogram();
  /** Real waits only, in finer steps: who starts at once costs nothing here, and is what `started` counts beyond them. */
  readonly realWaits = new LatencyHistogram();
  readonly #wait = createRunningMean();

  constructor(priority: Priority) {
    this.priority = priority;
  }

  get avgWaitMs(): number {
    return this.#wait.value;
  }

  realCounts(): DurationCounts {
    const counts = this.realWaits.copyCounts() ?? emptyDurationCounts();
    // The first bucket exists: there are many.
    counts[0] = (counts[0] as number) + this.started - this.realWaits.total;
    return counts;
  }

  add(waitedMs: number): void {
    this.started++;
    this.#wait.add(waitedMs);
    this.waits.add(waitedMs);
    if (waitedMs > 0) this.realWaits.add(waitedMs);
  }
}
