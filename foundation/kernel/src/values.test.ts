import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { onAbort } from './abort.ts';
import { parseDurationMs } from './duration.ts';
import { createId, toMachineKey, toMoid, toServerId } from './ids.ts';
import { isOpsError, OpsError, toOpsError } from './ops-error.ts';
import { createSeededRandom } from './random.ts';
import { Secret } from './secret.ts';

test('a secret shows itself only when asked to', () => {
  const secret = new Secret('s3cr3t');
  const everywhere = [String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ nested: [secret] }, { depth: 5 })].join(' ');
  expect(everywhere).not.toContain('s3cr3t');
  expect(secret.reveal()).toBe('s3cr3t');
});

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['0.15', 150],
  ['5m', 300_000],
  ['1.5h', 5_400_000],
  [' 2 d ', 172_800_000],
])('the duration %s is %d ms', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

test.each(['', '-1s', '1 week', '1e3', 'Infinity', '٣s'])('%j is no duration and the error says how to write one', (text) => {
  expect(() => parseDurationMs(text)).toThrow(/number of seconds/);
});

test('ids are unique and sort by the time they were made', () => {
  const ids = Array.from({ length: 1_000 }, () => createId());
  expect(new Set(ids).size).toBe(1_000);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect((ids[0] ?? '').slice(0, 11) <= (ids[999] ?? '').slice(0, 11)).toBe(true);
});

test('a machine key keeps moids with slashes apart', () => {
  expect(toMachineKey({ serverId: toServerId('a'), moid: toMoid('b/c') })).toBe('a/b/c');
});

test('an OpsError keeps its code, cause and details through a border', () => {
  const cause = new Error('inner');
  const error = new OpsError({ code: 'X_Y', message: 'outer', cause, details: { n: 1 } });
  expect(isOpsError(error)).toBe(true);
  expect(toOpsError(error, { code: 'Z' })).toBe(error);
  expect(error.cause).toBe(cause);
  expect(error.details).toEqual({ n: 1 });
});

test.each([null, undefined, 'text', 7, new Error('plain')])('%s is no OpsError and gets the fallback code', (value) => {
  expect(isOpsError(value)).toBe(false);
  expect(toOpsError(value, { code: 'FALLBACK' }).code).toBe('FALLBACK');
});

test('the same seed gives the same chance, within [0, 1)', () => {
  const [first, second] = [createSeededRandom(7), createSeededRandom(7)];
  const drawn = Array.from({ length: 1_000 }, () => first());
  expect(drawn).toEqual(Array.from({ length: 1_000 }, () => second()));
  expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(drawn.reduce((sum, value) => sum + value, 0) / 1_000).toBeCloseTo(0.5, 1);
});

test('onAbort calls once, at once for a dead signal, and can be taken back', () => {
  const reasons: unknown[] = [];
  onAbort(AbortSignal.abort('dead'), (reason) => reasons.push(reason));
  const controller = new AbortController();
  onAbort(controller.signal, (reason) => reasons.push(reason));
  onAbort(controller.signal, () => reasons.push('taken back'))();
  onAbort(undefined, () => reasons.push('never'))();
  controller.abort('live');
  expect(reasons).toEqual(['dead', 'live']);
});
