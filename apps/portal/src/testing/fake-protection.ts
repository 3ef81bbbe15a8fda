import type { HistorySpan, ResilienceHistory, ServerResilience } from '@breakwater/contract';
import { type Fleet, LIMIT_PRESETS } from '@breakwater/fleet';
import { OpsError, type ServerId } from '@breakwater/kernel';
import { LIMITS, makeHistory, makeResilience } from './samples.ts';

export interface FakeProtectionOptions {
  readonly ids: () => readonly string[];
  readonly note: (name: string, input: unknown) => void;
  readonly changed: (id: ServerId) => void;
}

/** Notes what it is asked to do and shows what a test has set. */
export class FakeProtection {
  readonly presets = LIMIT_PRESETS;
  readonly configuredLimits = LIMITS;
  readonly rows = new Map<string, Partial<ServerResilience>>();
  readonly #options: FakeProtectionOptions;

  constructor(options: FakeProtectionOptions) {
    this.#options = options;
  }

  servers(): readonly ServerResilience[] {
    return this.#options.ids().map((id) => makeResilience({ id, ...this.rows.get(id) }));
  }

  server(id: ServerId): ServerResilience {
    const row = this.servers().find((candidate) => candidate.id === id);
    if (row === undefined) throw new OpsError({ code: 'FLEET_SERVER_UNKNOWN', message: 'No such server.' });
    return row;
  }

  history(id: ServerId, span: HistorySpan): ResilienceHistory {
    this.server(id);
    return makeHistory(span);
  }

  trip = (id: ServerId, options: unknown): Promise<void> => this.#act('trip', { id, options });
  isolate = (id: ServerId, options: unknown): Promise<void> => this.#act('isolate', { id, options });
  pausePolling = (id: ServerId, options: unknown): Promise<void> => this.#act('pausePolling', { id, options });
  resumePolling = (id: ServerId, options: unknown): Promise<void> => this.#act('resumePolling', { id, options });
  revertLimits = (id: ServerId, options: unknown): Promise<void> => this.#act('revertLimits', { id, options });

  setLimits: Fleet['protection']['setLimits'] = (id, change, options) => this.#act('setLimits', { id, options: { ...change, ...options } });

  async reset(id: ServerId | undefined, _options: { readonly actor: string }): Promise<void> {
    if (id === undefined) this.#options.note('resetBreaker', null);
    else {
      this.server(id);
      this.#options.note('resetBreaker', id);
    }
  }

  async #act(name: string, { id, options }: { readonly id: ServerId; readonly options: unknown }): Promise<void> {
    this.server(id);
    this.#options.note(name, { id, options });
    this.#options.changed(id);
  }
}
