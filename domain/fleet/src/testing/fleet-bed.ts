import type { ServerCreate } from '@breakwater/contract';
import { type Logger, ManualClock, OpsError, type ServerId, silentLogger, toMoid, toServerId } from '@breakwater/kernel';
import { createMemoryDeadLetterStore, type DeadLetterStore } from '@breakwater/resilience';
import { createFleet } from '../create-fleet.ts';
import type { Fleet, FleetEvent } from '../fleet.ts';
import type { MachineFacts } from '../machine.ts';
import type { FleetOptions } from '../options.ts';
import type { CondensedScreen, EncodedScreen, ScreenEncoder } from '../ports/screen-encoder.ts';
import type { InventoryNews } from '../ports/server-link.ts';
import type { ServerProduct, ServerRecord } from '../server.ts';
import { type FakeLink, FakeLinks } from './fake-links.ts';
import { MemoryControls, MemoryHistories, MemoryInventory, MemoryOperations, MemoryServers } from './memory-repositories.ts';

export const ESXI: ServerProduct = {
  fullName: 'VMware ESXi 8.0.2 build-22380479',
  version: '8.0.2',
  build: '22380479',
  apiType: 'HostAgent',
  instanceUuid: null,
};

export function createFacts(moid: string, change: Partial<MachineFacts> = {}): MachineFacts {
  return {
    moid: toMoid(moid),
    name: `machine ${moid}`,
    powerState: 'poweredOn',
    guestOs: 'Debian GNU/Linux 12 (64-bit)',
    memoryMib: 2_048,
    cpuCount: 2,
    guestIp: '10.0.0.5',
    ipAddresses: ['10.0.0.5'],
    guestHostName: null,
    hostName: 'esx-01.example',
    tools: 'running',
    isTemplate: false,
    isAccessible: true,
    instanceUuid: `uuid-${moid}`,
    annotation: null,
    bootTime: null,
    question: null,
    diskUsedBytes: null,
    diskTotalBytes: null,
    ...change,
  };
}

export function createRecord(id: string, change: Partial<ServerRecord> = {}): ServerRecord {
  return {
    id: toServerId(id),
    kind: 'vsphere',
    name: id,
    host: `${id}.example`,
    port: 443,
    user: 'root',
    verifySsl: false,
    pinnedSha256: null,
    enabled: true,
    paused: false,
    ...change,
  };
}

export function createInput(change: Partial<ServerCreate> = {}): ServerCreate {
  return {
    name: 'esx',
    host: 'esx.example',
    port: 443,
    user: 'root',
    password: 'right',
    verify_ssl: false,
    pinned_sha256: null,
    enabled: true,
    ...change,
  };
}

export function loaded(machines: readonly MachineFacts[], product: ServerProduct = ESXI): InventoryNews {
  return { kind: 'loaded', product, machines };
}

/** Takes text as a picture: equal text encodes equally; `bad` is no picture. The sample is the text's numbers. */
export class FakeEncoder implements ScreenEncoder {
  encodes = 0;

  async encode(png: Uint8Array): Promise<EncodedScreen> {
    this.encodes += 1;
    const text = new TextDecoder().decode(png);
    if (text === 'bad') throw new OpsError({ code: 'FLEET_SCREEN_INVALID', message: 'Not a picture.' });
    return { bytes: png, mediaType: 'image/webp', sample: Uint8Array.from(text.split(/\D+/).filter(Boolean), Number), pixels: png };
  }

  /** The first half of the bytes. */
  async condense(pixels: Uint8Array): Promise<CondensedScreen> {
    return { bytes: pixels.subarray(0, pixels.length / 2), mediaType: 'image/avif' };
  }
}

export class LineLogger implements Logger {
  readonly lines: string[] = [];
  debug = (message: string): void => void this.lines.push(message);
  info = (message: string): void => void this.lines.push(message);
  warn = (message: string): void => void this.lines.push(message);
  error = (message: string): void => void this.lines.push(message);
  with = (): Logger => this;
}

export interface FleetBed {
  readonly fleet: Fleet;
  readonly clock: ManualClock;
  readonly links: FakeLinks;
  readonly servers: MemoryServers;
  readonly inventory: MemoryInventory;
  readonly operations: MemoryOperations;
  readonly deadLetters: DeadLetterStore;
  readonly controls: MemoryControls;
  readonly histories: MemoryHistories;
  readonly encoder: FakeEncoder;
  readonly events: FleetEvent[];
  readonly link: (id: string) => FakeLink;
  /** Lets everything that is due now happen, merged events included. */
  readonly settle: () => Promise<void>;
}

export interface FleetBedOptions {
  readonly records?: readonly ServerRecord[];
  readonly options?: Partial<FleetOptions>;
  readonly logger?: Logger;
  /** What an earlier process left. */
  readonly from?: FleetBed;
}

export function createFleetBed(options: FleetBedOptions = {}): FleetBed {
  const { from } = options;
  const clock = from?.clock ?? new ManualClock();
  const servers = from?.servers ?? new MemoryServers();
  const inventory = from?.inventory ?? new MemoryInventory();
  const operations = from?.operations ?? new MemoryOperations();
  const deadLetters = from?.deadLetters ?? createMemoryDeadLetterStore({ maxLetters: 1_000 });
  const controls = from?.controls ?? new MemoryControls();
  const histories = from?.histories ?? new MemoryHistories();
  for (const record of options.records ?? []) {
    servers.records.set(record.id, record);
    servers.passwords.set(record.id, 'right');
  }
  const links = new FakeLinks();
  const encoder = new FakeEncoder();
  const fleet = createFleet({
    servers,
    inventory,
    operations,
    deadLetters,
    controls,
    histories,
    links,
    encoder,
    clock,
    logger: options.logger ?? silentLogger,
    screenKey: new Uint8Array(32),
    ...(options.options === undefined ? {} : { options: options.options }),
  });
  const events: FleetEvent[] = [];
  fleet.subscribe((event) => void events.push(event));
  return {
    fleet,
    clock,
    links,
    servers,
    inventory,
    operations,
    deadLetters,
    controls,
    histories,
    encoder,
    events,
    link: (id) => links.of(id),
    settle: () => clock.advance(60),
  };
}

/** A fleet with one server that has answered with these machines. */
export async function startWith(
  machines: readonly MachineFacts[],
  options: FleetBedOptions = {},
): Promise<FleetBed & { readonly id: ServerId }> {
  const record = options.records?.[0] ?? createRecord('esx-01');
  const bed = createFleetBed({ ...options, records: options.records ?? [record] });
  await bed.fleet.start();
  bed.link(record.id).emit(loaded(machines));
  await bed.settle();
  return { ...bed, id: record.id };
}
