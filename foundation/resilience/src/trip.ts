import { invalidSpec } from './invalid-spec.ts';

/** Opens after that many failures without a success in between. */
export interface ConsecutiveTrip {
  readonly kind: 'consecutive';
  readonly failures: number;
}

/** Shares of the calls in a window that open the breaker. At least one of the two rates must be given. */
export interface RateTrip {
  /** Calls in the window below which no rate says anything. At least 1. */
  readonly minCalls: number;
  /** Opens at this share of failures, above 0 and at most 1. */
  readonly failureRate?: number;
  /** Opens at this share of slow calls, above 0 and at most 1. Needs `slowMs`. */
  readonly slowRate?: number;
  /** A call that took longer is slow, whether it succeeded or not. A slow probe counts as a failed one. */
  readonly slowMs?: number;
}

/** Looks at the latest calls, however long ago they were. */
export interface CountWindowTrip extends RateTrip {
  readonly kind: 'count-window';
  readonly calls: number;
}

/** Looks at the calls that ended within the latest time. */
export interface TimeWindowTrip extends RateTrip {
  readonly kind: 'time-window';
  readonly windowMs: number;
  /** Steps in which old calls are forgotten. Default 10. */
  readonly buckets?: number;
}

/** When a closed breaker opens. */
export type Trip = ConsecutiveTrip | CountWindowTrip | TimeWindowTrip;

export type WindowTrip = CountWindowTrip | TimeWindowTrip;

const MAX_WINDOW_CALLS = 100_000;
const MAX_BUCKETS = 1_000;

/** Several trips may be set at once; whichever is reached first opens the breaker. */
export function toTrips(trip: Trip | readonly Trip[]): readonly Trip[] {
  return 'kind' in trip ? [trip] : trip;
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function validateTrips(trip: Trip | readonly Trip[]): void {
  const trips = toTrips(trip);
  if (trips.length === 0) throw invalidSpec('breaker.trip needs at least one trip.');
  if (trips.filter(({ kind }) => kind === 'consecutive').length > 1)
    throw invalidSpec('breaker.trip holds more than one consecutive trip.');
  for (const each of trips) validateTrip(each);
}

function validateTrip(trip: Trip): void {
  if (trip.kind === 'consecutive') {
    requireWhole(trip.failures, { name: 'failures', most: Number.MAX_SAFE_INTEGER });
    return;
  }
  requireWhole(trip.minCalls, { name: 'minCalls', most: Number.MAX_SAFE_INTEGER });
  if (trip.failureRate === undefined && trip.slowRate === undefined)
    throw invalidSpec('breaker.trip with a window needs a failureRate or a slowRate.');
  requireRate(trip.failureRate, 'failureRate');
  requireRate(trip.slowRate, 'slowRate');
  if ((trip.slowRate === undefined) !== (trip.slowMs === undefined)) throw invalidSpec('breaker.trip.slowRate and slowMs belong together.');
  if (trip.slowMs !== undefined && !(Number.isFinite(trip.slowMs) && trip.slowMs > 0)) {
    throw invalidSpec(`breaker.trip.slowMs must be above 0, not ${trip.slowMs}.`);
  }
  if (trip.kind === 'count-window') {
    requireWhole(trip.calls, { name: 'calls', most: MAX_WINDOW_CALLS });
    if (trip.minCalls > trip.calls)
      throw invalidSpec(`breaker.trip.minCalls (${trip.minCalls}) is more than the window holds (${trip.calls}).`);
    return;
  }
  requireWhole(trip.buckets ?? 1, { name: 'buckets', most: MAX_BUCKETS });
  if (!(Number.isFinite(trip.windowMs) && trip.windowMs > 0))
    throw invalidSpec(`breaker.trip.windowMs must be above 0, not ${trip.windowMs}.`);
}

function requireWhole(value: number, options: { readonly name: string; readonly most: number }): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= options.most)) {
    throw invalidSpec(`breaker.trip.${options.name} must be a whole number from 1 to ${options.most}, not ${value}.`);
  }
}

function requireRate(rate: number | undefined, name: string): void {
  if (rate !== undefined && !(rate > 0 && rate <= 1)) throw invalidSpec(`breaker.trip.${name} must be above 0 and at most 1, not ${rate}.`);
}

/** Whether that trip counts a call that took so long as slow. */
export function isSlow(trip: WindowTrip, times: { readonly nowMs: number; readonly startedAtMs: number }): boolean {
  return times.nowMs - times.startedAtMs > (trip.slowMs ?? Number.POSITIVE_INFINITY);
}
