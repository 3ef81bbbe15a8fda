import { describe, expect, it } from 'vitest';
import { ratePassword } from '../access/password-strength.ts';
import { suggestPassword } from './suggest-password.ts';

describe('a suggested password', () => {
  it('is strong, readable aloud, and another one each time', () => {
    const drawn = Array.from({ length: 50 }, () => suggestPassword((bytes) => crypto.getRandomValues(bytes)));
    expect(new Set(drawn).size).toBe(50);
    for (const password of drawn) {
      expect(password).toMatch(/^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/);
      expect(['good', 'strong']).toContain(ratePassword(password));
    }
  });

  it('leaves out the bytes that would make some letters likelier', () => {
    let next = 0;
    const seen = suggestPassword((bytes) => {
      for (let at = 0; at < bytes.length; at++) bytes[at] = at % 2 === 0 ? 255 : next++ % 31;
    });
    expect(seen).toBe('abcde-tuvwx-bcdef-uvwxy');
  });
});
