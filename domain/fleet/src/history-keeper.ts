import type { Clock, Logger, ServerId } from '@breakwater/kernel';
import type { HistoryRepository } from './ports/repositories.ts';
import type { ServerUnit } from './server-unit.ts';

export interface HistoryKeeperDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly repository: HistoryRepository;
}

/** Keeps what was recorded about protection over a restart. Losing it costs a few charts, so no failure goes further than the log. */
export class HistoryKeeper {
  readonly #deps: HistoryKeeperDependencies;
  #saving: Promise<void> = Promise.resolve();

  constructor(deps: HistoryKeeperDependencies) {
    this.#deps = deps;
  }

  async load(find: (id: ServerId) => ServerUnit | undefined): Promise<void> {
    const { clock, logger, repository } = this.#deps;
    try {
      for (const { serverId, bytes } of await repository.load()) {
        const unit = find(serverId);
        if (unit !== undefined && !unit.protection.recorder.restore(bytes, clock.wall())) {
          logger.warn('The kept figures of a server are of another kind, or of the future, and begin anew', { serverId });
        }
      }
    } catch (error) {
      logger.warn('The kept figures of servers could not be read; they begin anew', { error });
    }
  }

  /** One save at a time: a slow disk must not gather them. */
  save(units: readonly ServerUnit[]): Promise<void> {
    this.#saving = this.#saving.then(() => this.#saveAll(units));
    return this.#saving;
  }

  async #saveAll(units: readonly ServerUnit[]): Promise<void> {
    for (const unit of units) {
      try {
        await this.#deps.repository.save(unit.record.id, unit.protection.recorder.dump());
      } catch (error) {
        this.#deps.logger.warn('The figures of a server could not be kept', { serverId: unit.record.id, error });
      }
    }
  }
}
