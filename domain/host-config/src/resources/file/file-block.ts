/** A marked part of a file that others own: `# BEGIN name` to `# END name`. Made for `content` of a file step. */
export function replaceBlock(
  current: string | null,
  block: { readonly name: string; readonly lines: readonly string[]; readonly comment?: string },
): string {
  const { comment = '#', lines, name } = block;
  const begin = `${comment} BEGIN vps-configurator ${name}`;
  const end = `${comment} END vps-configurator ${name}`;
  const wanted = [begin, ...lines, end];
  const present = (current ?? '').split('\n');
  if (present.at(-1) === '') present.pop();
  // The last one: a beginning above it that has lost its end would take in what others wrote in between.
  const from = present.lastIndexOf(begin);
  const to = present.indexOf(end, from);
  // An end that is gone means that somebody has edited in there: the block is added anew, and theirs is left to them.
  const rest = from >= 0 && to >= from ? [...present.slice(0, from), ...wanted, ...present.slice(to + 1)] : [...present, ...wanted];
  return `${rest.join('\n')}\n`;
}
