import type { Machine } from '@breakwater/contract';
import { formatInstant, type Moid, parseInstant, type ServerId } from '@breakwater/kernel';
import type { MachineFacts, MachineGauges } from './machine.ts';

export interface RowScreen {
  readonly hash: string | null;
  readonly atWallMs: number | null;
  /** Stable code of why there is no picture although the machine is on. */
  readonly problem: string | null;
}

/** What a set of facts did to the rows. */
export interface RowChanges {
  readonly changed: readonly Moid[];
  readonly removed: readonly Moid[];
  /** Machines whose picture no longer shows them: switched off, or another machine behind the same id. */
  readonly blanked: readonly Moid[];
}

interface Row {
  facts: MachineFacts;
  cpuPercent: number | null;
  memoryPercent: number | null;
  screen: RowScreen;
  /** Built on demand and kept until something in the row changes: readers cache by its identity. */
  machine: Machine | null;
}

const NO_SCREEN: RowScreen = { hash: null, atWallMs: null, problem: null };

/** The machines of one server, one flat row each. */
export class MachineRows {
  readonly #serverId: ServerId;
  readonly #rows = new Map<Moid, Row>();
  #machines: readonly Machine[] | null = null;
  #runningCount: number | null = null;

  constructor(serverId: ServerId) {
    this.#serverId = serverId;
  }

  get size(): number {
    return this.#rows.size;
  }

  get runningCount(): number {
    this.#runningCount ??= [...this.#rows.values()].filter((row) => row.facts.powerState === 'poweredOn').length;
    return this.#runningCount;
  }

  facts(moid: Moid): MachineFacts | undefined {
    return this.#rows.get(moid)?.facts;
  }

  *eachFacts(): Generator<MachineFacts> {
    for (const row of this.#rows.values()) yield row.facts;
  }

  allFacts(): readonly MachineFacts[] {
    return Array.from(this.#rows.values(), (row) => row.facts);
  }

  screen(moid: Moid): RowScreen {
    return this.#rows.get(moid)?.screen ?? NO_SCREEN;
  }

  machine(moid: Moid): Machine | null {
    const row = this.#rows.get(moid);
    if (row === undefined) return null;
    row.machine ??= this.#build(row);
    return row.machine;
  }

  /** The same array until a machine changes. */
  machines(): readonly Machine[] {
    this.#machines ??= Array.from(this.#rows.values(), (row) => (row.machine ??= this.#build(row)));
    return this.#machines;
  }

  /** Takes a whole inventory: what is not in it is gone. */
  load(facts: readonly MachineFacts[]): RowChanges {
    const known = new Set(facts.map((machine) => machine.moid));
    return this.apply(
      facts,
      [...this.#rows.keys()].filter((moid) => !known.has(moid)),
    );
  }

  apply(upserted: readonly MachineFacts[], removed: readonly Moid[]): RowChanges {
    const changed: Moid[] = [];
    const blanked: Moid[] = [];
    for (const facts of upserted) {
      const row = this.#rows.get(facts.moid);
      if (row === undefined) {
        this.#rows.set(facts.moid, { facts, cpuPercent: null, memoryPercent: null, screen: NO_SCREEN, machine: null });
        changed.push(facts.moid);
        continue;
      }
      if (isSame(row.facts, facts)) continue;
      if (row.facts.powerState === 'poweredOn' && !isStillShown(row.facts, facts)) {
        row.cpuPercent = null;
        row.memoryPercent = null;
        row.screen = NO_SCREEN;
        blanked.push(facts.moid);
      }
      row.facts = facts;
      row.machine = null;
      changed.push(facts.moid);
    }
    const gone = removed.filter((moid) => this.#rows.delete(moid));
    if (changed.length > 0 || gone.length > 0) this.#forget();
    return { changed, removed: gone, blanked };
  }

  /** Moves smaller than the deadband are dropped, so that an idle fleet makes no events. */
  mergeGauges(gauges: readonly MachineGauges[], options: { readonly deadbandPercent: number }): readonly Moid[] {
    const changed: Moid[] = [];
    for (const { moid, ...gauge } of gauges) {
      const row = this.#rows.get(moid);
      if (row === undefined) continue;
      const cpuPercent = toTenths(gauge.cpuPercent);
      const memoryPercent = toTenths(gauge.memoryPercent);
      const isCpuMoved = hasMoved(row.cpuPercent, cpuPercent, options.deadbandPercent);
      const isMemoryMoved = hasMoved(row.memoryPercent, memoryPercent, options.deadbandPercent);
      if (!isCpuMoved && !isMemoryMoved) continue;
      row.cpuPercent = cpuPercent;
      row.memoryPercent = memoryPercent;
      row.machine = null;
      changed.push(moid);
    }
    if (changed.length > 0) this.#forget();
    return changed;
  }

  setScreen(moid: Moid, screen: RowScreen): void {
    const row = this.#rows.get(moid);
    if (row === undefined) return;
    row.screen = screen;
    row.machine = null;
    this.#machines = null;
  }

  #forget(): void {
    this.#machines = null;
    this.#runningCount = null;
  }

  #build(row: Row): Machine {
    const { facts, screen } = row;
    return {
      name: facts.name,
      moid: facts.moid,
      power_state: facts.powerState,
      guest_os: facts.guestOs,
      memory_mb: facts.memoryMib,
      num_cpu: facts.cpuCount,
      guest_ip: facts.guestIp,
      server_id: this.#serverId,
      host_name: facts.hostName,
      guest_host_name: facts.guestHostName,
      ip_addresses: [...facts.ipAddresses],
      tools: facts.tools,
      is_template: facts.isTemplate,
      is_accessible: facts.isAccessible,
      instance_uuid: facts.instanceUuid,
      annotation: facts.annotation,
      boot_time: normalizeInstant(facts.bootTime),
      question:
        facts.question === null
          ? null
          : {
              id: facts.question.id,
              text: facts.question.text,
              choices: [...facts.question.choices],
              default_key: facts.question.defaultKey,
            },
      cpu_percent: row.cpuPercent,
      memory_percent: row.memoryPercent,
      disk_used_bytes: facts.diskUsedBytes,
      disk_total_bytes: facts.diskTotalBytes,
      screen_hash: screen.hash,
      screen_at: screen.atWallMs === null ? null : formatInstant(screen.atWallMs),
      screen_problem: screen.problem,
    };
  }
}

/** A vSphere id may be given out again after re-registration; the instance UUID tells the machines apart. */
function isStillShown(before: MachineFacts, after: MachineFacts): boolean {
  const isRunning = after.powerState === 'poweredOn' || after.powerState === 'unknown';
  return isRunning && before.instanceUuid === after.instanceUuid;
}

function hasMoved(before: number | null, after: number | null, deadband: number): boolean {
  if (before === null || after === null) return before !== after;
  return Math.abs(before - after) >= deadband || (after === 0 && before !== 0);
}

const toTenths = (percent: number | null): number | null => (percent === null ? null : Math.round(percent * 10) / 10);

/** A foreign time in the one form that the contract has; null when it is none. */
function normalizeInstant(text: string | null): string | null {
  const wallMs = text === null ? null : parseInstant(text);
  return wallMs === null ? null : formatInstant(wallMs);
}

/** Structural equality of plain data, as deep as facts go. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => isSame((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]));
}
