import type { Clock } from '@breakwater/kernel';
import type { CounterReport, Counters } from './counters.ts';
import type { FaultRule, FaultRules } from './fault-rules.ts';
import type { FrontEnd } from './http/front-end.ts';
import type { HostDoor } from './http/host-door.ts';
import type { ServerLimits } from './limits.ts';
import { overwriteProperty } from './methods/reconfigure.ts';
import type { Machine, MachineQuestion } from './model/machine.ts';
import type { DeniedRead } from './model/permissions.ts';
import type { TicketDoor } from './rfb/ticket-door.ts';
import type { ServerState } from './server-state.ts';
import type { LoginCounters } from './sessions.ts';
import { createCertificate } from './tls/create-certificate.ts';

export interface SimulatorReport extends CounterReport {
  readonly logins: Readonly<LoginCounters>;
  readonly openSessions: number;
  readonly maxSessions: number;
}

export interface MachineReport {
  readonly moid: string;
  readonly name: string;
  readonly powerState: Machine['powerState'];
  readonly connection: Machine['connection'];
  readonly consoles: number;
  readonly question: string | undefined;
}

export const DEFAULT_QUESTION: MachineQuestion = {
  id: '1',
  text: 'msg.uuid.altered:This virtual machine might have been moved or copied.',
  choices: [
    { key: '0', label: 'button.uuid.cancel:Cancel' },
    { key: '1', label: 'button.uuid.movedTheVM:I Moved It' },
    { key: '2', label: 'button.uuid.copiedTheVM:I Copied It' },
  ],
  defaultIndex: 2,
};

/** The hand that tests and demos reach into a running simulator with. */
export class SimulatorControl {
  /** May be changed at any time; the next request sees it. */
  readonly limits: ServerLimits;
  readonly faults: FaultRules;
  readonly #server: ServerState;
  readonly #frontEnd: FrontEnd;
  readonly #hostDoor: HostDoor | undefined;
  readonly #counters: Counters;
  readonly #tickets: TicketDoor;
  readonly #clock: Clock;

  constructor(options: {
    readonly server: ServerState;
    readonly frontEnd: FrontEnd;
    readonly hostDoor: HostDoor | undefined;
    readonly counters: Counters;
    readonly faults: FaultRules;
    readonly tickets: TicketDoor;
  }) {
    this.#server = options.server;
    this.#frontEnd = options.frontEnd;
    this.#hostDoor = options.hostDoor;
    this.#counters = options.counters;
    this.#tickets = options.tickets;
    this.#clock = options.server.clock;
    this.limits = options.server.limits;
    this.faults = options.faults;
  }

  get certificateSha256(): string {
    return this.#frontEnd.certificate.sha256;
  }

  get isListening(): boolean {
    return this.#frontEnd.isListening;
  }

  report(): SimulatorReport {
    const { sessions } = this.#server;
    return {
      ...this.#counters.report(),
      logins: { ...sessions.counters },
      openSessions: sessions.openCount,
      maxSessions: sessions.maxOpenCount,
    };
  }

  resetCounters(): void {
    this.#counters.reset();
  }

  addFault(rule: FaultRule): number {
    return this.faults.add(rule);
  }

  /** Every session is forgotten, as by a restart of the service. */
  expireSessions(): void {
    this.#server.sessions.endAll();
  }

  /** From now on the account may not read this; it is told so with the next answer. */
  denyRead(rule: DeniedRead): void {
    this.#server.permissions.deny(rule);
    this.#touchAll();
  }

  /** The account may read everything again. */
  allowReads(): void {
    this.#server.permissions.clear();
    this.#touchAll();
  }

  deniedReads(): readonly DeniedRead[] {
    return this.#server.permissions.denied;
  }

  lockAccount(userName: string): void {
    this.#server.sessions.lock(userName);
  }

  unlockAccount(userName: string): void {
    this.#server.sessions.unlock(userName);
  }

  /** Answers the fingerprint of the new certificate. */
  changeCertificate(): string {
    this.#frontEnd.changeCertificate(createCertificate(this.#clock.wall()));
    return this.#frontEnd.certificate.sha256;
  }

  /** The hosts behind a vCenter show another certificate, and tickets go on naming the one that the vCenter knows. */
  changeHostCertificate(): void {
    if (this.#hostDoor === undefined) throw new RangeError('There is no listener for hosts.');
    this.#hostDoor.changeCertificate(createCertificate(this.#clock.wall()));
  }

  /** The host drops off the network. */
  takeDown(): Promise<void> {
    return this.#frontEnd.close();
  }

  /** Back on the same port. A restarted host knows no session of before. */
  async bringUp(): Promise<void> {
    this.#server.sessions.endAll();
    await this.#frontEnd.listen(this.#frontEnd.port);
  }

  dropConnections(): void {
    this.#frontEnd.dropConnections();
  }

  machines(): MachineReport[] {
    return Array.from(this.#server.inventory.machines(), describe);
  }

  findMachine(moid: string): MachineReport | undefined {
    const machine = this.#server.inventory.findMachine(moid);
    return machine === undefined ? undefined : describe(machine);
  }

  /** Pulls the plug, whatever the machine is doing. Consoles are cut. */
  powerOff(moid: string): void {
    this.#server.lifecycle.powerOff(this.#require(moid));
  }

  powerOn(moid: string): void {
    this.#server.lifecycle.powerOn(this.#require(moid));
  }

  /** As when a machine moves to another host. */
  dropConsoles(moid: string): void {
    this.#tickets.closeConsolesOf(this.#require(moid));
  }

  renameMachine(moid: string, name: string): void {
    const machine = this.#require(moid);
    machine.name = name;
    this.#server.inventory.world.touch(machine);
  }

  /** Overwrites a property path with a text, as the `SET.` hook of ReconfigVM_Task does. */
  setProperty(moid: string, change: { readonly path: string; readonly value: string | number | boolean }): void {
    const machine = this.#require(moid);
    overwriteProperty(machine, { ...change, version: this.#server.personality.apiVersion });
    this.#server.inventory.world.touch(machine);
  }

  askQuestion(moid: string, question: MachineQuestion = DEFAULT_QUESTION): void {
    const machine = this.#require(moid);
    machine.question = question;
    this.#server.inventory.world.touch(machine);
  }

  setConnection(moid: string, connection: Machine['connection']): void {
    const machine = this.#require(moid);
    machine.connection = connection;
    this.#server.inventory.world.touch(machine);
  }

  /** Answers the moid of the new machine. */
  addMachine(): string {
    return this.#server.inventory.addMachine().identity.moid;
  }

  removeMachine(moid: string): void {
    const machine = this.#require(moid);
    this.#tickets.closeConsolesOf(machine);
    this.#server.inventory.removeMachine(machine);
  }

  /** Characters on a text console, for tests that typed something. */
  consoleLines(moid: string): string[] {
    const console = this.#server.screens.consoleOf(this.#require(moid));
    console.advance(this.#server.screens.instants());
    return console.screen.lines();
  }

  /** Files left on datastores, as `[datastore] path`. */
  datastoreFiles(): string[] {
    return this.#server.files.list();
  }

  #touchAll(): void {
    const { world } = this.#server.inventory;
    for (const object of world.all()) world.touch(object);
  }

  #require(moid: string): Machine {
    const machine = this.#server.inventory.findMachine(moid);
    if (machine === undefined) throw new RangeError(`No machine ${moid}.`);
    return machine;
  }
}

function describe(machine: Machine): MachineReport {
  return {
    moid: machine.identity.moid,
    name: machine.name,
    powerState: machine.powerState,
    connection: machine.connection,
    consoles: machine.consoles,
    question: machine.question?.text,
  };
}
