import { createTwoFilesPatch } from 'diff';

/** A plan is read by people; what is longer is looked up in the file. */
const MAX_CHARACTERS = 20_000;

/** Unified, three lines around each change. */
export function createDiff(path: string, before: string, after: string): string {
  const patch = createTwoFilesPatch(path, path, before, after, 'now', 'wanted', { context: 3 });
  const text = patch.slice(patch.indexOf('---'));
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}\n… (${text.length - MAX_CHARACTERS} more characters)` : text;
}
