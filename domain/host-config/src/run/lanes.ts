import type { Lane } from '../plan/step.ts';

/** apt and dpkg have one lock for everybody. */
const APT_AT_ONCE = 1;
const SERVICE_AT_ONCE = 4;
const LOCAL_AT_ONCE = 4;

/** How many steps of a kind run side by side; first come, first served. */
export interface Lanes {
  /** Resolves to what gives the place back; rejects with the signal's reason while waiting. */
  enter(lane: Lane, signal: AbortSignal): Promise<() => void>;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, { free: number; readonly waiting: (() => void)[] }>();
  return {
    async enter(lane, signal) {
      const key = lane.kind === 'service' ? `service:${lane.service}` : lane.kind;
      const state = lanes.get(key) ?? { free: toPlaces(lane), waiting: [] };
      lanes.set(key, state);
      if (state.free > 0) state.free--;
      else await waitForPlace(state.waiting, signal);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const next = state.waiting.shift();
        if (next === undefined) state.free++;
        else next();
      };
    },
  };
}

function waitForPlace(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const enter = (): void => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const leave = (): void => {
      const index = waiting.indexOf(enter);
      if (index >= 0) waiting.splice(index, 1);
      reject(signal.reason);
    };
    waiting.push(enter);
    signal.addEventListener('abort', leave, { once: true });
  });
}

function toPlaces(lane: Lane): number {
  switch (lane.kind) {
    case 'apt':
      return APT_AT_ONCE;
    case 'service':
      return SERVICE_AT_ONCE;
    case 'local':
      return LOCAL_AT_ONCE;
  }
}
