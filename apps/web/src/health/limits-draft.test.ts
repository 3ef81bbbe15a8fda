import { LIMIT_RANGES, limitsRequestSchema } from '@breakwater/contract';
import { describe, expect, it } from 'vitest';
import { buildResilience } from '../testing/build-fleet.ts';
import { changeLimit, findWrong, PRESET_NAMES, toDraft, toRequest } from './limits-draft.ts';

const { values } = buildResilience({ id: 'a' }).limits;

describe('the form for limits', () => {
  it('sends a preset by its name, and numbers once one was touched', () => {
    expect(limitsRequestSchema.parse(toRequest(toDraft(values, 'stabler'), 15))).toEqual({ preset: 'stabler', minutes: 15 });
    const touched = changeLimit(toDraft(values, 'stabler'), 'max_concurrent', '2');
    expect(touched.preset).toBe('numbers');
    expect(limitsRequestSchema.parse(toRequest(touched, null))).toEqual({ limits: { ...values, max_concurrent: 2 }, minutes: null });
  });

  it.each(['', ' ', '0', '33', '1.5', '-1', '1e1', 'many'])('finds that %j is no number of requests at once', (text) => {
    expect(findWrong(changeLimit(toDraft(values, 'small'), 'max_concurrent', text), LIMIT_RANGES)).toEqual(['max_concurrent']);
  });

  it('takes the bounds themselves, with spaces around', () => {
    for (const text of ['1', ' 32 ']) {
      expect(findWrong(changeLimit(toDraft(values, 'small'), 'max_concurrent', text), LIMIT_RANGES)).toEqual([]);
    }
  });

  it('offers every preset of the contract', () => {
    for (const preset of PRESET_NAMES) expect(limitsRequestSchema.safeParse({ preset }).success).toBe(true);
  });
});
