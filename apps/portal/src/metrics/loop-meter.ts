import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Shortest delay that is told apart; the histogram's timer runs at this pace. */
const RESOLUTION_MS = 20;

export interface LoopMeter {
  /** Seconds at the 99th percentile since the last call. */
  readS(): number;
  close(): void;
}

export function createLoopMeter(): LoopMeter {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    readS() {
      // Nanoseconds, the pace of the timer included; NaN before the first tick.
      const delayMs = histogram.percentile(99) / 1e6 - RESOLUTION_MS;
      histogram.reset();
      return Number.isNaN(delayMs) ? 0 : Math.max(0, delayMs) / 1_000;
    },
    close: () => void histogram.disable(),
  };
}
