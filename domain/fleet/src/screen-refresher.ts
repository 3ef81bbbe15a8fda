import type { ScreenRefreshStats } from '@breakwater/contract';
import { type Clock, formatInstant, type Logger, type Moid, type ServerId, sleep, toMachineKey, toOpsError } from '@breakwater/kernel';
import type { Attention } from './attention.ts';
import type { FleetEvents } from './fleet-events.ts';
import type { MachineFacts } from './machine.ts';
import type { MachineRows } from './machine-rows.ts';
import type { FleetOptions } from './options.ts';
import type { EncodedScreen, ScreenEncoder } from './ports/screen-encoder.ts';
import type { ServerLink } from './ports/server-link.ts';
import { createScreenMemory, digestSource, meanDifference, rememberDigest, type ScreenMemory } from './screen-memory.ts';
import type { ScreenStore } from './screen-store.ts';
import { Wakeup } from './wakeup.ts';

export interface ScreenRefresherDependencies {
  readonly serverId: ServerId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: FleetOptions;
  readonly rows: MachineRows;
  readonly store: ScreenStore;
  readonly encoder: ScreenEncoder;
  readonly attention: Attention;
  readonly events: FleetEvents;
}

/** The last whole round: how many of the screens that were due were taken, and how long it took. */
export interface ScreenCoverage {
  readonly refreshed: number;
  readonly total: number;
  readonly lastMs: number | null;
}

interface Cycle {
  readonly startedAt: number;
  readonly total: number;
  readonly pending: Set<Moid>;
  refreshed: number;
  batches: number;
  errors: number;
}

interface Due {
  readonly moid: Moid;
  readonly isVisible: boolean;
  readonly overdueMs: number;
}

const byUrgency = (left: Due, right: Due): number => Number(right.isVisible) - Number(left.isVisible) || right.overdueMs - left.overdueMs;

/** Longest wait between two looks at what is due. */
const IDLE_WAIT_MS = 5_000;

/** Our own protection refused before the server was asked: that says nothing about this machine's picture. */
const TURNED_AWAY: ReadonlySet<string> = new Set(['RESILIENCE_CIRCUIT_OPEN', 'RESILIENCE_QUEUE_FULL', 'RESILIENCE_CLOSED']);

/** Keeps the pictures of one server's running machines fresh: those that somebody looks at first, a few at a time, at the server's pace. */
export class ScreenRefresher {
  readonly #deps: ScreenRefresherDependencies;
  readonly #memories = new Map<Moid, ScreenMemory>();
  readonly #wakeup: Wakeup;
  #cycle: Cycle | null = null;
  #delayMs: number;
  #stats: {
    startedAtWallMs: number | null;
    cycles: number;
    refreshed: number;
    errors: number;
    lastAtWallMs: number | null;
    lastMs: number | null;
    lastRefreshed: number;
    lastTotal: number;
  };

  constructor(deps: ScreenRefresherDependencies) {
    this.#deps = deps;
    this.#wakeup = new Wakeup(deps.clock);
    this.#delayMs = deps.options.screenMinDelayMs;
    this.#stats = {
      startedAtWallMs: null,
      cycles: 0,
      refreshed: 0,
      errors: 0,
      lastAtWallMs: null,
      lastMs: null,
      lastRefreshed: 0,
      lastTotal: 0,
    };
  }

  /** Looks at once for what is due. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** The machine's picture shows something that is no longer there. False: it had none. */
  blank(moid: Moid): boolean {
    this.#memories.delete(moid);
    return this.#deps.store.release(toMachineKey({ serverId: this.#deps.serverId, moid }));
  }

  /** Its bytes were given up for want of memory: the next picture counts as new. */
  forgetPicture(moid: Moid): void {
    this.#memories.delete(moid);
    this.#publish(moid, { hash: null, atWallMs: null, problem: null });
  }

  stats(): ScreenRefreshStats {
    const { startedAtWallMs, cycles, refreshed, errors, lastAtWallMs, lastMs, lastRefreshed, lastTotal } = this.#stats;
    return {
      started_at: startedAtWallMs === null ? null : formatInstant(startedAtWallMs),
      cycles,
      thumbnails_refreshed: refreshed,
      errors,
      last_cycle_at: lastAtWallMs === null ? null : formatInstant(lastAtWallMs),
      last_cycle_duration: lastMs === null ? null : lastMs / 1_000,
      last_cycle_refreshed: lastRefreshed,
      last_cycle_total: lastTotal,
      current_delay: this.#delayMs / 1_000,
    };
  }

  coverage(): ScreenCoverage {
    const { lastRefreshed, lastTotal, lastMs } = this.#stats;
    return { refreshed: lastRefreshed, total: lastTotal, lastMs };
  }

  async run(link: ServerLink, options: { readonly signal: AbortSignal; isReady(): boolean }): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = options;
    this.#stats.startedAtWallMs = clock.wall();
    this.#cycle = null;
    while (!signal.aborted) {
      this.#delayMs = this.#readDelay(link);
      const batch = options.isReady() ? this.#nextBatch() : [];
      if (batch.length === 0) {
        if (options.isReady()) this.#endCycle();
        await this.#wakeup.wait(IDLE_WAIT_MS, { signal });
        continue;
      }
      await Promise.all(batch.map((moid) => this.#refresh(link, { moid, signal })));
      if (signal.aborted) return;
      this.#countBatch();
      if (this.#hasFinishedCycle()) this.#endCycle();
      this.#delayMs = this.#readDelay(link);
      await sleep(clock, this.#delayMs, { signal }).catch(() => undefined);
    }
  }

  #readDelay(link: ServerLink): number {
    const { screenMinDelayMs, screenMaxDelayMs } = this.#deps.options;
    return Math.min(screenMaxDelayMs, Math.max(screenMinDelayMs, link.figures().delayMs));
  }

  /** Visible machines before others, longest overdue first. */
  #nextBatch(): readonly Moid[] {
    const batch: Due[] = [];
    const dueMoids: Moid[] = [];
    for (const facts of this.#deps.rows.eachFacts()) {
      const due = this.#findDue(facts);
      if (due === null) continue;
      if (this.#cycle === null) dueMoids.push(due.moid);
      // A few slots for thousands of candidates: keeping the best ones sorted is cheaper than sorting all.
      batch.push(due);
      batch.sort(byUrgency);
      batch.length = Math.min(batch.length, this.#deps.options.screenBatchSize);
    }
    if (batch.length > 0)
      this.#cycle ??= {
        startedAt: this.#deps.clock.now(),
        total: dueMoids.length,
        pending: new Set(dueMoids),
        refreshed: 0,
        errors: 0,
        batches: 0,
      };
    return batch.map(({ moid }) => moid);
  }

  #findDue({ moid, powerState, isAccessible, isTemplate }: MachineFacts): Due | null {
    if (powerState !== 'poweredOn' || !isAccessible || isTemplate) return null;
    const memory = this.#memories.get(moid);
    const isVisible = this.#isVisible(moid);
    if (memory === undefined || memory.lastAttemptAt === null) return { moid, isVisible, overdueMs: Number.MAX_SAFE_INTEGER };
    const overdueMs = this.#deps.clock.now() - memory.lastAttemptAt - this.#interval(memory, isVisible);
    return overdueMs >= 0 ? { moid, isVisible, overdueMs } : null;
  }

  #interval(memory: ScreenMemory, isVisible: boolean): number {
    const { visibleScreenIntervalMs, thumbnailTtlMs, idleScreenIntervalMs } = this.#deps.options;
    const base = isVisible ? visibleScreenIntervalMs : this.#deps.attention.isWatched() ? thumbnailTtlMs : idleScreenIntervalMs;
    return Math.max(base, Math.min(idleScreenIntervalMs, base * 2 ** memory.failures));
  }

  #isVisible(moid: Moid): boolean {
    return this.#deps.attention.isVisible(toMachineKey({ serverId: this.#deps.serverId, moid }));
  }

  async #refresh(link: ServerLink, options: { readonly moid: Moid; readonly signal: AbortSignal }): Promise<void> {
    const { moid, signal } = options;
    const { clock, rows, logger } = this.#deps;
    const memory = this.#memories.get(moid) ?? createScreenMemory();
    this.#memories.set(moid, memory);
    this.#cycle?.pending.delete(moid);
    const { lastAttemptAt } = memory;
    memory.lastAttemptAt = clock.now();
    const isFirstLook = rows.screen(moid).hash === null && this.#isVisible(moid);
    try {
      const { screenWidth: width, screenHeight: height } = this.#deps.options;
      const picture = await link.captureScreen(moid, { width, height, priority: isFirstLook ? 'high' : 'low', signal });
      if (signal.aborted) return;
      if (picture === null) this.#showProblem(moid, 'FLEET_SCREEN_NONE');
      else await this.#take(moid, { png: picture.png, memory, signal });
      memory.failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toOpsError(error, { code: 'FLEET_SCREEN_FAILED' });
      if (TURNED_AWAY.has(code)) {
        memory.lastAttemptAt = lastAttemptAt;
        return;
      }
      memory.failures += 1;
      this.#stats.errors += 1;
      if (this.#cycle !== null) this.#cycle.errors += 1;
      logger.debug('Screen refresh failed; the old picture stays', { moid, code, error: message });
      this.#showProblem(moid, code);
    }
  }

  async #take(
    moid: Moid,
    options: { readonly png: Uint8Array; readonly memory: ScreenMemory; readonly signal: AbortSignal },
  ): Promise<void> {
    const { memory, png } = options;
    const { clock, encoder } = this.#deps;
    const digest = digestSource(png);
    const isOutworn = digest !== memory.digests[0] && clock.now() - memory.publishedAt >= this.#deps.options.screenMaxSkewMs;
    if (memory.digests.includes(digest) && !isOutworn) return this.#confirm(moid, memory);
    const encoded = await encoder.encode(png, { signal: options.signal });
    // While the picture was being encoded the machine may have been switched off or replaced.
    if (options.signal.aborted || this.#memories.get(moid) !== memory || this.#deps.rows.facts(moid) === undefined) return;
    const isNoise = memory.sample !== null && meanDifference(memory.sample, encoded.sample) <= this.#deps.options.screenDifference;
    if (isNoise && !isOutworn) {
      memory.digests = rememberDigest(memory.digests, digest);
      return this.#confirm(moid, memory);
    }
    this.#replace(moid, { memory, encoded, digest });
  }

  #replace(moid: Moid, options: { readonly memory: ScreenMemory; readonly encoded: EncodedScreen; readonly digest: string }): void {
    const { memory, encoded } = options;
    const { clock, store, serverId } = this.#deps;
    memory.digests = [options.digest];
    memory.sample = encoded.sample;
    memory.publishedAt = clock.now();
    memory.announcedAt = clock.now();
    this.#count();
    this.#publish(moid, { hash: store.put(toMachineKey({ serverId, moid }), encoded), atWallMs: clock.wall(), problem: null });
  }

  /** The picture is still true. Its new age is told rarely: it would be one event per machine and look. */
  #confirm(moid: Moid, memory: ScreenMemory): void {
    const { clock, store, rows, serverId, options } = this.#deps;
    if (this.#memories.get(moid) !== memory) return;
    store.confirm(toMachineKey({ serverId, moid }));
    this.#count();
    if (clock.now() - memory.announcedAt < options.thumbnailTtlMs / 2) return;
    memory.announcedAt = clock.now();
    this.#publish(moid, { hash: rows.screen(moid).hash, atWallMs: clock.wall(), problem: null });
  }

  #publish(moid: Moid, screen: { readonly hash: string | null; readonly atWallMs: number | null; readonly problem: string | null }): void {
    const { rows, events, serverId } = this.#deps;
    const before = rows.screen(moid);
    rows.setScreen(moid, screen);
    if (before.problem !== screen.problem) events.machineChanged({ serverId, moid }, () => rows.machine(moid));
    if (before.hash === screen.hash && before.atWallMs === screen.atWallMs) return;
    const at = screen.atWallMs === null ? null : formatInstant(screen.atWallMs);
    events.publish({ kind: 'screen.changed', ref: { serverId, moid }, hash: screen.hash, at });
  }

  /** Only where there is no picture: an old picture with its age says more than a reason. */
  #showProblem(moid: Moid, code: string): void {
    const screen = this.#deps.rows.screen(moid);
    if (screen.hash === null && screen.problem !== code && this.#deps.rows.facts(moid)?.powerState === 'poweredOn') {
      this.#publish(moid, { ...screen, problem: code });
    }
  }

  #count(): void {
    this.#stats.refreshed += 1;
    if (this.#cycle !== null) this.#cycle.refreshed += 1;
  }

  #countBatch(): void {
    if (this.#cycle !== null) this.#cycle.batches += 1;
  }

  #hasFinishedCycle(): boolean {
    return this.#cycle?.pending.size === 0;
  }

  #endCycle(): void {
    const cycle = this.#cycle;
    if (cycle === null) return;
    const { clock, logger, rows, serverId } = this.#deps;
    this.#cycle = null;
    this.#stats.cycles += 1;
    this.#stats.lastAtWallMs = clock.wall();
    this.#stats.lastMs = clock.now() - cycle.startedAt;
    // A machine that came meanwhile is taken along, but was not due.
    this.#stats.lastRefreshed = Math.min(cycle.refreshed, cycle.total);
    this.#stats.lastTotal = cycle.total;
    const took = (this.#stats.lastMs / 1_000).toFixed(1);
    const delay = (this.#delayMs / 1_000).toFixed(2);
    const line = `Thumbnail refresh cycle: ${cycle.refreshed}/${rows.size} VMs in ${took}s, delay: ${delay}s, errors: ${cycle.errors}`;
    logger.info(line, { serverId });
    // The server's limiter is asked after each batch, so there are as many measurements as batches.
    logger.info(
      `Batch for ${serverId}: ${cycle.refreshed} succeeded, ${cycle.errors} failed, delay: ${delay}s, ${cycle.batches} measurements`,
      { serverId },
    );
  }
}
