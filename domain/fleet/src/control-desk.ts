import { type LimitsRequest, type Operation, type ServerLimits, serverLimitsSchema } from '@breakwater/contract';
import {
  type Clock,
  createId,
  formatInstant,
  type Logger,
  OpsError,
  type ServerId,
  type TimerHandle,
  toOpsError,
} from '@breakwater/kernel';
import type { FleetEvents } from './fleet-events.ts';
import { LIMIT_PRESETS } from './limit-presets.ts';
import type { OperationsJournal } from './operations-journal.ts';
import type { ControlRepository } from './ports/repositories.ts';
import type { HoldOptions } from './protection.ts';
import { CONTROL_NAMES, type ControlName, type LimitOrigin, type ServerControls, toHand, toRestMs } from './server-controls.ts';
import type { ServerUnit } from './server-unit.ts';

export interface ControlDeskDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: OperationsJournal;
  readonly events: FleetEvents;
  readonly repository: ControlRepository;
}

/** Who ends what has run out of time. */
const ITSELF = 'breakwater';

/** One step: what it is called in the journal, what it changes, and what it does to the link besides. */
interface Act {
  readonly kind: string;
  readonly actor: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** False: by its turn there is nothing left to do. */
  isDue?(before: ServerControls): boolean;
  change(before: ServerControls): ServerControls;
  follow?(): void;
}

/** What runs out, in the words of the journal. */
const ENDINGS: Readonly<Record<ControlName, string>> = {
  isolation: 'breaker.end_isolation',
  polling: 'polling.resume',
  limits: 'limits.revert',
};

/** Acts on how servers are protected: written down first, then kept, then done; and undone when their time is over. */
export class ControlDesk {
  readonly #deps: ControlDeskDependencies;
  readonly #timers = new Map<string, TimerHandle>();
  #changes: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(deps: ControlDeskDependencies) {
    this.#deps = deps;
  }

  /** Takes over what an earlier process kept. What ran out meanwhile ends now, as it would have then. */
  async load(find: (id: ServerId) => ServerUnit | undefined): Promise<void> {
    for (const { serverId, controls } of await this.#deps.repository.load()) {
      const unit = find(serverId);
      if (unit === undefined) continue;
      unit.protection.apply(controls);
      this.#arm(unit);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    await this.#changes;
  }

  forget(id: ServerId): void {
    for (const name of CONTROL_NAMES) this.#disarm(id, name);
  }

  trip(unit: ServerUnit, options: { readonly actor: string; readonly reason: string | null }): Promise<void> {
    const { actor, reason } = options;
    const link = unit.link();
    return this.#act(unit, {
      kind: 'breaker.trip',
      actor,
      details: { reason },
      change: (before) => ({ ...before, isolation: null }),
      follow: () => link.tripBreaker(reason ?? 'by hand'),
    });
  }

  isolate(unit: ServerUnit, options: HoldOptions & { readonly reason: string | null }): Promise<void> {
    const { reason } = options;
    return this.#act(unit, {
      kind: 'breaker.isolate',
      actor: options.actor,
      details: { reason },
      change: (before) => ({ ...before, isolation: { ...this.#hold(options), reason } }),
    });
  }

  reset(unit: ServerUnit, options: { readonly actor: string }): Promise<void> {
    return this.#act(unit, {
      kind: 'breaker.reset',
      actor: options.actor,
      change: (before) => ({ ...before, isolation: null }),
      follow: () => unit.currentLink()?.resetBreaker(),
    });
  }

  pausePolling(unit: ServerUnit, options: HoldOptions): Promise<void> {
    return this.#act(unit, {
      kind: 'polling.pause',
      actor: options.actor,
      change: (before) => ({ ...before, polling: this.#hold(options) }),
    });
  }

  resumePolling(unit: ServerUnit, options: { readonly actor: string }): Promise<void> {
    return this.#act(unit, { kind: 'polling.resume', actor: options.actor, change: (before) => ({ ...before, polling: null }) });
  }

  setLimits(unit: ServerUnit, change: Pick<LimitsRequest, 'preset' | 'limits'>, options: HoldOptions): Promise<void> {
    return this.#act(unit, {
      kind: 'limits.set',
      actor: options.actor,
      change: (before) => ({ ...before, limits: { ...this.#hold(options), ...chooseLimits(change, unit.protection.limits()) } }),
    });
  }

  revertLimits(unit: ServerUnit, options: { readonly actor: string }): Promise<void> {
    return this.#act(unit, { kind: 'limits.revert', actor: options.actor, change: (before) => ({ ...before, limits: null }) });
  }

  #hold({ actor, forMs }: HoldOptions) {
    const now = this.#deps.clock.wall();
    return { actor, sinceWallMs: now, untilWallMs: forMs === null ? null : now + forMs };
  }

  /** One after the other, so that what is written as "before" was really so. */
  #act(unit: ServerUnit, act: Act): Promise<void> {
    const result = this.#changes.then(() => this.#run(unit, act));
    this.#changes = result.catch(() => undefined);
    return result;
  }

  async #run(unit: ServerUnit, act: Act): Promise<void> {
    const { journal, repository, logger, events } = this.#deps;
    const serverId = unit.record.id;
    const before = unit.protection.controls;
    if (act.isDue?.(before) === false) return;
    const after = act.change(before);
    const operation = this.#describe(unit, act, { before: toRecord(unit, before), after: toRecord(unit, after) });
    try {
      await journal.insert(operation);
    } catch (cause) {
      throw new OpsError({ code: 'FLEET_JOURNAL_FAILED', message: 'The operation could not be written down, so it was not begun.', cause });
    }
    try {
      await repository.save(serverId, after);
    } catch (error) {
      const { code, message } = toOpsError(error, { code: 'FLEET_CONTROL_FAILED' });
      await journal.end(operation, { state: 'failed', error_code: code, error: message });
      throw error;
    }
    unit.protection.apply(after);
    act.follow?.();
    this.#arm(unit);
    logger.info(`Protection of a server was changed: ${act.kind}`, { serverId, actor: act.actor });
    await journal.end(operation, { state: 'succeeded', progress_percent: 100 });
    unit.publish();
    events.publish({ kind: 'resilience.changed', id: serverId });
  }

  #describe(unit: ServerUnit, act: Act, states: { readonly before: unknown; readonly after: unknown }): Operation {
    const now = formatInstant(this.#deps.clock.wall());
    return {
      id: createId(),
      kind: act.kind,
      server_id: unit.record.id,
      moid: null,
      machine_name: null,
      actor: act.actor,
      state: 'running',
      progress_percent: null,
      error_code: null,
      error: null,
      details: { server_name: unit.record.name, ...act.details, ...states },
      created_at: now,
      updated_at: now,
    };
  }

  #arm(unit: ServerUnit): void {
    for (const name of CONTROL_NAMES) {
      this.#disarm(unit.record.id, name);
      const control = unit.protection.controls[name];
      const restMs = control === null ? null : toRestMs(control, this.#deps.clock.wall());
      if (restMs === null) continue;
      const timer = this.#deps.clock.after(restMs, () => this.#end(unit, name));
      this.#timers.set(toTimerKey(unit.record.id, name), timer);
    }
  }

  #disarm(id: ServerId, name: ControlName): void {
    this.#timers.get(toTimerKey(id, name))?.cancel();
    this.#timers.delete(toTimerKey(id, name));
  }

  /** Its time is over. A journal that cannot be written must not keep a server isolated or slowed for ever. */
  #end(unit: ServerUnit, name: ControlName): void {
    const ended = unit.protection.controls[name];
    this.#act(unit, {
      kind: ENDINGS[name],
      actor: ITSELF,
      // Somebody may have set it anew while this waited for its turn.
      isDue: (before) => before[name] === ended,
      change: (before) => ({ ...before, [name]: null }),
    }).catch((error: unknown) => {
      if (this.#isStopped) return;
      this.#deps.logger.error('What was set by hand has run out, but that could not be written down', {
        serverId: unit.record.id,
        control: name,
        error,
      });
      if (unit.protection.controls[name] === ended) unit.protection.apply({ ...unit.protection.controls, [name]: null });
    });
  }
}

const toTimerKey = (id: ServerId, name: ControlName): string => `${id} ${name}`;

function chooseLimits(
  change: Pick<LimitsRequest, 'preset' | 'limits'>,
  now: ServerLimits,
): { readonly origin: LimitOrigin; readonly values: ServerLimits } {
  if (change.preset !== undefined) return { origin: change.preset, values: LIMIT_PRESETS[change.preset] };
  const given = Object.fromEntries(Object.entries(change.limits ?? {}).filter(([, value]) => value !== undefined));
  const parsed = serverLimitsSchema.safeParse({ ...now, ...given });
  if (parsed.success) return { origin: 'numbers', values: parsed.data };
  const [issue] = parsed.error.issues;
  throw new OpsError({
    code: 'FLEET_LIMITS_INVALID',
    message: `${issue?.path.join('.') ?? 'limits'}: ${issue?.message ?? 'out of range'}`,
  });
}

/** As the journal keeps it: limits as they hold, times as text. */
function toRecord(unit: ServerUnit, controls: ServerControls): Readonly<Record<string, unknown>> {
  const { isolation, polling, limits } = controls;
  return {
    breaker: unit.figures()?.breaker.state ?? null,
    isolation: isolation === null ? null : { ...toHand(isolation), reason: isolation.reason },
    polling_paused: polling === null ? null : toHand(polling),
    limits: {
      origin: limits?.origin ?? 'configured',
      values: limits?.values ?? unit.protection.configuredLimits,
      until: limits === null ? null : toHand(limits).until,
    },
  };
}
