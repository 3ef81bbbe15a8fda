import * as everything from '../../node_modules/fast-check/lib/fast-check.js';

const MOST_RUNS = 60;

export * from '../../node_modules/fast-check/lib/fast-check.js';

export function assert(property, parameters = {}) {
  return everything.assert(property, { ...parameters, numRuns: Math.min(parameters.numRuns ?? 100, MOST_RUNS) });
}

export default { ...everything.default, assert };
