import { expect, it } from 'vitest';
import { readAcceptedNames } from './accepted-names.ts';

it.each([
  ['what Chromium sends for a picture', 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', true],
  ['another case and a weight', 'image/webp, IMAGE/AVIF ; q=0.3', true],
  ['a weight of zero', 'image/avif;q=0, image/*', false],
  ['a long weight of zero', 'image/avif; q=0.000', false],
  ['everything, without the name', '*/*', false],
  ['all pictures, without the name', 'image/*', false],
  ['a longer name', 'image/avif-sequence', false],
  ['nothing', '', false],
  ['no header', undefined, false],
  ['a header that is made to be long', `image/avif,${'x'.repeat(1_000)}`, false],
])('reads %s', (_case, header, expected) => {
  expect(readAcceptedNames(header).has('image/avif')).toBe(expected);
});
