import { formatInstant, parseInstant } from '@breakwater/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRetryAfterMs } from './retry-after.ts';

const NOW = parseInstant('2026-11-21T04:00:00Z') ?? Number.NaN;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function toHttpDate(wallMs: number): string {
  const [year, month, day, time] = formatInstant(wallMs).split(/[-T.]/);
  return `Mon, ${day} ${MONTHS[Number(month) - 1]} ${year} ${time} GMT`;
}

it.each<[string, number | undefined]>([
  ['120', 120_000],
  ['0', 0],
  [' 5 ', 5_000],
  ['Sat, 21 Nov 2026 04:00:30 GMT', 30_000],
  ['sat, 21 nov 2026 04:00:30 gmt', 30_000],
  ['Saturday, 21-Nov-26 04:00:30 GMT', 30_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['Sat Nov 21 04:00:30 2026', 30_000],
  ['Sun Nov  6 08:49:37 1994', 0],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
  ['31536001', 31_536_001_000],
  ['31622401', undefined],
  ['999999999999', undefined],
  ['Fri, 31 Dec 9999 23:59:59 GMT', undefined],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Sat, 21 Foo 2026 04:00:30 GMT', undefined],
  ['Sat, 00 Nov 2026 04:00:30 GMT', undefined],
  ['Sat, 31 Nov 2026 04:00:30 GMT', undefined],
  ['Sat, 29 Feb 2027 04:00:30 GMT', undefined],
  ['Sat, 29 Feb 2100 04:00:30 GMT', undefined],
  ['Sat, 21 Nov 2026 24:00:30 GMT', undefined],
  ['Sat, 21 Nov 2026 04:60:30 GMT', undefined],
  ['Sat, 21 Nov 2026 04:00:61 GMT', undefined],
  ['Sat, 21 Nov 2026 04:00:30 CET', undefined],
  [`${' '.repeat(100)}5`, undefined],
])('reads %j', (text, waitMs) => {
  expect(parseRetryAfterMs(text, { nowWallMs: NOW })).toBe(waitMs);
});

it.each([
  ['31622400', 31_622_400_000],
  [`${' '.repeat(63)}5`, 5_000],
  [`${' '.repeat(64)}5`, undefined],
  ['5 x', undefined],
  ['x 5', undefined],
  ['Sat, 21 Nov 2026 23:59:59 GMT', 71_999_000],
  // A leap second.
  ['Sat, 21 Nov 2026 04:59:60 GMT', 3_600_000],
  ['Saturday, 21-Nov-26 04:00:30 gmt', 30_000],
  ['Wednesday, 18-Nov-26 04:00:30 GMT', 0],
  ['SAT NOV 21 04:00:30 2026', 30_000],
  ['Sat Dec  1 04:00:00 2026', 864_000_000],
  ['Sat Nov 6 08:49:37 1994', undefined],
  ['Sat, 6 Nov 1994 08:49:37 GMT', undefined],
  ['Sat, 06 Nov 94 08:49:37 GMT', undefined],
  ['Sat, 06 November 1994 08:49:37 GMT', undefined],
  ['Satu, 21 Nov 2026 04:00:30 GMT', undefined],
  ['Satur, 21-Nov-26 04:00:30 GMT', undefined],
  ['Wednesdays, 18-Nov-26 04:00:30 GMT', undefined],
  ['Satu Nov 21 04:00:30 2026', undefined],
  ['xSat, 21 Nov 2026 04:00:30 GMT', undefined],
  ['! Sat, 21 Nov 2026 04:00:30 GMT', undefined],
  ['Sat, 21 Nov 2026 04:00:30 GMT!', undefined],
  ['!Saturday, 21-Nov-26 04:00:30 GMT', undefined],
  ['Saturday, 21-Nov-26 04:00:30 GMT!', undefined],
  ['! Sat Nov 21 04:00:30 2026', undefined],
  ['Sat Nov 21 04:00:30 2026!', undefined],
])('reads %j, to the letter', (text, waitMs) => {
  expect(parseRetryAfterMs(text, { nowWallMs: NOW })).toBe(waitMs);
});

it.each<[string, 'a day' | 'no day']>([
  ['31 Jan 2025', 'a day'],
  ['29 Feb 2000', 'a day'],
  ['29 Feb 2024', 'a day'],
  ['29 Feb 1900', 'no day'],
  ['29 Feb 2025', 'no day'],
  ['30 Feb 2024', 'no day'],
  ['31 Mar 2025', 'a day'],
  ['30 Apr 2025', 'a day'],
  ['31 Apr 2025', 'no day'],
  ['31 May 2025', 'a day'],
  ['31 Jun 2025', 'no day'],
  ['31 Jul 2025', 'a day'],
  ['31 Aug 2025', 'a day'],
  ['31 Sep 2025', 'no day'],
  ['31 Oct 2025', 'a day'],
  ['30 Nov 2025', 'a day'],
  ['31 Nov 2025', 'no day'],
  ['31 Dec 2025', 'a day'],
  ['32 Dec 2025', 'no day'],
  ['01 Dec 2025', 'a day'],
  ['00 Dec 2025', 'no day'],
])('knows that %s is %s', (date, found) => {
  expect(parseRetryAfterMs(`Mon, ${date} 00:00:00 GMT`, { nowWallMs: NOW })).toBe(found === 'a day' ? 0 : undefined);
});

it.each([
  ['1999-12-31T23:59:00Z', '01-Jan-00 00:00:00', 60_000],
  ['1999-12-31T23:59:00Z', '31-Dec-99 23:59:30', 30_000],
  ['1999-12-31T23:59:00Z', '31-Dec-98 23:59:30', 0],
  ['2026-11-21T04:00:00Z', '21-Nov-77 04:00:30', 0],
  ['2026-11-21T04:00:00Z', '21-Nov-76 04:00:30', undefined],
  ['2000-01-01T00:00:00Z', '01-Jan-00 00:00:10', 10_000],
])('at %s takes a year of two digits, %s, for the nearest that makes sense', (now, date, waitMs) => {
  expect(parseRetryAfterMs(`Saturday, ${date} GMT`, { nowWallMs: parseInstant(now) ?? Number.NaN })).toBe(waitMs);
});

it('reads what a server writes for any instant of the next year, in step with the calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), fc.integer({ min: 0, max: 31_536_000 }), (nowS, waitS) => {
      const text = toHttpDate((nowS + waitS) * 1_000);
      expect(parseRetryAfterMs(text, { nowWallMs: nowS * 1_000 })).toBe(waitS * 1_000);
    }),
    { numRuns: 2_000 },
  );
});
