import { randomBytes } from 'node:crypto';
import type { Machine } from '@breakwater/contract';
import {
  type Clock,
  type Logger,
  type MachineRef,
  OpsError,
  Secret,
  type ServerId,
  type TimerHandle,
  toMachineKey,
  toMoid,
  toServerId,
} from '@breakwater/kernel';
import type { DeadLetterStore } from '@breakwater/resilience';
import { createActJournal } from './act-journal.ts';
import { Attention } from './attention.ts';
import { requireConsoleTarget } from './console-target.ts';
import { ControlDesk } from './control-desk.ts';
import { createProtection } from './create-protection.ts';
import { FailedOperations } from './failed-operations.ts';
import type { Fleet } from './fleet.ts';
import { FleetEvents } from './fleet-events.ts';
import { HistoryKeeper } from './history-keeper.ts';
import { toConfiguredLimits } from './limit-presets.ts';
import { OperationsJournal } from './operations-journal.ts';
import { DEFAULT_FLEET_OPTIONS, type FleetOptions } from './options.ts';
import type {
  ControlRepository,
  HistoryRepository,
  InventoryRepository,
  OperationRepository,
  ServerRepository,
} from './ports/repositories.ts';
import type { ScreenEncoder } from './ports/screen-encoder.ts';
import type { ServerLinks } from './ports/server-link.ts';
import { PowerDesk } from './power-desk.ts';
import { toQueueStats } from './queue-figures.ts';
import { SAMPLE_STEP_MS } from './resilience-recorder.ts';
import { RetryDesk } from './retry-desk.ts';
import { ScreenCondenser } from './screen-condenser.ts';
import { ScreenStore } from './screen-store.ts';
import { ServerRegistry, toRecord } from './server-registry.ts';
import { ServerUnit } from './server-unit.ts';

export interface FleetDependencies {
  readonly servers: ServerRepository;
  readonly inventory: InventoryRepository;
  readonly operations: OperationRepository;
  readonly deadLetters: DeadLetterStore;
  readonly controls: ControlRepository;
  readonly histories: HistoryRepository;
  readonly links: ServerLinks;
  readonly encoder: ScreenEncoder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Secret behind the content addresses of screens. Default: a new one per process; pass a kept one to let browser caches outlive a restart. */
  readonly screenKey?: Uint8Array;
  /** What differs from `DEFAULT_FLEET_OPTIONS`. */
  readonly options?: Partial<FleetOptions>;
}

const PROBE_TIMEOUT_MS = 20_000;
/** How often failed operations are looked through for old ones. */
const SWEEP_INTERVAL_MS = 3_600_000;

export function createFleet(deps: FleetDependencies): Fleet {
  const { clock, logger, links } = deps;
  const options: FleetOptions = { ...DEFAULT_FLEET_OPTIONS, ...deps.options };
  const events = new FleetEvents(clock, { logger, mergeMs: options.eventMergeMs });
  const attention = new Attention(clock, options);
  const journal = new OperationsJournal({ repository: deps.operations, clock, logger, events });
  const failed = new FailedOperations({
    store: deps.deadLetters,
    clock,
    logger,
    events,
    maxLetters: options.failedOperationsMax,
    maxAgeMs: options.failedOperationsMaxAgeMs,
  });
  const desk = new PowerDesk({ clock, logger, journal, failed, stopGraceMs: options.stopGraceMs });
  const controlDesk = new ControlDesk({ clock, logger, journal, events, repository: deps.controls });
  const histories = new HistoryKeeper({ clock, logger, repository: deps.histories });
  const configuredLimits = toConfiguredLimits(links.limits, options);
  const store = new ScreenStore(clock, {
    key: deps.screenKey ?? randomBytes(32),
    ttlMs: options.thumbnailTtlMs,
    maxBytes: options.screenMemoryBytes,
    onEvicted: (machineKey) => {
      const ref = parseMachineKey(machineKey);
      registry.find(ref.serverId)?.forgetPicture(ref.moid);
    },
  });
  const condenser = new ScreenCondenser({ store, encoder: deps.encoder, logger, maxPending: options.screenCondensePending });
  const onLoaded = (unit: ServerUnit): void => {
    desk.settle(unit).catch((error: unknown) => logger.error('Settling operations failed', { error }));
  };
  const unitDeps = {
    clock,
    logger,
    options,
    configuredLimits,
    links,
    inventory: deps.inventory,
    encoder: deps.encoder,
    store,
    attention,
    events,
    onLoaded,
  };
  const registry = new ServerRegistry({
    servers: deps.servers,
    inventory: deps.inventory,
    links,
    logger,
    createUnit: (unit) => new ServerUnit(unitDeps, unit),
    onRemoved(id) {
      controlDesk.forget(id);
      events.publish({ kind: 'server.removed', id });
      failed
        .forgetServer(id)
        .catch((error: unknown) => logger.error('Failed operations of a removed server could not be dropped', { error }));
    },
  });
  const retries = new RetryDesk({ clock, failed, journal, desk, registry });
  const sweep = (): void => {
    failed.sweep().catch((error: unknown) => logger.error('Old failed operations could not be dropped', { error }));
  };
  const timers = new Set<TimerHandle>();
  const every = (intervalMs: number, task: () => void): void => {
    const timer = clock.after(intervalMs, () => {
      timers.delete(timer);
      task();
      every(intervalMs, task);
    });
    timers.add(timer);
  };
  attention.onGrowth(() => {
    for (const unit of registry.units()) unit.wake();
  });
  let state: 'idle' | 'running' | 'stopped' = 'idle';
  let cachedMachines: { readonly parts: readonly (readonly Machine[])[]; readonly all: readonly Machine[] } = { parts: [], all: [] };
  const selectUnits = (id: ServerId | undefined): readonly ServerUnit[] => (id === undefined ? registry.units() : [registry.unit(id)]);

  return {
    async start() {
      if (state !== 'idle') throw new OpsError({ code: 'FLEET_STARTED_TWICE', message: 'A fleet is started once.' });
      state = 'running';
      await registry.load();
      await desk.reconcile();
      await controlDesk.load((id) => registry.find(id));
      await histories.load((id) => registry.find(id));
      for (const unit of registry.units()) unit.open();
      sweep();
      every(SWEEP_INTERVAL_MS, sweep);
      every(SAMPLE_STEP_MS, () => {
        for (const unit of registry.units()) unit.protection.sample();
      });
      every(options.historySaveIntervalMs, () => void histories.save(registry.units()));
      every(options.healthTickMs, () => {
        for (const unit of registry.units()) unit.publish();
      });
      every(options.backgroundRefreshIntervalMs, () => {
        for (const unit of registry.units()) unit.checkFreshness();
        journal.saveRest().catch((error: unknown) => logger.error('Writing operations failed', { error }));
      });
    },
    async stop() {
      if (state !== 'running') return;
      state = 'stopped';
      for (const timer of timers) timer.cancel();
      condenser.close();
      await registry.settled();
      await desk.stop();
      await failed.settled();
      await controlDesk.stop();
      await histories.save(registry.units());
      await Promise.all(registry.units().map((unit) => unit.stop()));
      events.flush();
    },
    subscribe: (listener) => events.subscribe(listener),

    servers: () => registry.units().map((unit) => unit.view()),
    server: (id) => registry.unit(id).view(),
    addServer: (input) => registry.add(input),
    updateServer: (id, input) => registry.update(id, input),
    removeServer: (id) => registry.remove(id),
    async testServer(id, { signal }) {
      const { record, password } = registry.unit(id);
      if (password === null)
        throw new OpsError({ code: 'FLEET_PASSWORD_MISSING', message: 'No usable password is stored for this server.' });
      return links.test(record, { user: record.user, password }, { signal });
    },
    probeServer: (address, { signal }) => links.probe(address, { signal }),
    testCandidate: (input, { signal }) =>
      links.test(toRecord(toServerId('candidate'), input), { user: input.user, password: new Secret(input.password) }, { signal }),
    async trustServer(id, sha256) {
      const controller = new AbortController();
      const timeout = new OpsError({ code: 'FLEET_PROBE_TIMEOUT', message: 'The server did not show its certificate in time.' });
      const timer = clock.after(PROBE_TIMEOUT_MS, () => controller.abort(timeout));
      try {
        return await registry.trust(id, { sha256, signal: controller.signal });
      } finally {
        timer.cancel();
      }
    },
    async retryServer(id, { actor }) {
      const unit = registry.unit(id);
      // Whoever wants to try now does not want what keeps everything away.
      if (unit.protection.controls.isolation !== null) await controlDesk.reset(unit, { actor });
      unit.retry();
    },
    protection: createProtection({ registry, desk: controlDesk, configuredLimits }),
    invalidate(id) {
      for (const unit of selectUnits(id)) unit.currentLink()?.invalidate();
    },
    stats(id) {
      const unit = registry.unit(id);
      attention.touch();
      return unit.stats();
    },
    pipelines: () => registry.units().flatMap((unit) => unit.figures()?.pipeline ?? []),
    queueStats: () => toQueueStats(registry.units(), { store, options, isRunning: state === 'running' }),

    machines() {
      const parts = registry.units().map((unit) => unit.rows.machines());
      const isSame = parts.length === cachedMachines.parts.length && parts.every((part, index) => part === cachedMachines.parts[index]);
      if (!isSame) cachedMachines = { parts, all: parts.flat() };
      return cachedMachines.all;
    },
    machine: (ref) => registry.unit(ref.serverId).machine(ref.moid),
    machineList(id) {
      const unit = registry.unit(id);
      attention.touch();
      return unit.machineList();
    },
    setVisible: (viewer, machines) => attention.setVisible(viewer, machines),
    dropViewer: (viewer) => attention.dropViewer(viewer),
    screen(ref) {
      const unit = registry.unit(ref.serverId);
      unit.machine(ref.moid);
      attention.touch();
      const screen = store.ofMachine(toMachineKey(ref));
      unit.protection.noteScreenRead(screen === null ? 'miss' : 'hit');
      return screen === null ? null : { ...screen, isStale: screen.ageMs > unit.screenTtlMs };
    },
    screenByHash(hash) {
      const holder = store.holderOf(hash);
      if (holder !== null) registry.find(parseMachineKey(holder).serverId)?.protection.noteScreenRead('hit');
      return store.byHash(hash);
    },
    condensedScreen: (hash) => condenser.condense(hash),
    screenHashes(id) {
      const unit = registry.unit(id);
      attention.touch();
      return Object.fromEntries(
        unit.rows.machines().flatMap(({ moid, screen_hash: hash }) => (hash === null ? [] : [[moid, hash] as const])),
      );
    },

    async power(ref, verb, { actor }) {
      return desk.begin(registry.unit(ref.serverId), { moid: ref.moid, verb, actor });
    },
    journal: createActJournal({ journal, clock }),
    operation: (id) => journal.find(id),
    operations: (page) => journal.list(page),
    async failedOperations(question) {
      const [letters, total] = await Promise.all([failed.list(question), failed.count()]);
      return { dead_letters: [...letters], total };
    },
    retryFailedOperation: (id, request) => retries.retry(id, request),
    discardFailedOperation: (id, discarding) => retries.discard(id, discarding),
    async openConsole(ref, { signal }) {
      const unit = registry.unit(ref.serverId);
      const { power_state: powerState } = unit.machine(ref.moid);
      if (powerState === 'poweredOff' || powerState === 'suspended') {
        throw new OpsError({
          code: 'FLEET_MACHINE_OFF',
          message: 'The machine is not running, so it has no console.',
          details: { powerState },
        });
      }
      const door = await unit.link().openConsole(ref.moid, { signal });
      return requireConsoleTarget(door, { configuredHost: unit.record.host, inventoryHosts: listInventoryHosts(unit) });
    },
  };
}

/** Only a vCenter may send a console elsewhere: to a host that it manages. */
function listInventoryHosts(unit: ServerUnit): ReadonlySet<string> {
  if (unit.product?.apiType !== 'VirtualCenter') return new Set();
  const fromMachines = unit.rows.allFacts().flatMap(({ hostName }) => hostName ?? []);
  const fromGauges = (unit.gauges?.hosts ?? []).map(({ name }) => name);
  return new Set([...fromMachines, ...fromGauges]);
}

/** Server ids hold no slash; machine ids may. */
function parseMachineKey(key: string): MachineRef {
  const slash = key.indexOf('/');
  return { serverId: toServerId(key.slice(0, slash)), moid: toMoid(key.slice(slash + 1)) };
}
