import { type Clock, formatInstant, isOpsError, type LogFields, type Logger, type LogLevel, Secret } from '@breakwater/kernel';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  readonly clock: Clock;
  /** Takes one line with its line break, for example `(line) => process.stdout.write(line)`. */
  readonly write: (line: string) => void;
}

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Field names whose value is never written, whoever passes it. */
const SECRET_NAME = /^(password|secret|token|ticket|authorization|cookie|set-cookie|api_?key)$/i;

const MAX_TEXT_LENGTH = 4_000;
const MAX_DEPTH = 5;
const MAX_ITEMS = 50;

/** A logger that writes one line per entry: `time`, `level`, `msg`, then the fields. */
export function createLogger(options: LoggerOptions): Logger {
  return build(options, {});
}

function build(options: LoggerOptions, context: LogFields): Logger {
  const log = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (RANKS[level] < RANKS[options.level]) return;
    const entry = { time: formatInstant(options.clock.wall()), level, msg: message, ...toRecord({ ...context, ...fields }) };
    options.write(`${options.format === 'json' ? JSON.stringify(entry) : formatPretty(entry)}\n`);
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    with: (fields) => build(options, { ...context, ...fields }),
  };
}

const toRecord = (fields: LogFields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toPlain(value, { name, depth: 0 })]));

/** What JSON can hold, bounded in size and depth, without secrets. */
function toPlain(value: unknown, place: { readonly name: string; readonly depth: number }): unknown {
  if (value instanceof Secret || (SECRET_NAME.test(place.name) && value !== null && value !== undefined)) return '[secret]';
  if (typeof value === 'string') return value.length > MAX_TEXT_LENGTH ? `${value.slice(0, MAX_TEXT_LENGTH)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (place.depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return toErrorRecord(value, place.depth);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => toPlain(item, { name: '', depth: place.depth + 1 }));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [name, toPlain(item, { name, depth: place.depth + 1 })]));
}

function toErrorRecord(error: Error, depth: number): Record<string, unknown> {
  const known = isOpsError(error);
  return {
    ...(known ? { code: error.code } : { name: error.name }),
    message: toPlain(error.message, { name: '', depth }),
    ...(known && Object.keys(error.details).length > 0 ? { details: toPlain(error.details, { name: '', depth: depth + 1 }) } : {}),
    // A known error tells enough by its code; the stack of anything else is needed to find the defect.
    ...(known || error.stack === undefined ? {} : { stack: error.stack.slice(0, MAX_TEXT_LENGTH) }),
    ...(error.cause === undefined ? {} : { cause: toPlain(error.cause, { name: 'cause', depth: depth + 1 }) }),
  };
}

function formatPretty(entry: Record<string, unknown> & { readonly time: string; readonly level: string; readonly msg: string }): string {
  const { time, level, msg, ...fields } = entry;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [time.slice(11, 23), level.padEnd(5), msg, ...rest].join(' ').replaceAll(/\p{Cc}/gu, ' ');
}
