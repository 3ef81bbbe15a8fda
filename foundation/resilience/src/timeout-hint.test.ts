import { expect, it } from 'vitest';
import { parseTimeoutHintMs } from './timeout-hint.ts';

it.each([
  ['HTTPSConnectionPool(host=x, port=443): Max retries exceeded (connect timeout=30)', 30_000],
  ['Read timed out. (read timeout=10)', 10_000],
  ['operation timed out after 30000 ms', 30_000],
  ['timed out after 1500 milliseconds', 1_500],
  ['timeout of 2.5 seconds exceeded', 2_500],
  ['Timeout: 1 minute', 60_000],
  ['timeout 2m', 120_000],
  ['The request time-out was 45s', 45_000],
])('reads %j as %d ms', (text, expected) => {
  expect(parseTimeoutHintMs(text)).toBe(expected);
});

it.each([
  '503 Service Unavailable',
  'Read timed out.',
  'port 30 refused, timeout',
  'timeout=0',
  'timeout=99999999',
  'runtimeout=30',
  `${'x'.repeat(2_000)} timeout=30`,
])('finds nothing in %j', (text) => {
  expect(parseTimeoutHintMs(text)).toBeUndefined();
});

it('is quick with hostile text', () => {
  expect(parseTimeoutHintMs(`timeout ${' '.repeat(900)}x`)).toBeUndefined();
  expect(parseTimeoutHintMs('timed out '.repeat(100))).toBeUndefined();
});
