import type { OpeningCause } from './breaker-report.ts';
import type { ResilienceEvent } from './events.ts';

/** The event as spec 01, 02 and 04 print it, or null where nothing is worth a line. */
export function toLogLine(event: ResilienceEvent): string | null {
  const { key } = event;
  switch (event.kind) {
    case 'breaker.opened':
      return `Circuit breaker OPEN for ${key} ${toOpeningText(event)}`;
    case 'breaker.would-open':
      return `Circuit breaker of ${key} would open ${toOpeningText(event)} (metrics only)`;
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

function toOpeningText(opening: { readonly cause: OpeningCause; readonly failures: number; readonly reason?: string }): string {
  switch (opening.cause) {
    case 'consecutive':
    case 'failure-rate':
      return `after ${opening.failures} failures`;
    case 'slow-rate':
      return 'after too many slow calls';
    case 'probe':
      return 'again: the probe failed';
    case 'by-hand':
      return `by hand: ${opening.reason}`;
    case 'shared':
      return `together with the others: ${opening.reason}`;
  }
}

function toSeconds(ms: number, digits: number): string {
  return (ms / 1_000).toFixed(digits);
}
