/** One word for a POSIX shell, whatever it holds. A zero byte cannot be passed to any program; callers refuse it first. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
