import type { ServerStats } from '@breakwater/contract';
import { type Clock, type Logger, type OpsError, type ServerId, toOpsError } from '@breakwater/kernel';
import type { Attention } from './attention.ts';
import type { ServerGauges } from './machine.ts';
import type { FleetOptions } from './options.ts';
import type { ServerLink } from './ports/server-link.ts';
import { Wakeup } from './wakeup.ts';

export interface GaugePollerDependencies {
  readonly serverId: ServerId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: FleetOptions;
  readonly attention: Attention;
  /** New figures have come. */
  onGauges(gauges: ServerGauges): void;
}

/** Reads one server's gauges at the pace of the background cycle while somebody is there, and rarely while nobody is. */
export class GaugePoller {
  readonly #deps: GaugePollerDependencies;
  readonly #wakeup: Wakeup;
  #gauges: ServerGauges | null = null;
  #readAt: number | null = null;
  #problem: OpsError | null = null;

  constructor(deps: GaugePollerDependencies) {
    this.#deps = deps;
    this.#wakeup = new Wakeup(deps.clock);
  }

  get gauges(): ServerGauges | null {
    return this.#gauges;
  }

  /** Looks at once whether the figures are too old. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** Forgets the figures of another machine that stood behind the same entry. */
  clear(): void {
    this.#gauges = null;
    this.#readAt = null;
    this.#problem = null;
  }

  async run(link: ServerLink, options: { readonly signal: AbortSignal; isReady(): boolean }): Promise<void> {
    const { backgroundRefreshIntervalMs } = this.#deps.options;
    while (!options.signal.aborted) {
      if (options.isReady() && this.#isDue()) await this.#read(link, options.signal);
      await this.#wakeup.wait(backgroundRefreshIntervalMs, options);
    }
  }

  stats(): ServerStats | null {
    const gauges = this.#gauges;
    if (gauges === null) return null;
    const { cpu, memory } = gauges;
    return {
      cpu:
        cpu === null
          ? null
          : {
              usage_percent: toPercent(cpu.usageMhz, cpu.totalMhz),
              num_cores: cpu.cores,
              usage_mhz: cpu.usageMhz,
              total_mhz: cpu.totalMhz,
            },
      memory:
        memory === null
          ? null
          : { used: memory.usedBytes, total: memory.totalBytes, percent: toPercent(memory.usedBytes, memory.totalBytes) },
      datastores: gauges.datastores.map(({ name, type, capacityBytes, freeBytes, accessible }) => ({
        name,
        type,
        capacity: capacityBytes,
        free: freeBytes,
        used: Math.max(0, capacityBytes - freeBytes),
        accessible,
      })),
      hosts: gauges.hosts.map(({ name, connectionState, inMaintenanceMode }) => ({
        name,
        connection_state: connectionState,
        in_maintenance_mode: inMaintenanceMode,
      })),
      cache_age: this.#readAt === null ? null : this.#ageMs() / 1_000,
      error: this.#problem?.message ?? null,
    };
  }

  /** Due when the age would pass its limit before the middle of the next cycle: a cycle as long as the limit must not skip every second turn. */
  #isDue(): boolean {
    const { statsTtlMs, idleGaugeIntervalMs, backgroundRefreshIntervalMs } = this.#deps.options;
    const limitMs = this.#deps.attention.isWatched() ? statsTtlMs : idleGaugeIntervalMs;
    const slackMs = Math.min(backgroundRefreshIntervalMs, limitMs) / 2;
    return this.#readAt === null || this.#ageMs() + slackMs >= limitMs;
  }

  #ageMs(): number {
    return this.#deps.clock.now() - (this.#readAt ?? 0);
  }

  async #read(link: ServerLink, signal: AbortSignal): Promise<void> {
    try {
      const gauges = await link.readGauges({ signal });
      if (signal.aborted) return;
      this.#gauges = gauges;
      this.#readAt = this.#deps.clock.now();
      this.#problem = null;
      this.#deps.onGauges(gauges);
    } catch (error) {
      if (signal.aborted) return;
      this.#problem = toOpsError(error, { code: 'FLEET_GAUGES_FAILED' });
      const { code, message } = this.#problem;
      this.#deps.logger.info(`Returning stale stats cache for ${this.#deps.serverId} due to error`, { code, error: message });
    }
  }
}

export function toPercent(used: number, total: number): number {
  return total > 0 ? Math.round((used / total) * 1_000) / 10 : 0;
}
