import type { Machine, MachineList, ScreenRefreshStats, Server, ServerLimits, ServerResilience, ServerStats } from '@breakwater/contract';
import { type Clock, type Logger, type Moid, OpsError, type Secret, toOpsError } from '@breakwater/kernel';
import type { Attention } from './attention.ts';
import type { FleetEvents } from './fleet-events.ts';
import { GaugePoller } from './gauge-poller.ts';
import { InventoryKeeper } from './inventory-keeper.ts';
import { LinkRun } from './link-run.ts';
import type { MachineFacts, ServerGauges } from './machine.ts';
import { MachineRows, type RowChanges } from './machine-rows.ts';
import type { FleetOptions } from './options.ts';
import type { InventoryRepository } from './ports/repositories.ts';
import type { ScreenEncoder } from './ports/screen-encoder.ts';
import type { InventoryNews, LinkFigures, ServerLink, ServerLinks } from './ports/server-link.ts';
import { ScreenRefresher } from './screen-refresher.ts';
import type { ScreenStore } from './screen-store.ts';
import type { ServerProduct, ServerRecord } from './server.ts';
import { deriveHealth, type LinkState, type ServerHealth, toServerState } from './server-health.ts';
import { ServerNotices } from './server-notices.ts';
import { toServer } from './server-view.ts';
import { type UnitOptions, UnitProtection } from './unit-protection.ts';

export interface ServerUnitDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: FleetOptions;
  /** What holds while nobody has set anything by hand. */
  readonly configuredLimits: ServerLimits;
  readonly links: ServerLinks;
  readonly inventory: InventoryRepository;
  readonly encoder: ScreenEncoder;
  readonly store: ScreenStore;
  readonly attention: Attention;
  readonly events: FleetEvents;
  /** The whole inventory has just been read from the server. */
  onLoaded(unit: ServerUnit): void;
}

interface KnownData {
  readonly atWallMs: number;
  /** Monotonic; null for data of an earlier process, whose age only the wall clock can tell. */
  readonly confirmedAt: number | null;
}

/** One server with everything that is kept about it. Units share nothing that waits, so a dead server never delays another. */
export class ServerUnit {
  readonly rows: MachineRows;
  readonly protection: UnitProtection;
  readonly #deps: ServerUnitDependencies;
  readonly #logger: Logger;
  readonly #gauges: GaugePoller;
  readonly #screens: ScreenRefresher;
  readonly #keeper: InventoryKeeper;
  readonly #notices: ServerNotices;
  #record: ServerRecord;
  #password: Secret | null;
  readonly #options: UnitOptions;
  #open: LinkRun | null = null;
  #linkState: LinkState = { kind: 'connecting' };
  #product: ServerProduct | null = null;
  #known: KnownData | null = null;

  constructor(deps: ServerUnitDependencies, options: { readonly record: ServerRecord; readonly password: Secret | null }) {
    const { clock, store, encoder, attention, events } = deps;
    this.#deps = deps;
    this.#options = { ...deps.options };
    this.protection = new UnitProtection({ clock, options: this.#options, configuredLimits: deps.configuredLimits });
    this.#record = options.record;
    this.#password = options.password;
    const serverId = options.record.id;
    this.#logger = deps.logger.with({ serverId });
    this.rows = new MachineRows(serverId);
    const shared = { clock, logger: this.#logger, options: this.#options, attention };
    this.#gauges = new GaugePoller({ ...shared, serverId, onGauges: (gauges) => this.#mergeGauges(gauges) });
    this.#screens = new ScreenRefresher({ ...shared, serverId, rows: this.rows, store, encoder, events });
    this.#notices = new ServerNotices(clock, { events, quietEventMs: deps.options.quietEventMs });
    this.#keeper = new InventoryKeeper({
      serverId,
      clock,
      logger: this.#logger,
      repository: deps.inventory,
      changedIntervalMs: deps.options.inventorySaveIntervalMs,
      confirmedIntervalMs: deps.options.inventoryConfirmSaveIntervalMs,
      read: () => (this.#known === null ? null : { dataAtWallMs: this.#known.atWallMs, machines: this.rows.allFacts() }),
    });
  }

  get record(): ServerRecord {
    return this.#record;
  }

  get password(): Secret | null {
    return this.#password;
  }

  get product(): ServerProduct | null {
    return this.#product;
  }

  get gauges(): ServerGauges | null {
    return this.#gauges.gauges;
  }

  /** Milliseconds since the inventory was last known to be true; null before the first load. */
  get dataAgeMs(): number | null {
    if (this.#known === null) return null;
    const { clock } = this.#deps;
    const { confirmedAt, atWallMs } = this.#known;
    return confirmedAt === null ? Math.max(0, clock.wall() - atWallMs) : clock.now() - confirmedAt;
  }

  /** Shows what an earlier process knew, until the server has been reached. */
  restore(saved: { readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] }): void {
    this.rows.load(saved.machines);
    this.#known = { atWallMs: saved.dataAtWallMs, confirmedAt: null };
  }

  /** Opens the link if this server is to be talked to. */
  open(): void {
    if (this.#open !== null || this.#mode() !== 'enabled') return;
    const password = this.#password;
    if (password === null) {
      this.#linkState = { kind: 'no-password' };
      return;
    }
    this.#linkState = { kind: 'connecting' };
    const link = this.#openLink(password);
    if (link === null) return;
    this.#open = new LinkRun({
      link,
      clock: this.#deps.clock,
      logger: this.#logger,
      gauges: this.#gauges,
      screens: this.#screens,
      take: (news) => this.#take(news),
      isOnline: () => this.#linkState.kind === 'online',
    });
    this.protection.attach(this.#open);
  }

  /** Stops talking to the server; what was known stays. */
  async close(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.protection.detach();
    try {
      await open.close();
    } catch (error) {
      this.#logger.warn('Closing the connections of a server failed', { error });
    }
  }

  /** Takes over a changed entry. `reopen`: the link must be made anew with it; `forget`: it may be another machine now. */
  change(options: {
    readonly record: ServerRecord;
    readonly password: Secret | null;
    readonly effect: 'rename' | 'reopen' | 'forget';
  }): void {
    this.#record = options.record;
    this.#password = options.password;
    if (options.effect !== 'rename') {
      // Logging out of the old link may take as long as a dead server likes; the new one does not wait for it.
      void this.close();
      if (options.effect === 'forget') {
        this.#forget();
        this.#keeper.discard().catch((error: unknown) => this.#logger.error('The saved inventory could not be deleted', { error }));
      }
      this.open();
    }
    this.publish();
  }

  /** Ends everything for good; the entry was removed. */
  async discard(): Promise<void> {
    void this.close();
    this.#forget();
    await this.#keeper.discard();
  }

  async stop(): Promise<void> {
    await Promise.all([this.close(), this.#keeper.flush()]);
  }

  health(): ServerHealth {
    const figures = this.figures();
    return deriveHealth({
      mode: this.#mode(),
      isolation: this.protection.controls.isolation,
      polling: this.protection.isPollingPaused ? 'paused' : 'on',
      link: this.#linkState,
      breaker: figures?.breaker ?? null,
      delayMs: figures?.delayMs ?? 0,
      dataAgeMs: this.dataAgeMs,
      nowWallMs: this.#deps.clock.wall(),
      options: this.#options,
    });
  }

  /** The same object until something in it moves. */
  view(): Server {
    return this.#notices.keep(
      toServer({
        record: this.#record,
        hasPassword: this.#password !== null,
        isPollingPaused: this.protection.isPollingPaused,
        health: this.health(),
        dataAtWallMs: this.#known?.atWallMs ?? null,
        machineCount: this.rows.size,
        runningCount: this.rows.runningCount,
        product: this.#product,
        delayMs: this.figures()?.delayMs ?? 0,
        gauges: this.#gauges.gauges,
      }),
    );
  }

  /** Tells listeners what is new. */
  publish(): void {
    this.#notices.publish(this.view());
  }

  /** Asks a connected server for its whole inventory when it has not confirmed it in time. */
  checkFreshness(): void {
    const age = this.dataAgeMs;
    if (this.protection.isPollingPaused) return;
    if (this.#linkState.kind === 'online' && age !== null && age > this.#options.vmListTtlMs) this.#open?.link.invalidate();
  }

  machine(moid: Moid): Machine {
    const machine = this.rows.machine(moid);
    if (machine === null) {
      throw new OpsError({
        code: 'FLEET_MACHINE_UNKNOWN',
        message: 'There is no machine with this id on this server.',
        details: { serverId: this.#record.id, moid: moid.slice(0, 200) },
      });
    }
    return machine;
  }

  machineList(): MachineList {
    const health = this.health();
    const age = this.dataAgeMs;
    return {
      vms: [...this.rows.machines()],
      cached: true,
      cache_age: age === null ? null : age / 1_000,
      stale: age !== null && (age > this.#options.vmListTtlMs || this.#linkState.kind !== 'online' || this.#open === null),
      error: 'problem' in health ? health.problem.text : null,
    };
  }

  stats(): ServerStats | null {
    return this.#gauges.stats();
  }

  screenStats(): ScreenRefreshStats {
    return this.#screens.stats();
  }

  figures(): LinkFigures | null {
    return this.#open?.link.figures() ?? null;
  }

  resilience(): ServerResilience {
    return this.protection.view({
      record: this.#record,
      state: toServerState(this.health()),
      screens: this.#screens.coverage(),
      dataAtWallMs: this.#known?.atWallMs ?? null,
      dataAgeMs: this.dataAgeMs,
    });
  }

  get screenTtlMs(): number {
    return this.#options.thumbnailTtlMs;
  }

  /** The link to act through; refused while the server is not to be talked to. */
  link(): ServerLink {
    if (this.#open !== null) return this.#open.link;
    const { code, reason } = this.#explainClosed();
    throw new OpsError({ code, message: `The server ${reason}.`, details: { serverId: this.#record.id } });
  }

  /** Tries now, on a person's word. */
  retry(): void {
    this.link().retryNow();
    if (this.#linkState.kind === 'lost') this.#linkState = { kind: 'connecting' };
    this.publish();
  }

  /** Null while the server is not to be talked to. */
  currentLink(): ServerLink | null {
    return this.#open?.link ?? null;
  }

  /** Somebody new looks: screens and gauges may be due at once. */
  wake(): void {
    this.#gauges.wake();
    this.#screens.wake();
  }

  forgetPicture(moid: Moid): void {
    this.#screens.forgetPicture(moid);
  }

  #explainClosed(): { readonly code: string; readonly reason: string } {
    const mode = this.#mode();
    if (mode === 'paused') return { code: 'FLEET_SERVER_PAUSED', reason: 'is paused' };
    if (mode === 'disabled') return { code: 'FLEET_SERVER_DISABLED', reason: 'is disabled' };
    if (this.#password === null) return { code: 'FLEET_PASSWORD_MISSING', reason: 'has no usable password' };
    return { code: 'FLEET_LINK_REFUSED', reason: 'cannot be opened with this entry' };
  }

  #openLink(password: Secret): ServerLink | null {
    try {
      return this.#deps.links.open(this.#record, { user: this.#record.user, password });
    } catch (error) {
      const { code, message } = toOpsError(error, { code: 'FLEET_LINK_REFUSED' });
      this.#logger.error('A server could not be opened', { error });
      this.#linkState = { kind: 'lost', trouble: { kind: 'unreachable', code, message }, retryAtWallMs: null };
      return null;
    }
  }

  #mode(): 'enabled' | 'paused' | 'disabled' {
    if (!this.#record.enabled) return 'disabled';
    return this.#record.paused ? 'paused' : 'enabled';
  }

  #take(news: InventoryNews): void {
    const { clock } = this.#deps;
    if (news.kind === 'lost') {
      const retryAtWallMs = news.retryInMs === null ? null : clock.wall() + news.retryInMs;
      this.#linkState = { kind: 'lost', trouble: news.trouble, retryAtWallMs };
      this.publish();
      return;
    }
    const wasOnline = this.#linkState.kind === 'online';
    this.#linkState = { kind: 'online' };
    this.#known = { atWallMs: clock.wall(), confirmedAt: clock.now() };
    if (news.kind === 'loaded') this.#product = news.product;
    const changes = this.#takeFacts(news);
    if (changes === null) this.#keeper.markConfirmed();
    else this.#tell(changes);
    if (!wasOnline || news.kind === 'loaded') this.wake();
    this.publish();
    if (news.kind === 'loaded') this.#deps.onLoaded(this);
  }

  #takeFacts(news: Exclude<InventoryNews, { kind: 'lost' }>): RowChanges | null {
    if (news.kind === 'confirmed') return null;
    const changes = news.kind === 'loaded' ? this.rows.load(news.machines) : this.rows.apply(news.upserted, news.removed);
    return changes.changed.length + changes.removed.length > 0 || news.kind === 'loaded' ? changes : null;
  }

  #tell(changes: RowChanges): void {
    this.#keeper.markChanged();
    for (const moid of changes.blanked) {
      const ref = { serverId: this.#record.id, moid };
      if (this.#screens.blank(moid)) this.#deps.events.publish({ kind: 'screen.changed', ref, hash: null, at: null });
    }
    for (const moid of changes.changed) this.#machineChanged(moid);
    for (const moid of changes.removed) this.#machineRemoved(moid);
    if (changes.changed.length > 0) this.#screens.wake();
  }

  #machineChanged(moid: Moid): void {
    this.#deps.events.machineChanged({ serverId: this.#record.id, moid }, () => this.rows.machine(moid));
  }

  #machineRemoved(moid: Moid): void {
    this.#screens.blank(moid);
    this.#deps.events.machineRemoved({ serverId: this.#record.id, moid });
  }

  #mergeGauges(gauges: ServerGauges): void {
    const changed = this.rows.mergeGauges(gauges.machines, { deadbandPercent: this.#deps.options.gaugeDeadbandPercent });
    for (const moid of changed) this.#machineChanged(moid);
    this.publish();
  }

  #forget(): void {
    const { removed } = this.rows.load([]);
    for (const moid of removed) this.#machineRemoved(moid);
    this.#known = null;
    this.#product = null;
    this.#gauges.clear();
  }
}
