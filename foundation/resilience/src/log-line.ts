import type { ResilienceEvent } from './events.ts';

/** The event as spec 01, 02 and 04 print it, or null where nothing is worth a line. */
export function toLogLine(event: ResilienceEvent): string | null {
  const { key } = event;
  switch (event.kind) {
    case 'breaker.opened':
      return event.from === 'closed'
        ? `Circuit breaker OPEN for ${key} after ${event.failures} failures`
        : `Circuit breaker OPEN for ${key} again: the probe failed`;
    case 'breaker.half-opened':
      return `Circuit breaker HALF_OPEN for ${key}`;
    case 'breaker.closed':
      return `Circuit breaker CLOSED for ${key} after ${event.successes} successes`;
    case 'breaker.reset':
      return `Circuit breaker CLOSED for ${key} (${event.reason})`;
    case 'call.retried':
      return `${event.op} on ${key}: attempt ${event.attempt}/${event.attempts} failed, retrying in ${toSeconds(event.delayMs, 1)}s`;
    case 'limiter.slowed':
      return `ESXi rate limit for ${key}: ${event.requests} requests in ${toSeconds(event.windowMs, 1)}s, increasing delay to ${toSeconds(event.delayMs, 2)}s`;
    case 'limiter.recovered':
      return `Rate limit for ${key} lifted`;
    case 'cache.served-stale':
      return `Returning stale ${event.entry} cache for ${key} due to error`;
    case 'call.rejected':
    case 'attempt.abandoned':
      return null;
  }
}

function toSeconds(ms: number, digits: number): string {
  return (ms / 1_000).toFixed(digits);
}
