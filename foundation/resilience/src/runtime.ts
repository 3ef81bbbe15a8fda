import { type Clock, type Random, systemClock, systemRandom } from '@breakwater/kernel';
import { Deadlines } from './deadline-list.ts';
import type { EventListener } from './events.ts';
import { invalidSpec } from './invalid-spec.ts';
import { buildPipeline, type Pipeline, type PipelineSnapshot } from './pipeline.ts';
import type { SharedBreakers } from './shared-breakers.ts';
import type { PipelineSpec } from './spec.ts';

export interface RuntimeOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Named specifications that `pipeline` may be asked for. */
  readonly profiles?: Readonly<Record<string, PipelineSpec>>;
  /** Hears the events of all pipelines. */
  readonly onEvent?: EventListener;
  /** Shares the states of the breakers with other processes, by key. */
  readonly shared?: SharedBreakers;
}

/** The pipelines of a program: one per key, with shared timers and one place for figures. Keys need not be few: an idle pipeline has no timer. */
export interface Runtime {
  /**
   * The pipeline of that key; made at the first call and the same from then on, whatever specification is named later.
   * `RESILIENCE_SPEC_INVALID` for a profile that does not exist.
   */
  pipeline(profile: string | PipelineSpec, key: string): Pipeline;
  find(key: string): Pipeline | undefined;
  /** Closes and forgets the pipeline of that key. */
  remove(key: string): void;
  snapshots(): readonly PipelineSnapshot[];
  /** Closes every breaker by hand. */
  resetAll(reason?: string): void;
  /** Closes all pipelines, later ones included. */
  close(): void;
}

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return new PipelineRegistry(options);
}

class PipelineRegistry implements Runtime {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #profiles: ReadonlyMap<string, PipelineSpec>;
  readonly #onEvent: EventListener | undefined;
  readonly #deadlines: Deadlines;
  readonly #shared: SharedBreakers | undefined;
  readonly #pipelines = new Map<string, Pipeline>();
  #isClosed = false;

  constructor(options: RuntimeOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#profiles = new Map(Object.entries(options.profiles ?? {}));
    this.#onEvent = options.onEvent;
    this.#shared = options.shared;
    this.#deadlines = new Deadlines(this.#clock);
  }

  pipeline(profile: string | PipelineSpec, key: string): Pipeline {
    const existing = this.#pipelines.get(key);
    if (existing !== undefined) return existing;
    const pipeline = buildPipeline(this.#toSpec(profile), {
      key,
      clock: this.#clock,
      random: this.#random,
      deadlines: this.#deadlines,
      onEvent: this.#onEvent,
      shared: this.#shared,
    });
    if (this.#isClosed) pipeline.close();
    this.#pipelines.set(key, pipeline);
    return pipeline;
  }

  find(key: string): Pipeline | undefined {
    return this.#pipelines.get(key);
  }

  remove(key: string): void {
    this.#pipelines.get(key)?.close();
    this.#pipelines.delete(key);
  }

  snapshots(): readonly PipelineSnapshot[] {
    return Array.from(this.#pipelines.values(), (pipeline) => pipeline.snapshot());
  }

  resetAll(reason?: string): void {
    for (const pipeline of this.#pipelines.values()) pipeline.breaker?.reset(reason);
  }

  close(): void {
    this.#isClosed = true;
    for (const pipeline of this.#pipelines.values()) pipeline.close();
  }

  #toSpec(profile: string | PipelineSpec): PipelineSpec {
    if (typeof profile !== 'string') return profile;
    const spec = this.#profiles.get(profile);
    if (spec === undefined)
      throw invalidSpec(`There is no profile "${profile}"; known are: ${[...this.#profiles.keys()].join(', ') || 'none'}.`);
    return spec;
  }
}
