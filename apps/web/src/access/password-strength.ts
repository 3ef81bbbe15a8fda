export const PASSWORD_MIN = 10;
export const STRENGTHS = ['weak', 'fair', 'good', 'strong'] as const;
export type Strength = (typeof STRENGTHS)[number];

/** Length counts, repetition does not: `aaaaaaaaaaaa` is as weak as `a`. */
export function ratePassword(password: string): Strength {
  const letters = Array.from(password);
  const distinct = new Set(letters).size;
  const effective = Math.min(letters.length, distinct * 2);
  if (letters.length < PASSWORD_MIN || effective < PASSWORD_MIN) return 'weak';
  if (effective < 14) return 'fair';
  return effective < 20 ? 'good' : 'strong';
}
