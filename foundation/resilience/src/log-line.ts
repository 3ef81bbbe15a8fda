import type { LogLevel } from '@breakwater/kernel';
import type { OpeningCause } from './breaker-report.ts';
import type { ResilienceEvent } from './events.ts';

export interface LogLine {
  readonly level: Exclude<LogLevel, 'debug'>;
  readonly text: string;
}

/** In whose words: `esxi` spec 01 and 02, `mcp` spec 04, `installer` spec 05. */
export type LogStyle = 'esxi' | 'mcp' | 'installer';

const WRITERS: Readonly<Record<LogStyle, (event: ResilienceEvent) => readonly LogLine[]>> = {
  esxi: toEsxiLines,
  mcp: toMcpLines,
  installer: toInstallerLines,
};

/** The event as one of the documents prints it; nothing where it is not worth a line. Default style: `esxi`. */
export function toLogLines(event: ResilienceEvent, options: { readonly style?: LogStyle } = {}): readonly LogLine[] {
  return WRITERS[options.style ?? 'esxi'](event);
}

const info = (text: string): LogLine => ({ level: 'info', text });
const warn = (text: string): LogLine => ({ level: 'warn', text });
const error = (text: string): LogLine => ({ level: 'error', text });

function toEsxiLines(event: ResilienceEvent): readonly LogLine[] {
  const { key } = event;
  switch (event.kind) {
    case 'breaker.opened':
      return [warn(`Circuit breaker OPEN for ${key} ${toOpeningText(event)}`)];
    case 'breaker.would-open':
      return [info(`Circuit breaker of ${key} would open ${toOpeningText(event)} (metrics only)`)];
    case 'breaker.half-opened':
      return [info(`Circuit breaker HALF_OPEN for ${key}`)];
    case 'breaker.closed':
      return [info(`Circuit breaker CLOSED for ${key} after ${event.successes} successes`)];
    case 'breaker.reset':
      return [info(`Circuit breaker CLOSED for ${key} (${event.reason})`)];
    case 'call.retried':
      return [
        info(`${event.op} on ${key}: attempt ${event.attempt}/${event.attempts} failed, retrying in ${toSeconds(event.delayMs, 1)}s`),
      ];
    case 'limiter.slowed':
      return [
        info(
          `ESXi rate limit for ${key}: ${event.requests} requests in ${toSeconds(event.windowMs, 1)}s, increasing delay to ${toSeconds(event.delayMs, 2)}s`,
        ),
      ];
    case 'limiter.recovered':
      return [info(`Rate limit for ${key} lifted`)];
    case 'cache.served-stale':
      return [info(`Returning stale ${event.entry} cache for ${key} due to error`)];
    case 'call.rejected':
    case 'call.ended':
    case 'attempt.abandoned':
      return [];
  }
}

function toMcpLines(event: ResilienceEvent): readonly LogLine[] {
  const { key } = event;
  switch (event.kind) {
    case 'breaker.opened':
      return [warn(`Circuit breaker '${key}' opened ${toOpeningText(event)}`)];
    case 'breaker.half-opened':
      return [info(`Circuit breaker '${key}' half-open, testing connection`)];
    case 'breaker.closed':
      return [info(`Circuit breaker '${key}' closed`)];
    case 'breaker.reset':
      return [info(`Circuit breaker '${key}' closed (${event.reason})`)];
    case 'call.retried':
      return [
        warn(
          `Retry attempt ${event.attempt}/${event.attempts} failed: ${toReason(event.error)}, retrying in ${toShortSeconds(event.delayMs)}s...`,
        ),
      ];
    // The document has no words for the rest.
    case 'breaker.would-open':
    case 'limiter.slowed':
    case 'limiter.recovered':
    case 'cache.served-stale':
    case 'call.rejected':
    case 'call.ended':
    case 'attempt.abandoned':
      return [];
  }
}

/** Tells successes after a repetition and failures too, so its listener must hear `call.ended`. */
function toInstallerLines(event: ResilienceEvent): readonly LogLine[] {
  switch (event.kind) {
    case 'breaker.opened':
      return [error(`🚨 Circuit breaker open: ${event.key}`)];
    case 'breaker.closed':
    case 'breaker.reset':
      return [info(`✅ Circuit breaker closed: ${event.key}`)];
    case 'call.retried': {
      const left = event.attempts - event.attempt;
      return [
        warn(`⚠️  Attempt ${event.attempt} failed: ${toReason(event.error)}`),
        info(`🔄 Retrying in ${toSeconds(event.delayMs, 1)}s... (${left} ${left === 1 ? 'retry' : 'retries'} left)`),
      ];
    }
    case 'call.ended':
      return toInstallerEnd(event);
    case 'breaker.would-open':
    case 'breaker.half-opened':
    case 'limiter.slowed':
    case 'limiter.recovered':
    case 'cache.served-stale':
    case 'call.rejected':
    case 'attempt.abandoned':
      return [];
  }
}

function toInstallerEnd(event: Extract<ResilienceEvent, { kind: 'call.ended' }>): readonly LogLine[] {
  const { attempts, outcome } = event;
  if (outcome === 'success') return attempts > 1 ? [info(`✅ Operation succeeded after ${attempts} attempts`)] : [];
  if (outcome === 'canceled') return [];
  if (attempts === 0) return [error(`❌ ${toReason(event.error)}`)];
  const last = warn(`⚠️  Attempt ${attempts} failed: ${toReason(event.error)}`);
  return attempts === 1 ? [last] : [last, error(`❌ All ${attempts} attempts failed`)];
}

/** What spec 05 prints before a guarded operation: `Updating APT package lists (with retry protection)...` */
export const toBeginLine = (doing: string): LogLine => info(`${doing} (with retry protection)...`);

/** What spec 05 prints after it: `✅ APT update successful` */
export const toDoneLine = (what: string): LogLine => info(`✅ ${what} successful`);

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

/** A foreign text must stay inside its line. */
const MAX_REASON = 200;

function toReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_REASON);
}

function toSeconds(ms: number, digits: number): string {
  return (ms / 1_000).toFixed(digits);
}

/** `2`, not `2.0`. */
function toShortSeconds(ms: number): string {
  return String(Number(toSeconds(ms, 1)));
}
