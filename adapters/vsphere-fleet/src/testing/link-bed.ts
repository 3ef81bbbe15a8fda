import type { InventoryNews, MachineFacts, ServerLink, ServerLinks, ServerRecord } from '@breakwater/fleet';
import { type Clock, type Moid, Secret, silentLogger, sleep, systemClock, toServerId } from '@breakwater/kernel';
import { type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { createVsphereLinks, type VsphereLinksOptions } from '../create-vsphere-links.ts';

/** Real sockets and pictures on a busy machine: what a test waits for comes in milliseconds or, when it is broken, never. */
const PATIENCE_MS = 20_000;
export const NEVER = new AbortController().signal;
const opened: { stop(): Promise<void> }[] = [];

/** Links before their servers, so that their goodbye is heard. */
export async function closeAll(): Promise<void> {
  for (const each of opened.splice(0)) await each.stop();
}

/** A simulated server that ends with the test. */
export async function start(options: Partial<SimulatorOptions> = {}): Promise<VsphereSimulator> {
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 8, timings: { bootMs: 50 }, ...options });
  opened.push(simulator);
  return simulator;
}

export function recordOf(simulator: VsphereSimulator, change: Partial<ServerRecord> = {}): ServerRecord {
  return {
    id: toServerId('esx'),
    kind: 'vsphere',
    name: 'esx',
    host: '127.0.0.1',
    port: simulator.port,
    user: 'root',
    verifySsl: false,
    pinnedSha256: simulator.certificateSha256,
    enabled: true,
    paused: false,
    ...change,
  };
}

export const createLinks = (options: Partial<VsphereLinksOptions> = {}, clock: Clock = systemClock): ServerLinks =>
  createVsphereLinks({ clock, logger: silentLogger, options: { limits: { minIntervalMs: 1 }, confirmIntervalMs: 2_000, ...options } });

/** Follows a link in the background and lets a test wait for what it is to bring. */
class NewsLog {
  readonly all: InventoryNews[] = [];
  readonly #controller = new AbortController();
  readonly #done: Promise<void>;
  #seen = 0;
  #notify: (() => void) | null = null;

  constructor(link: ServerLink) {
    this.#done = (async () => {
      for await (const news of link.follow({ signal: this.#controller.signal })) {
        this.all.push(news);
        this.#notify?.();
      }
    })();
  }

  /** The next news of that kind; what came before it is passed over. */
  async next<Kind extends InventoryNews['kind']>(
    kind: Kind,
    isWanted: (news: Extract<InventoryNews, { kind: Kind }>) => boolean = () => true,
  ): Promise<Extract<InventoryNews, { kind: Kind }>> {
    const isIt = (news: InventoryNews): news is Extract<InventoryNews, { kind: Kind }> => news.kind === kind && isWanted(news as never);
    return (await this.until(isIt)) as Extract<InventoryNews, { kind: Kind }>;
  }

  async until(isWanted: (news: InventoryNews) => boolean): Promise<InventoryNews> {
    const patience = sleep(systemClock, PATIENCE_MS).then(() => {
      throw new Error(`The news did not come; seen: ${this.all.map((news) => news.kind).join(', ')}`);
    });
    patience.catch(() => undefined);
    for (;;) {
      while (this.#seen < this.all.length) {
        const news = this.all[this.#seen++];
        if (news !== undefined && isWanted(news)) return news;
      }
      await Promise.race([
        patience,
        new Promise<void>((resolve) => {
          this.#notify = resolve;
        }),
      ]);
    }
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#done;
  }
}

/** A link that is followed from now on. */
export function open(
  simulator: VsphereSimulator,
  setup: { readonly links?: ServerLinks; readonly record?: Partial<ServerRecord>; readonly password?: string } = {},
) {
  const record = recordOf(simulator, setup.record);
  const link = (setup.links ?? createLinks()).open(record, { user: record.user, password: new Secret(setup.password ?? 'simulated') });
  const news = new NewsLog(link);
  opened.unshift({
    stop: async () => {
      await Promise.all([news.stop(), link.close()]);
    },
  });
  return { link, news };
}

export const findMoid = (machines: readonly MachineFacts[], powerState: MachineFacts['powerState']): Moid => {
  const machine = machines.find((each) => each.powerState === powerState && !each.isTemplate && each.isAccessible);
  if (machine === undefined) throw new Error(`The simulated server has no machine that is ${powerState}.`);
  return machine.moid;
};
