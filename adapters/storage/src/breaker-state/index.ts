// A door of its own: a command that lives for a second loads no query builder for it.
export { type BreakerState, type OpenBreakerStateOptions, openBreakerState } from './open-breaker-state.ts';
