import type {
  DeadLetterList,
  DeadLetterRetried,
  DeadLetterView,
  Machine,
  MachineList,
  Operation,
  PowerVerb,
  QueueStats,
  Server,
  ServerCreate,
  ServerStats,
  ServerTest,
  ServerUpdate,
} from '@breakwater/contract';
import type { CondensedScreen, ConsoleDoor, Fleet, FleetEvent, RetryRequest, StoredScreen } from '@breakwater/fleet';
import { MemoryActJournal } from '@breakwater/host-config/testing';
import {
  type Clock,
  formatInstant,
  type MachineRef,
  type OperationId,
  OpsError,
  type ServerId,
  toMachineKey,
  toMoid,
  toServerId,
} from '@breakwater/kernel';
import { createPipeline, esxiPreset, type PipelineSnapshot } from '@breakwater/resilience';
import { FakeProtection } from './fake-protection.ts';
import { makeMachine, makeOperation, makeQueueStats, makeServer } from './samples.ts';

type OperationQuestion = Parameters<Fleet['operations']>[0];

const TEST_RESULT: ServerTest = {
  success: true,
  message: 'All steps passed.',
  vm_count: 3,
  code: null,
  steps: [{ name: 'tcp', ok: true, detail: 'connected', took_ms: 1 }],
  certificate: null,
  product: 'Fake ESXi',
};

/** A fleet in memory whose every change a test makes itself. Answers like the real one, with the same codes. */
export class FakeFleet implements Fleet {
  readonly calls: { readonly name: string; readonly input: unknown }[] = [];
  readonly visible = new Map<string, readonly MachineRef[]>();
  readonly listFacts = new Map<string, Omit<MachineList, 'vms'>>();
  readonly serverStats = new Map<string, ServerStats>();
  readonly protection = new FakeProtection({
    ids: () => [...this.#servers.keys()],
    note: (name, input) => this.#note(name, input),
    changed: (id) => this.#emit({ kind: 'resilience.changed', id }),
  });
  readonly journal: MemoryActJournal;
  readonly #clock: Clock;
  readonly #servers = new Map<string, Server>();
  readonly #machines = new Map<string, Machine>();
  readonly #operations = new Map<string, Operation>();
  readonly #letters = new Map<string, DeadLetterView>();
  readonly #screens = new Map<string, StoredScreen>();
  condensedAsked = 0;
  /** Smaller forms by hash; a promise is one that is being made. */
  readonly condensed = new Map<string, CondensedScreen | Promise<CondensedScreen | null>>();
  readonly #listeners = new Set<(event: FleetEvent) => void>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.journal = new MemoryActJournal(clock, (operation) => this.changeOperation(operation));
  }

  /** Adds a server with machines named `vm-1`…, without going through the API. */
  seed(server: Partial<Server> & { readonly id: string }, options: { readonly machineCount: number }): void {
    this.changeServer(makeServer(server));
    for (let index = 1; index <= options.machineCount; index++) {
      this.changeMachine(makeMachine({ server_id: server.id, moid: `${index}`, name: `${server.id}-vm-${index}` }));
    }
  }

  changeServer(server: Server): void {
    this.#servers.set(server.id, server);
    this.#emit({ kind: 'server.changed', server });
  }

  changeMachine(machine: Machine): void {
    this.#machines.set(`${machine.server_id}/${machine.moid}`, machine);
    this.#emit({ kind: 'machine.changed', machine });
  }

  removeMachine(ref: MachineRef): void {
    this.#machines.delete(toMachineKey(ref));
    this.#emit({ kind: 'machine.removed', ref });
  }

  changeScreen(ref: MachineRef, screen: StoredScreen): void {
    this.#screens.set(toMachineKey(ref), screen);
    const at = formatInstant(this.#clock.wall());
    const machine = this.machine(ref);
    this.#machines.set(toMachineKey(ref), { ...machine, screen_hash: screen.hash, screen_at: at });
    this.#emit({ kind: 'screen.changed', ref, hash: screen.hash, at });
  }

  changeOperation(operation: Operation): void {
    this.#operations.set(operation.id, operation);
    this.#emit({ kind: 'operation.progressed', operation });
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  subscribe(listener: (event: FleetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  servers(): readonly Server[] {
    return [...this.#servers.values()];
  }

  server(id: ServerId): Server {
    const server = this.#servers.get(id);
    if (server === undefined) throw new OpsError({ code: 'FLEET_SERVER_UNKNOWN', message: 'No such server.' });
    return server;
  }

  async addServer(input: ServerCreate): Promise<Server> {
    this.#note('addServer', input);
    const { password: _, ...facts } = input;
    const server = makeServer({ id: `srv-${this.#nextId++}`, ...facts, state: 'connecting' });
    this.changeServer(server);
    return server;
  }

  async updateServer(id: ServerId, input: ServerUpdate): Promise<Server> {
    this.#note('updateServer', input);
    const before = this.server(id);
    const { password, ...changes } = input;
    if (changes.host !== undefined && changes.host !== before.host && (password ?? '') === '') {
      throw new OpsError({ code: 'FLEET_PASSWORD_REQUIRED', message: 'Enter the password again: the address has changed.' });
    }
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const server: Server = { ...before, ...given };
    this.changeServer(server);
    return server;
  }

  async removeServer(id: ServerId): Promise<void> {
    this.server(id);
    this.#servers.delete(id);
    for (const [key, machine] of this.#machines) if (machine.server_id === id) this.#machines.delete(key);
    this.#emit({ kind: 'server.removed', id });
  }

  async testServer(id: ServerId): Promise<ServerTest> {
    this.server(id);
    return TEST_RESULT;
  }

  async probeServer(address: { readonly host: string; readonly port: number }): Promise<ServerTest> {
    this.#note('probeServer', address);
    return TEST_RESULT;
  }

  async testCandidate(input: ServerCreate): Promise<ServerTest> {
    this.#note('testCandidate', input);
    return TEST_RESULT;
  }

  async trustServer(id: ServerId, sha256: string): Promise<Server> {
    const server = { ...this.server(id), pinned_sha256: sha256 };
    this.changeServer(server);
    return server;
  }

  async retryServer(id: ServerId): Promise<void> {
    this.#note('retryServer', this.server(id).id);
  }

  invalidate(id: ServerId | undefined): void {
    this.#note('invalidate', id === undefined ? null : this.server(id).id);
  }

  stats(id: ServerId): ServerStats | null {
    return this.serverStats.get(this.server(id).id) ?? null;
  }

  queueStats(): QueueStats {
    return makeQueueStats(this.servers());
  }

  pipelines(): readonly PipelineSnapshot[] {
    return this.servers().map(({ id }) => createPipeline(esxiPreset(), { key: id, clock: this.#clock }).snapshot());
  }

  machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  machine(ref: MachineRef): Machine {
    this.server(ref.serverId);
    const machine = this.#machines.get(toMachineKey(ref));
    if (machine === undefined) throw new OpsError({ code: 'FLEET_MACHINE_UNKNOWN', message: 'No such machine.' });
    return machine;
  }

  machineList(id: ServerId): MachineList {
    this.server(id);
    const vms = this.machines().filter((machine) => machine.server_id === id);
    return { vms, ...(this.listFacts.get(id) ?? { cached: true, cache_age: 0, stale: false, error: null }) };
  }

  setVisible(viewer: string, machines: readonly MachineRef[]): void {
    this.visible.set(viewer, machines);
  }

  dropViewer(viewer: string): void {
    this.visible.delete(viewer);
  }

  screen(ref: MachineRef): StoredScreen | null {
    this.machine(ref);
    return this.#screens.get(toMachineKey(ref)) ?? null;
  }

  screenByHash(hash: string): StoredScreen | null {
    return [...this.#screens.values()].find((screen) => screen.hash === hash) ?? null;
  }

  condensedScreen(hash: string): CondensedScreen | Promise<CondensedScreen | null> | null {
    this.condensedAsked += 1;
    return this.condensed.get(hash) ?? null;
  }

  screenHashes(id: ServerId): Readonly<Record<string, string>> {
    const prefix = `${this.server(id).id}/`;
    const own = [...this.#screens].filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(own.map(([key, screen]) => [key.slice(prefix.length), screen.hash]));
  }

  async power(ref: MachineRef, verb: PowerVerb, options: { readonly actor: string }): Promise<Operation> {
    const machine = this.machine(ref);
    if (verb === 'power_on' && machine.power_state === 'poweredOn') {
      throw new OpsError({ code: 'FLEET_POWER_REFUSED', message: 'The machine is already running.' });
    }
    const operation = makeOperation({
      id: `op-${this.#nextId++}`,
      kind: verb,
      server_id: ref.serverId,
      moid: ref.moid,
      machine_name: machine.name,
      actor: options.actor,
    });
    this.changeOperation(operation);
    return operation;
  }

  async operation(id: OperationId): Promise<Operation> {
    const operation = this.#operations.get(id);
    if (operation === undefined) throw new OpsError({ code: 'FLEET_OPERATION_UNKNOWN', message: 'No such operation.' });
    return operation;
  }

  async operations(question: OperationQuestion): Promise<readonly Operation[]> {
    const newestFirst = [...this.#operations.values()].toReversed();
    const start = question.before === undefined ? 0 : newestFirst.findIndex((operation) => operation.id === question.before) + 1;
    return newestFirst
      .slice(start)
      .filter((operation) => question.serverId === undefined || operation.server_id === question.serverId)
      .filter((operation) => question.moid === undefined || operation.moid === question.moid)
      .slice(0, question.limit);
  }

  changeLetter(letter: DeadLetterView): void {
    this.#letters.set(letter.id, letter);
    this.#emit({ kind: 'dead-letter.changed', letter });
  }

  async failedOperations(question: Parameters<Fleet['failedOperations']>[0]): Promise<DeadLetterList> {
    const letters = [...this.#letters.values()].filter(({ server_id: id }) => question.serverId === undefined || id === question.serverId);
    return { dead_letters: letters.slice(0, question.limit), total: this.#letters.size };
  }

  async retryFailedOperation(id: string, request: RetryRequest): Promise<DeadLetterRetried> {
    const { repetition, actor } = request;
    this.#note('retryFailedOperation', { id, repetition, actor });
    const letter = this.#letter(id);
    const { power_state: state } = this.machine({ serverId: toServerId(letter.server_id), moid: toMoid(letter.moid) });
    if (letter.verb === 'power_off' && state === 'poweredOff') {
      this.#removeLetter(id);
      return { outcome: 'already_done' };
    }
    const ref = { serverId: toServerId(letter.server_id), moid: toMoid(letter.moid) };
    return { outcome: 'begun', operation: await this.power(ref, letter.verb, { actor }) };
  }

  async discardFailedOperation(id: string, options: { readonly actor: string; readonly reason: string }): Promise<void> {
    this.#letter(id);
    this.#note('discardFailedOperation', { id, ...options });
    this.#removeLetter(id);
  }

  async openConsole(ref: MachineRef): Promise<ConsoleDoor> {
    const machine = this.machine(ref);
    if (machine.power_state !== 'poweredOn') throw new OpsError({ code: 'FLEET_MACHINE_OFF', message: 'The machine is not running.' });
    const { host, port } = this.server(toServerId(machine.server_id));
    return { host, port, path: '/ticket/fake', protocol: 'binary', trust: { kind: 'ca' } };
  }

  #letter(id: string): DeadLetterView {
    const letter = this.#letters.get(id);
    if (letter === undefined) throw new OpsError({ code: 'FLEET_DEAD_LETTER_UNKNOWN', message: 'No such letter.' });
    return letter;
  }

  #removeLetter(id: string): void {
    this.#letters.delete(id);
    this.#emit({ kind: 'dead-letter.removed', id });
  }

  #note(name: string, input: unknown): void {
    this.calls.push({ name, input });
  }

  #emit(event: FleetEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
