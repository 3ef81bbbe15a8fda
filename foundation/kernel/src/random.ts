/** Uniform in [0, 1). Injected wherever chance plays a part, so that tests can repeat it. */
export type Random = () => number;

export const systemRandom: Random = Math.random;

/** mulberry32: small, fast and good enough for jitter and simulated fleets; not for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
