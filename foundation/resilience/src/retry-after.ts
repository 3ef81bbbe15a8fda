/** A server that asks for more than this is not meant for a program that waits. */
const MAX_RETRY_AFTER_MS = 366 * 86_400_000;
/** The longest form of a date in RFC 9110 is 33 characters. */
const MAX_TEXT = 64;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Milliseconds that an HTTP `Retry-After` header asks for: whole seconds, or a date in one of the three forms of RFC 9110, section 5.6.7.
 * 0 for a date that has passed. Undefined for anything else, and for more than a year.
 */
export function parseRetryAfterMs(text: string, options: { readonly nowWallMs: number }): number | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const trimmed = text.trim();
  const waitMs = /^\d{1,12}$/.test(trimmed) ? Number(trimmed) * 1_000 : toWaitMs(trimmed, options.nowWallMs);
  return waitMs !== undefined && waitMs <= MAX_RETRY_AFTER_MS ? waitMs : undefined;
}

function toWaitMs(text: string, nowWallMs: number): number | undefined {
  const wallMs = parseHttpDateMs(text, nowWallMs);
  return wallMs === undefined ? undefined : Math.max(0, wallMs - nowWallMs);
}

const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(String.raw`^[a-z]{3}, (?<day>\d\d) (?<month>[a-z]{3}) (?<year>\d{4}) ${TIME} GMT$`, 'i'),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(String.raw`^[a-z]{6,9}, (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) ${TIME} GMT$`, 'i'),
  // Sun Nov  6 08:49:37 1994
  new RegExp(String.raw`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`, 'i'),
];

interface DateParts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
}

function parseHttpDateMs(text: string, nowWallMs: number): number | undefined {
  const groups = FORMS.map((form) => form.exec(text)?.groups).find((found) => found !== undefined) as DateParts | undefined;
  if (groups === undefined) return undefined;
  const month = MONTHS.indexOf(groups.month.toLowerCase()) + 1;
  const year = groups.year.length === 2 ? toFullYear(Number(groups.year), nowWallMs) : Number(groups.year);
  const [day, hour, minute, second] = [groups.day, groups.hour, groups.minute, groups.second].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  if (month === 0 || day < 1 || day > daysOf(month, year) || hour > 23 || minute > 59 || second > 60) return undefined;
  return ((toDays({ year, month, day }) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000;
}

/** RFC 9110: two digits that seem to be more than 50 years ahead mean the past. */
function toFullYear(twoDigits: number, nowWallMs: number): number {
  const latest = 1970 + Math.floor(nowWallMs / 31_556_952_000) + 50;
  return latest - ((latest - twoDigits) % 100);
}

function daysOf(month: number, year: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2) return isLeap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01. Years are counted from March, so that the leap day is the last one. */
function toDays(date: { readonly year: number; readonly month: number; readonly day: number }): number {
  const year = date.month <= 2 ? date.year - 1 : date.year;
  const dayOfYear = Math.floor((153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5) + date.day - 1;
  return year * 365 + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400) + dayOfYear - 719_468;
}
