import { OpsError } from './ops-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a text such as `250ms`, `30s`, `5m`, `1.5h`. A bare number counts as seconds, the unit of the
 * environment variables that spec 01 and 02 name.
 */
export function parseDurationMs(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*$/.exec(text);
  if (match === null) {
    throw new OpsError({
      code: 'KERNEL_DURATION_INVALID',
      message: `"${text.slice(0, 40)}" is not a duration; write a number of seconds or a number with ms, s, m, h or d.`,
      details: { text: text.slice(0, 40) },
    });
  }
  return Number(match[1]) * (UNIT_MS[match[2] ?? 's'] ?? 1_000);
}
