import { ManualClock, OpsError, Secret } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

function openLog(options: { readonly level?: 'debug' | 'info'; readonly format?: 'json' | 'pretty' } = {}) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', format: 'json', clock: new ManualClock(), write: (line) => lines.push(line), ...options });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

describe('createLogger', () => {
  it('writes one JSON object per line with time, level, text and fields', () => {
    const { logger, lines, last } = openLog();
    logger.with({ component: 'portal' }).info('Ready', { port: 5_001 });
    expect(last()).toEqual({ time: '2026-01-01T00:00:00.000Z', level: 'info', msg: 'Ready', component: 'portal', port: 5_001 });
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = openLog();
    logger.debug('quiet');
    expect(lines).toEqual([]);
  });

  it('hides secrets by type and by name, at any depth', () => {
    const { logger, lines } = openLog();
    logger.warn('x', {
      a: new Secret('hunter2'),
      nested: { password: 'hunter2', list: [{ Authorization: 'hunter2' }] },
      cookie: 'hunter2',
    });
    expect(lines.join()).not.toContain('hunter2');
  });

  it('writes known errors by code with their cause, and the stack of unknown ones', () => {
    const { logger, last } = openLog();
    const error = new OpsError({ code: 'FLEET_X', message: 'No.', cause: new TypeError('deeper'), details: { id: 'a' } });
    logger.error('failed', { error });
    expect(last()['error']).toMatchObject({
      code: 'FLEET_X',
      message: 'No.',
      details: { id: 'a' },
      cause: { name: 'TypeError', message: 'deeper' },
    });
    expect(last()['error']).not.toHaveProperty('stack');
    logger.error('failed', { error: new TypeError('oops') });
    expect(last()['error']).toMatchObject({ name: 'TypeError', stack: expect.stringContaining('oops') as string });
  });

  it('bounds what a field may hold', () => {
    const { logger, lines } = openLog();
    const endless: Record<string, unknown> = {};
    endless['self'] = endless;
    logger.info('x', {
      text: 'a'.repeat(100_000),
      endless,
      many: Array.from({ length: 10_000 }, (_, index) => index),
      big: 10n,
      bytes: new Uint8Array(9),
    });
    expect(lines[0]?.length).toBeLessThan(6_000);
  });

  it('keeps a hostile line break inside its own line', () => {
    const json = openLog();
    const pretty = openLog({ format: 'pretty' });
    for (const { logger, lines } of [json, pretty]) {
      logger.info('name', { name: 'a\n{"level":"error"}\u001b[31m' });
      expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
    }
  });
});
