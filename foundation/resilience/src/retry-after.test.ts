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

it('reads what a server writes for any instant of the next year, in step with the calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), fc.integer({ min: 0, max: 31_536_000 }), (nowS, waitS) => {
      const text = toHttpDate((nowS + waitS) * 1_000);
      expect(parseRetryAfterMs(text, { nowWallMs: nowS * 1_000 })).toBe(waitS * 1_000);
    }),
    { numRuns: 2_000 },
  );
});
