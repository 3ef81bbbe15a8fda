import type { ConsoleSession as ConsoleTicket } from '@breakwater/contract';
import type { Clock, Random, TimerHandle } from '@breakwater/kernel';
import { ApiError } from '../api/api-error.ts';

export type ConsoleState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number }
  | { readonly kind: 'ended'; readonly reason: 'closed' | 'off' | 'given-up' }
  | { readonly kind: 'refused'; readonly error: unknown };

/** A connection that is being made or stands. */
export interface ConsoleLink {
  readonly close: () => void;
}

export interface ConsoleSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Every connection, also each new try, needs a session of its own: it can be used once. */
  readonly openTicket: (options: { readonly signal: AbortSignal }) => Promise<ConsoleTicket>;
  readonly connect: (
    ticket: ConsoleTicket,
    events: { readonly onConnect: () => void; readonly onDisconnect: () => void; readonly onRefused: (reason: string) => void },
  ) => ConsoleLink;
  readonly onState: (state: ConsoleState) => void;
}

export interface ConsoleSession {
  readonly start: () => void;
  /** Nothing is tried any more. */
  readonly end: (reason: 'closed' | 'off') => void;
}

const DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
const GIVE_UP_AFTER_MS = 10 * 60_000;

/** Opens a console and opens it again after a loss, with growing pauses; stops where trying again makes no sense. */
export function createConsoleSession(options: ConsoleSessionOptions): ConsoleSession {
  const { clock, random, openTicket, connect, onState } = options;
  let run: AbortController | null = null;
  let link: ConsoleLink | null = null;
  let timer: TimerHandle | null = null;
  let attempt = 0;
  let lostAtMs: number | null = null;

  const drop = (): void => {
    run?.abort();
    run = null;
    timer?.cancel();
    timer = null;
    link?.close();
    link = null;
  };

  const retryLater = (): void => {
    drop();
    lostAtMs ??= clock.now();
    if (clock.now() - lostAtMs > GIVE_UP_AFTER_MS) {
      onState({ kind: 'ended', reason: 'given-up' });
      return;
    }
    const baseMs = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 30_000;
    // Up to a quarter more, so that many consoles of one host do not come back in the same moment.
    const delayMs = baseMs * (1 + random() / 4);
    attempt += 1;
    onState({ kind: 'waiting', retryAtMs: clock.wall() + delayMs });
    timer = clock.after(delayMs, open);
  };

  const open = (): void => {
    drop();
    const own = new AbortController();
    run = own;
    onState({ kind: 'opening' });
    const isCurrent = (): boolean => run === own;
    openTicket({ signal: own.signal }).then(
      (ticket) => {
        if (!isCurrent()) return;
        link = connect(ticket, {
          onConnect: () => {
            if (!isCurrent()) return;
            attempt = 0;
            lostAtMs = null;
            onState({ kind: 'connected' });
          },
          onDisconnect: () => {
            if (isCurrent()) retryLater();
          },
          onRefused: (reason) => {
            if (!isCurrent()) return;
            drop();
            onState({ kind: 'refused', error: new Error(reason) });
          },
        });
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        if (!isFinal(error)) {
          retryLater();
          return;
        }
        drop();
        onState(error.code === 'FLEET_MACHINE_OFF' ? { kind: 'ended', reason: 'off' } : { kind: 'refused', error });
      },
    );
  };

  return {
    start() {
      attempt = 0;
      lostAtMs = null;
      open();
    },
    end(reason) {
      drop();
      onState({ kind: 'ended', reason });
    },
  };
}

/** Not signed in, not allowed, not there, not running: a new try would be answered the same. */
const FINAL_STATUSES: readonly number[] = [400, 401, 403, 404];
const isFinal = (error: unknown): error is ApiError =>
  error instanceof ApiError && (FINAL_STATUSES.includes(error.status) || error.code === 'FLEET_MACHINE_OFF');
