import { OpsError, type Random, type Secret, systemRandom } from '@breakwater/kernel';
import type { SharedStore, SharedStoreListener, SharedView, SyncAnswer, SyncRequest } from '@breakwater/resilience';
import { Redis, type RedisOptions } from 'ioredis';
import { BREAKER_SCRIPTS, type BreakerScript } from './breaker-scripts.ts';
import { MAX_NAME, MAX_TEXT, parseAnswer, parseFoundView, parseMessage, toNumber } from './parse-view.ts';

export interface ValkeyStoreOptions {
  /** `redis://` or `rediss://`, with user and password where the server asks for them. */
  readonly url: Secret;
  /** Begins every key and the channel, so that several installations may share one server. Default `breakwater`. */
  readonly namespace?: string;
  /** Longest wait for an answer. Default 100. */
  readonly commandTimeoutMs?: number;
  /** Default: the system's. */
  readonly random?: Random;
}

export interface ValkeyStore extends SharedStore {
  close(): void;
}

const COMMAND_TIMEOUT_MS = 100;
const CONNECT_TIMEOUT_MS = 2_000;
const FIRST_RECONNECT_MS = 100;
const LAST_RECONNECT_MS = 10_000;
/** Breakers that one look brings; more are not closed at the same time in no fleet that one process can hold. */
const MAX_BUSY = 10_000;
/** Breakers read at once: few enough to be answered well within the timeout. */
const BATCH = 200;
/** After the end of an opening: for so long newcomers are told of it. */
const BUSY_MARGIN_MS = 60_000;
const MONTH_MS = 30 * 86_400_000;

/** Shared breaker state on Valkey or Redis 5 and newer. Connects in the background: while there is no connection, every method rejects at once. */
export function openValkeyStore(options: ValkeyStoreOptions): ValkeyStore {
  return new Store(options);
}

class Store implements ValkeyStore {
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #namespace: string;
  readonly #channel: string;
  readonly #address: string;
  readonly #listeners = new Set<SharedStoreListener>();
  #isSubscribed = false;

  constructor(options: ValkeyStoreOptions) {
    const { namespace = 'breakwater', random = systemRandom } = options;
    const url = options.url.reveal();
    this.#namespace = namespace;
    this.#channel = `${namespace}:breaker-events`;
    this.#address = toAddress(url);
    const connection: RedisOptions & { readonly replyMapping: 'legacy' } = {
      // The older protocol is spoken by every server; nothing here needs the newer one.
      protocol: 2,
      replyMapping: 'legacy',
      disableClientInfo: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(LAST_RECONNECT_MS, FIRST_RECONNECT_MS * 2 ** Math.min(times, 10)) * (0.5 + random() / 2),
      // After a failover the old connection may lead to what is now a replica.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    };
    this.#redis = new Redis(url, connection);
    this.#subscriber = new Redis(url, connection);
    for (const [name, script] of Object.entries(BREAKER_SCRIPTS)) this.#redis.defineCommand(name, script);
    // Without a listener the library prints; every method rejects with the same error, and `onDown` tells it.
    this.#redis.on('error', () => undefined);
    this.#subscribe();
  }

  async vote(vote: Parameters<SharedStore['vote']>[0]): Promise<SharedView> {
    const { instance, needed, openTime, reason, windowMs } = vote;
    const { view } = await this.#run('breakerVote', vote.key, [instance, cut(reason), needed, windowMs, ...toList(openTime)]);
    return view;
  }

  async lease(request: Parameters<SharedStore['lease']>[0]): Promise<{ readonly granted: boolean; readonly view: SharedView }> {
    const { granted, view } = await this.#run('breakerLease', request.key, [request.token, request.leaseMs, request.probes]);
    return { granted, view };
  }

  async settle(report: Parameters<SharedStore['settle']>[0]): Promise<SharedView> {
    const { epoch, instance, openTime, outcome, successes, token } = report;
    const { view } = await this.#run('breakerSettle', report.key, [token, epoch, outcome, instance, successes, ...toList(openTime)]);
    return view;
  }

  async override(order: Parameters<SharedStore['override']>[0]): Promise<SharedView> {
    const { actor, forMs, kind, reason } = order;
    const { view } = await this.#run('breakerOverride', order.key, [kind, cut(actor), cut(reason), forMs ?? '']);
    return view;
  }

  async hold(hold: Parameters<SharedStore['hold']>[0]): Promise<SharedView> {
    const { view } = await this.#run('breakerHold', hold.key, [hold.forMs]);
    return view;
  }

  async exchange(request: Parameters<SharedStore['exchange']>[0]): Promise<number> {
    const { capacity, earned, key, perSecond, wanted } = request;
    return toNumber(await this.#send('breakerExchange', [`${this.#key(key)}:tokens`], [earned, wanted, capacity, perSecond]));
  }

  async sync({ aliveMs, instance, keys }: SyncRequest): Promise<SyncAnswer> {
    this.#checkSubscriber();
    const [aliveKey, busyKey] = this.#commonKeys();
    const answer = await this.#send('breakerSync', [aliveKey, busyKey], [instance, aliveMs, MAX_BUSY]);
    const [at, instances, busy] = answer as readonly [unknown, unknown, unknown];
    const atMs = toNumber(at);
    const names = (busy as readonly unknown[]).filter((name) => typeof name === 'string' && name.length <= MAX_NAME) as string[];
    const wanted = [...new Set([...keys, ...names])];
    const views: SharedView[] = [];
    for (let start = 0; start < wanted.length; start += BATCH) {
      views.push(...(await this.#readViews(wanted.slice(start, start + BATCH), atMs)));
    }
    return { instances: toNumber(instances), views };
  }

  async depart(instance: string): Promise<void> {
    await this.#guard(this.#redis.zrem(this.#commonKeys()[0], instance));
  }

  watch(listener: SharedStoreListener): () => void {
    this.#listeners.add(listener);
    if (this.#isSubscribed) listener.onUp();
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#redis.disconnect();
    this.#subscriber.disconnect();
  }

  #subscribe(): void {
    const subscriber = this.#subscriber;
    let last: unknown = null;
    subscriber.on('error', (error) => {
      last = error;
    });
    subscriber.on('ready', () => {
      subscriber.subscribe(this.#channel).then(
        () => {
          this.#isSubscribed = true;
          for (const listener of this.#listeners) listener.onUp();
        },
        // The connection has ended meanwhile, or the server refuses: both are tried again with the next one.
        (error: unknown) => {
          last = error;
          subscriber.disconnect(true);
        },
      );
    });
    subscriber.on('close', () => {
      this.#isSubscribed = false;
      for (const listener of this.#listeners) listener.onDown(this.#toError(last));
    });
    subscriber.on('message', (_channel, message) => {
      const view = parseMessage(message);
      if (view !== null) for (const listener of this.#listeners) listener.onView(view);
    });
  }

  /** A connection that only listens does not notice that nobody is there any more. */
  #checkSubscriber(): void {
    if (this.#isSubscribed) this.#subscriber.ping().catch(() => this.#subscriber.disconnect(true));
  }

  async #run(
    script: BreakerScript,
    name: string,
    args: readonly (string | number)[],
  ): Promise<{ readonly granted: boolean; readonly view: SharedView }> {
    const key = this.#key(name);
    const answer = await this.#send(script, [key, `${key}:votes`, `${key}:leases`], [this.#channel, name, ...args]);
    const { changed, granted, view } = parseAnswer(name, answer);
    if (changed) this.#noteBusy(view);
    return { granted, view };
  }

  /** So that those who were not there when it happened hear of it. Lives in another slot of a cluster than the breaker, hence apart from the script. */
  #noteBusy(view: SharedView): void {
    const [, busyKey] = this.#commonKeys();
    const noted =
      view.state === 'closed'
        ? this.#redis.zrem(busyKey, view.key)
        : this.#redis.multi().zadd(busyKey, toBusyUntilMs(view), view.key).pexpire(busyKey, MONTH_MS).exec();
    // Whoever was subscribed knows; the others hear of it with the next transition.
    noted.catch(() => undefined);
  }

  async #readViews(names: readonly string[], atMs: number): Promise<readonly SharedView[]> {
    const pipeline = this.#redis.pipeline();
    for (const name of names) pipeline.hmget(this.#key(name), 'state', 'cause', 'epoch', 'until', 'streak', 'reason', 'actor', 'hold');
    const results = await this.#guard(pipeline.exec());
    return (results ?? []).flatMap(([error, fields], index) => {
      if (error !== null && error.name !== 'ReplyError') throw this.#toError(error);
      const view = error === null ? parseFoundView(names[index] ?? '', fields, atMs) : null;
      return view === null ? [] : [view];
    });
  }

  async #send(script: BreakerScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const commands = this.#redis as unknown as Readonly<Record<BreakerScript, (...all: (string | number)[]) => Promise<unknown>>>;
    return await this.#guard(commands[script](...keys, ...args));
  }

  async #guard<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw this.#toError(error);
    }
  }

  /** The tag in braces keeps all keys of one breaker on one node of a cluster; encoded, because a name may hold braces. */
  #key(name: string): string {
    if (name.length > MAX_NAME) {
      throw new OpsError({
        code: 'COORDINATION_NAME_TOO_LONG',
        message: `The name of a shared breaker has ${name.length} characters; ${MAX_NAME} are possible.`,
      });
    }
    return `${this.#namespace}:breaker:{${encodeURIComponent(name)}}`;
  }

  #commonKeys(): readonly [alive: string, busy: string] {
    return [`{${this.#namespace}}:alive`, `{${this.#namespace}}:busy`];
  }

  #toError(error: unknown): OpsError {
    const text = error instanceof Error ? error.message : 'the connection was closed';
    const isRefusal = error instanceof Error && error.name === 'ReplyError';
    return new OpsError({
      code: isRefusal ? 'COORDINATION_REFUSED' : 'COORDINATION_UNREACHABLE',
      message: isRefusal
        ? `The shared store at ${this.#address} refuses: ${text}`
        : `The shared store at ${this.#address} is out of reach: ${text}`,
      cause: error,
    });
  }
}

const cut = (text: string): string => text.slice(0, MAX_TEXT);

const toList = (time: { readonly firstMs: number; readonly factor: number; readonly capMs: number }): readonly number[] => [
  time.firstMs,
  time.factor,
  time.capMs,
];

function toBusyUntilMs(view: SharedView): number {
  if (view.state === 'disabled' || (view.state === 'isolated' && view.untilMs === null)) return view.atMs + MONTH_MS;
  return (view.untilMs ?? view.atMs + BUSY_MARGIN_MS) + BUSY_MARGIN_MS;
}

/** Host and port only: the rest of the address may be secret. */
function toAddress(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an unreadable address';
  }
}
