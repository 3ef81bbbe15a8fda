import { expect, test } from 'vitest';
import { openSurroundings } from './surroundings.ts';

test('what tools make on this machine is open to others, whatever the umask of the caller', () => {
  const before = process.umask(0o077);
  try {
    openSurroundings();
    expect(process.umask()).toBe(0o022);
  } finally {
    process.umask(before);
  }
});
