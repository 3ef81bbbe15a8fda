import { type AgeCell, AgeList } from './age-list.ts';
import type { Waiter } from './waiting-queue.ts';

/** Where a waiter stands: in its line by age, and in the lane of its key. Made for those that wait only. */
export class Place implements AgeCell {
  readonly waiter: Waiter;
  readonly sinceMs: number;
  readonly lane: Lane;
  readonly inLane: LanePlace;
  ahead: AgeCell | null = null;
  behind: AgeCell | null = null;

  constructor(waiter: Waiter, lane: Lane) {
    this.waiter = waiter;
    this.sinceMs = waiter.waitingSinceMs;
    this.lane = lane;
    this.inLane = new LanePlace(waiter);
  }
}

class LanePlace implements AgeCell {
  readonly waiter: Waiter;
  readonly sinceMs: number;
  ahead: AgeCell | null = null;
  behind: AgeCell | null = null;

  constructor(waiter: Waiter) {
    this.waiter = waiter;
    this.sinceMs = waiter.waitingSinceMs;
  }
}

/** Those of one key that wait, oldest first. */
class Lane extends AgeList<LanePlace> {
  readonly key: string | undefined;
  /** Round of the lanes that have somebody. */
  next: Lane = this;
  previous: Lane = this;
  /** Others that are as long. */
  nextPeer: Lane | null = null;
  previousPeer: Lane | null = null;

  constructor(key: string | undefined) {
    super();
    this.key = key;
  }
}

/**
 * The waiters of one priority. Keys take turns, so that one with a thousand waiters costs another no more than one turn; waiters without
 * a key share one. Nothing here depends on how many wait or how many keys there are, and a key is forgotten when its last waiter leaves.
 */
export class FairLine {
  readonly #byAge = new AgeList<Place>();
  readonly #common = new Lane(undefined);
  #lanes: Map<string, Lane> | null = null;
  #turn: Lane | null = null;
  /** Lanes by their length, so that the longest is known. */
  readonly #byLength: (Lane | null)[] = [];
  #greatest = 0;

  get length(): number {
    return this.#byAge.length;
  }

  get oldest(): Waiter | null {
    return this.#byAge.first?.waiter ?? null;
  }

  /** Whose turn it is. */
  get next(): Waiter | null {
    return this.#turn?.first?.waiter ?? null;
  }

  /** The newest of the key that has most waiters: who loses least by leaving. */
  get newestOfLongest(): Waiter | null {
    return this.#byLength[this.#greatest]?.last?.waiter ?? null;
  }

  get longest(): number {
    return this.#greatest;
  }

  lengthOf(fairKey: string | undefined): number {
    return (fairKey === undefined ? this.#common : this.#lanes?.get(fairKey))?.length ?? 0;
  }

  add(waiter: Waiter): void {
    const lane = this.#laneOf(waiter.fairKey);
    const place = new Place(waiter, lane);
    waiter.place = place;
    this.#byAge.add(place);
    this.#unlist(lane);
    lane.add(place.inLane);
    this.#list(lane);
    if (lane.length === 1) this.#join(lane);
  }

  /** The waiter must be in this line. `turn`: `taken` when it has had its key's turn, `kept` when it left for another reason. */
  remove(waiter: Waiter, turn: 'taken' | 'kept'): void {
    const { place } = waiter;
    if (place === null) return;
    waiter.place = null;
    const { lane } = place;
    this.#byAge.remove(place);
    this.#unlist(lane);
    lane.remove(place.inLane);
    this.#list(lane);
    if (turn === 'taken' && this.#turn === lane) this.#turn = lane.next;
    if (lane.length === 0) this.#leave(lane);
  }

  *[Symbol.iterator](): Generator<Waiter> {
    for (let place = this.#byAge.first; place !== null; place = place.behind as Place | null) yield place.waiter;
  }

  #laneOf(fairKey: string | undefined): Lane {
    if (fairKey === undefined) return this.#common;
    this.#lanes ??= new Map();
    let lane = this.#lanes.get(fairKey);
    if (lane === undefined) {
      lane = new Lane(fairKey);
      this.#lanes.set(fairKey, lane);
    }
    return lane;
  }

  /** Last in the present round. */
  #join(lane: Lane): void {
    const turn = this.#turn;
    if (turn === null) {
      this.#turn = lane;
      return;
    }
    lane.previous = turn.previous;
    lane.next = turn;
    turn.previous.next = lane;
    turn.previous = lane;
  }

  #leave(lane: Lane): void {
    if (this.#turn === lane) this.#turn = lane.next === lane ? null : lane.next;
    lane.previous.next = lane.next;
    lane.next.previous = lane.previous;
    lane.next = lane;
    lane.previous = lane;
    if (lane.key !== undefined) this.#lanes?.delete(lane.key);
  }

  #list(lane: Lane): void {
    const { length } = lane;
    if (length === 0) return;
    const other = this.#byLength[length] ?? null;
    lane.nextPeer = other;
    if (other !== null) other.previousPeer = lane;
    this.#byLength[length] = lane;
    if (length > this.#greatest) this.#greatest = length;
  }

  #unlist(lane: Lane): void {
    const { length } = lane;
    if (length === 0) return;
    if (lane.previousPeer === null) this.#byLength[length] = lane.nextPeer;
    else lane.previousPeer.nextPeer = lane.nextPeer;
    if (lane.nextPeer !== null) lane.nextPeer.previousPeer = lane.previousPeer;
    lane.nextPeer = null;
    lane.previousPeer = null;
    // A lane changes by one at a time, so the next longest is here or one below.
    if (length === this.#greatest && this.#byLength[length] === null) this.#greatest--;
  }
}
