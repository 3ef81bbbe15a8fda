import { createSeededRandom } from '@breakwater/kernel';
import type { Backoff } from '@breakwater/resilience';
import { median } from './process-figures.ts';

const CLIENTS = 100;
const PLACES = 10;
const SERVICE_MS = 200;
const RUNS = 21;

interface Waking {
  readonly atMs: number;
  readonly retry: number;
  readonly pauseMs: number;
}

/** Virtual milliseconds until all of 100 clients that failed at once are served by a server that takes ten at a time and refuses the rest. */
export function measureHerdMs(backoff: Backoff): number {
  return median(Array.from({ length: RUNS }, (_, run) => serveHerd(backoff, 7 + run * 13)));
}

function serveHerd(backoff: Backoff, seed: number): number {
  const random = createSeededRandom(seed);
  const pause = (atMs: number, retry: number, previousMs: number): Waking => {
    const pauseMs = backoff.delayMs(retry, previousMs, random);
    return { atMs: atMs + pauseMs, retry: retry + 1, pauseMs };
  };
  const waking = Array.from({ length: CLIENTS }, () => pause(0, 0, 0));
  let endsMs: number[] = [];
  let lastEndMs = 0;
  while (waking.length > 0) {
    let next = 0;
    for (const [index, { atMs }] of waking.entries()) if (atMs < (waking[next]?.atMs ?? 0)) next = index;
    const [client] = waking.splice(next, 1);
    if (client === undefined) break;
    endsMs = endsMs.filter((endMs) => endMs > client.atMs);
    if (endsMs.length < PLACES) {
      lastEndMs = client.atMs + SERVICE_MS;
      endsMs.push(lastEndMs);
    } else {
      waking.push(pause(client.atMs, client.retry, client.pauseMs));
    }
  }
  return lastEndMs;
}
