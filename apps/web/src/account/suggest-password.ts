/** Without letters and digits that look alike when they are read out or written on paper. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP_LENGTH = 5;

/** Fills the bytes with chance that nobody can foresee: `crypto.getRandomValues` in a browser. */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => unknown;

/** About 99 bits of chance, in groups that can be read out: `k7m2q-…`. */
export function suggestPassword(fillRandom: FillRandom): string {
  const groups: string[] = [];
  for (let group = 0; group < GROUPS; group++) groups.push(drawLetters(fillRandom));
  return groups.join('-');
}

function drawLetters(fillRandom: FillRandom): string {
  const bytes = new Uint8Array(32);
  // Bytes above the last whole round of the alphabet would make its first letters likelier.
  const limit = 256 - (256 % LETTERS.length);
  let letters = '';
  while (letters.length < GROUP_LENGTH) {
    fillRandom(bytes);
    for (const byte of bytes) if (byte < limit && letters.length < GROUP_LENGTH) letters += LETTERS[byte % LETTERS.length];
  }
  return letters;
}
