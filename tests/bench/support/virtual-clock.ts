import type { Clock, TimerHandle } from '@breakwater/kernel';

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  isCanceled: boolean;
}

/** Turns of the microtask queue between two events: more than the longest chain of promises between an answer and the next call. */
const TURNS = 8;
const SETTLED = Promise.resolve();

/** Time that jumps from one event to the next, with a heap for millions of them. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Due[] = [];

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback, isCanceled: false };
    this.#push(due);
    return {
      cancel: () => {
        due.isCanceled = true;
      },
    };
  }

  /** Runs all events up to `endMs`, letting promises settle after each. */
  async runUntil(endMs: number): Promise<void> {
    for (let due = this.#pop(endMs); due !== undefined; due = this.#pop(endMs)) {
      if (due.isCanceled) continue;
      this.#nowMs = due.atMs;
      due.callback();
      for (let turn = 0; turn < TURNS; turn++) await SETTLED;
    }
    this.#nowMs = endMs;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(due, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  #pop(endMs: number): Due | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.atMs > endMs) return undefined;
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let smaller = left;
      if (right !== undefined && isBefore(right, left)) {
        smaller = right;
        child++;
      }
      if (!isBefore(smaller, last)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
