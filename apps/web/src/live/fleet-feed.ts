import type { EventName, EventPayload } from '@breakwater/contract';
import type { Clock, Random, TimerHandle } from '@breakwater/kernel';
import { ApiError } from '../api/api-error.ts';
import type { MachineId, readSnapshot, tellVisible, toEventsUrl } from '../api/portal.ts';
import type { FleetStore } from './fleet-store.ts';

/** How the page gets its news now. `sinceWallMs` in all but `live`: until when the shown data was known to be true. */
export type FeedStatus =
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  /** Streams do not get through (a proxy holds them back): the whole state is asked for every 15 s. */
  | { readonly kind: 'polling' }
  | { readonly kind: 'lost'; readonly sinceWallMs: number | null; readonly offline: 'yes' | 'no' }
  | { readonly kind: 'paused'; readonly sinceWallMs: number | null };

/** The part of `EventSource` that we use. */
export interface EventStream {
  onerror: ((event: Event) => void) | null;
  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface FleetFeedOptions {
  readonly store: FleetStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly portal: {
    readonly readSnapshot: typeof readSnapshot;
    readonly tellVisible: typeof tellVisible;
    readonly toEventsUrl: typeof toEventsUrl;
  };
  readonly openStream: (url: string) => EventStream;
  readonly isOnline: () => boolean;
  /** The session is over. */
  readonly onSignedOut: () => void;
  /** Who the portal takes us for: at the beginning of each stream and when it changes. */
  readonly onReader: (reader: EventPayload<'reader.changed'>) => void;
}

export interface FleetFeed {
  readonly start: () => void;
  readonly stop: () => void;
  /** No more changes on the page until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** After 30 s out of sight the stream is closed; it opens again as soon as the page is seen. */
  readonly setPageVisibility: (state: 'visible' | 'hidden') => void;
  /** The network came back or went: try now. */
  readonly networkChanged: () => void;
  readonly setVisibleMachines: (machines: readonly MachineId[]) => void;
  /** Whether the figures of protection are on the page. */
  readonly setResilience: (state: 'shown' | 'hidden') => void;
  readonly status: () => FeedStatus;
  readonly subscribe: (listener: () => void) => () => void;
}

const HELLO_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 15_000;
/** While polling works, the stream is tried again from time to time. */
const STREAM_RETRY_WHILE_POLLING_MS = 60_000;
const HIDDEN_CLOSE_MS = 30_000;
const VISIBLE_DEBOUNCE_MS = 300;
const VISIBLE_MACHINES_MAX = 500;
const BACKOFF_MAX_MS = 30_000;
const CHANGES: readonly EventName[] = [
  'machine.changed',
  'machine.removed',
  'screen.changed',
  'server.changed',
  'server.removed',
  'operation.progressed',
  'dead-letter.changed',
  'dead-letter.removed',
  'resilience.changed',
];

/** Keeps the store true: snapshot, then the event stream, and polling where streams do not get through. */
export function createFleetFeed(options: FleetFeedOptions): FleetFeed {
  const { store, clock, random, portal, openStream, isOnline, onSignedOut, onReader } = options;
  const listeners = new Set<() => void>();
  let status: FeedStatus = { kind: 'starting' };
  let run: AbortController | null = null;
  let stream: EventStream | null = null;
  let connection: string | null = null;
  let lastEventId: string | null = null;
  let etag: string | null = null;
  let trueAtWallMs: number | null = null;
  let attempt = 0;
  let visible: readonly MachineId[] = [];
  let resilience: 'shown' | 'hidden' = 'hidden';
  const timers = new Map<'connect' | 'hello' | 'poll' | 'hidden' | 'visible', TimerHandle>();

  const setTimer = (name: Parameters<typeof timers.set>[0], delayMs: number, callback: () => void): void => {
    timers.get(name)?.cancel();
    timers.set(name, clock.after(delayMs, callback));
  };
  const cancelTimers = (...names: readonly Parameters<typeof timers.set>[0][]): void => {
    for (const name of names) timers.get(name)?.cancel();
  };

  const setStatus = (next: FeedStatus): void => {
    status = next;
    for (const listener of listeners) listener();
  };

  const closeStream = (): void => {
    if (connection !== null) trueAtWallMs = clock.wall();
    stream?.close();
    stream = null;
    connection = null;
    cancelTimers('hello', 'connect');
  };

  const lose = (): void => setStatus({ kind: 'lost', sinceWallMs: trueAtWallMs, offline: isOnline() ? 'no' : 'yes' });

  const retryLater = (): void => {
    const ceilingMs = Math.min(BACKOFF_MAX_MS, 1_000 * 2 ** Math.min(attempt, 10));
    attempt += 1;
    setTimer('connect', ceilingMs * (0.5 + random() / 2), connect);
  };

  const loadSnapshot = async (): Promise<void> => {
    const signal = run?.signal;
    const answer = await portal.readSnapshot({ signal, etag });
    if (signal?.aborted !== false) return;
    trueAtWallMs = clock.wall();
    if (answer === null) return;
    etag = answer.etag;
    lastEventId = `${answer.snapshot.boot}-${answer.snapshot.seq}`;
    store.replace(answer.snapshot);
  };

  const failed = (error: unknown): void => {
    if (run === null || run.signal.aborted) return;
    if (error instanceof ApiError && error.status === 401) {
      stop();
      onSignedOut();
      return;
    }
    lose();
    retryLater();
  };

  const poll = (): void => {
    setTimer('poll', POLL_INTERVAL_MS, poll);
    loadSnapshot().then(() => {
      if (run !== null && connection === null && status.kind !== 'paused') setStatus({ kind: 'polling' });
    }, failed);
  };

  function connect(): void {
    if (run === null) return;
    closeStream();
    // Without a known position, and after each failure, the snapshot tells more than the stream alone: is the session over, is anybody there?
    const prepared = lastEventId === null || attempt > 0 ? loadSnapshot() : Promise.resolve();
    const { signal } = run;
    prepared.then(() => {
      if (!signal.aborted && stream === null) openNow();
    }, failed);
  }

  function openNow(): void {
    const opened = openStream(portal.toEventsUrl(lastEventId));
    stream = opened;
    const whenCurrent = (act: (event: MessageEvent<string>) => void) => (event: MessageEvent<string>) => {
      if (stream !== opened) return;
      if (event.lastEventId !== undefined && event.lastEventId !== '') lastEventId = event.lastEventId;
      act(event);
    };
    opened.onerror = () => {
      if (stream !== opened) return;
      closeStream();
      if (status.kind !== 'polling') lose();
      retryLater();
    };
    opened.addEventListener(
      'hello',
      whenCurrent((event) => welcome(JSON.parse(event.data) as EventPayload<'hello'>)),
    );
    opened.addEventListener('resync', whenCurrent(resync));
    opened.addEventListener(
      'reader.changed',
      whenCurrent((event) => onReader(JSON.parse(event.data) as EventPayload<'reader.changed'>)),
    );
    for (const name of CHANGES) {
      opened.addEventListener(
        name,
        whenCurrent((event) => store.apply(name, JSON.parse(event.data) as EventPayload<typeof name>)),
      );
    }
    setTimer('hello', HELLO_TIMEOUT_MS, () => {
      closeStream();
      poll();
      setTimer('connect', STREAM_RETRY_WHILE_POLLING_MS, connect);
    });
  }

  function welcome(hello: EventPayload<'hello'>): void {
    cancelTimers('hello', 'poll');
    connection = hello.connection;
    attempt = 0;
    setStatus({ kind: 'live' });
    onReader(hello.reader);
    sendVisible();
    if (lastEventId !== null && !lastEventId.startsWith(`${hello.boot}-`)) resync();
  }

  function resync(): void {
    etag = null;
    loadSnapshot().catch((error: unknown) => {
      closeStream();
      failed(error);
    });
  }

  function sendVisible(): void {
    if (connection === null) return;
    portal
      .tellVisible(connection, { machines: visible, resilience: resilience === 'shown' }, { signal: run?.signal })
      .catch((error: unknown) => {
        // Only a hint about order of refreshing; the next scroll or reconnect says it again. A session that is over is told by the stream.
        if (!(error instanceof ApiError) && run?.signal.aborted === false) throw error;
      });
  }

  function suspend(): void {
    run?.abort();
    run = null;
    closeStream();
    cancelTimers('poll', 'visible');
  }

  function begin(): void {
    run = new AbortController();
    attempt = 0;
    connect();
  }

  function stop(): void {
    suspend();
    cancelTimers('hidden');
    lastEventId = null;
    etag = null;
    status = { kind: 'starting' };
  }

  return {
    start() {
      stop();
      begin();
    },
    stop,
    pause() {
      suspend();
      setStatus({ kind: 'paused', sinceWallMs: trueAtWallMs });
    },
    resume() {
      if (status.kind !== 'paused') return;
      setStatus({ kind: 'starting' });
      begin();
    },
    setPageVisibility(state) {
      cancelTimers('hidden');
      if (status.kind === 'paused') return;
      if (state === 'hidden') setTimer('hidden', HIDDEN_CLOSE_MS, suspend);
      else if (run === null) begin();
    },
    networkChanged() {
      if (run === null || status.kind === 'paused') return;
      closeStream();
      if (!isOnline()) {
        lose();
        return;
      }
      attempt = Math.max(attempt, 1);
      connect();
    },
    setVisibleMachines(machines) {
      visible = machines.slice(0, VISIBLE_MACHINES_MAX);
      setTimer('visible', VISIBLE_DEBOUNCE_MS, sendVisible);
    },
    setResilience(state) {
      resilience = state;
      setTimer('visible', 0, sendVisible);
    },
    status: () => status,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
