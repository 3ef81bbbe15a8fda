import type { ServerLimits, ServerResilience, ServerState } from '@breakwater/contract';
import type { Clock } from '@breakwater/kernel';
import { toLinkLimits } from './limit-presets.ts';
import type { LinkRun } from './link-run.ts';
import type { FleetOptions } from './options.ts';
import type { ServerLink } from './ports/server-link.ts';
import { type Measurement, ResilienceRecorder } from './resilience-recorder.ts';
import { toServerResilience } from './resilience-view.ts';
import type { ScreenCoverage } from './screen-refresher.ts';
import type { ServerRecord } from './server.ts';
import { NO_CONTROLS, type ServerControls, toRestMs } from './server-controls.ts';

/** Options of one server alone: a person may set its pace. */
export type UnitOptions = { -readonly [Key in keyof FleetOptions]: FleetOptions[Key] };

export interface UnitProtectionDependencies {
  readonly clock: Clock;
  readonly options: UnitOptions;
  /** What holds while nobody has set anything by hand. */
  readonly configuredLimits: ServerLimits;
}

/** What is set by hand about one server, and what was recorded of its protection. Lives longer than its links. */
export class UnitProtection {
  readonly recorder = new ResilienceRecorder();
  readonly configuredLimits: ServerLimits;
  readonly #clock: Clock;
  readonly #options: UnitOptions;
  readonly #screenReads = { hits: 0, misses: 0 };
  #controls: ServerControls = NO_CONTROLS;
  #run: LinkRun | null = null;

  constructor(deps: UnitProtectionDependencies) {
    this.#clock = deps.clock;
    this.#options = deps.options;
    this.configuredLimits = deps.configuredLimits;
  }

  get controls(): ServerControls {
    return this.#controls;
  }

  get isPollingPaused(): boolean {
    return this.#controls.polling !== null;
  }

  /** What holds now. */
  limits(): ServerLimits {
    return this.#controls.limits?.values ?? this.configuredLimits;
  }

  /** A link has been opened, and what is set by hand holds for it too. */
  attach(run: LinkRun): void {
    this.#run = run;
    run.link.setLimits(toLinkLimits(this.limits()));
    this.#isolate(run.link);
    if (!this.isPollingPaused) run.start();
  }

  detach(): void {
    this.#run = null;
  }

  /** From now on this is what people have set by hand. */
  apply(next: ServerControls): void {
    const before = this.#controls;
    this.#controls = next;
    const limits = this.limits();
    this.#options.thumbnailTtlMs = limits.thumbnail_ttl_ms;
    this.#options.vmListTtlMs = limits.list_ttl_ms;
    const run = this.#run;
    if (run === null) return;
    run.link.setLimits(toLinkLimits(limits));
    if (next.isolation !== before.isolation) this.#isolate(run.link);
    if (next.polling === null) run.start();
    else if (before.polling === null) run.pause();
  }

  /** To be called at every step of the record. */
  sample(): void {
    this.recorder.add(this.#clock.wall(), this.#measure());
  }

  /** Somebody asked for a screen of this server. */
  noteScreenRead(outcome: 'hit' | 'miss'): void {
    this.#screenReads[outcome === 'hit' ? 'hits' : 'misses'] += 1;
  }

  view(server: {
    readonly record: ServerRecord;
    readonly state: ServerState;
    readonly screens: ScreenCoverage;
    readonly dataAtWallMs: number | null;
    readonly dataAgeMs: number | null;
  }): ServerResilience {
    return toServerResilience({
      ...server,
      now: this.#measure(),
      recorder: this.recorder,
      controls: this.#controls,
      limits: this.limits(),
      screenReads: this.#screenReads,
      nowWallMs: this.#clock.wall(),
      options: this.#options,
    });
  }

  #measure(): Measurement | null {
    const link = this.#run?.link;
    return link === undefined ? null : { figures: link.figures(), waits: link.waitCounts() };
  }

  #isolate(link: ServerLink): void {
    const { isolation } = this.#controls;
    if (isolation === null) return;
    const forMs = toRestMs(isolation, this.#clock.wall());
    if (forMs !== 0) link.isolate(isolation.reason ?? 'by hand', { forMs });
  }
}
