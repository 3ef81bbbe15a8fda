import { OpsError } from '@breakwater/kernel';

/** How many work at once; the others wait for their turn, first come, first served. */
export interface Turns {
  /** Throws `HOST_SETUP_TOO_MANY` when too many wait already. */
  requireRoom(): void;
  /** Resolves to what gives the turn back. As `requireRoom`; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createTurns({ atOnce, waiting: maxWaiting }: { readonly atOnce: number; readonly waiting: number }): Turns {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const requireRoom = (): void => {
    if (free > 0 || waiting.length < maxWaiting) return;
    throw new OpsError({ code: 'HOST_SETUP_TOO_MANY', message: 'Too many wait already. Try again when some are over.' });
  };
  return {
    requireRoom,
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return giveBack;
      }
      requireRoom();
      await new Promise<void>((resolve, reject) => {
        const enter = (): void => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = (): void => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(signal.reason);
        };
        waiting.push(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
      return giveBack;
    },
  };
}
