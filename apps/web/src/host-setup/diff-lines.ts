export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'place' | 'same';
  /** Without the sign. */
  readonly text: string;
}

/** Lines of a unified difference. The names of the files at its head are left out: they stand above it. */
export function toDiffLines(diff: string): readonly DiffLine[] {
  const lines = diff.replace(/\n$/, '').split('\n');
  const first = lines.findIndex((line) => line.startsWith('@@'));
  const isHead = (line: string, index: number): boolean => index < first && /^(---|\+\+\+) /.test(line);
  return lines.filter((line, index) => line !== '' && !isHead(line, index)).map(toLine);
}

function toLine(line: string): DiffLine {
  if (/^[@\\]/.test(line)) return { kind: 'place', text: line };
  const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
  return { kind, text: line.slice(1) };
}

export function countDiff(lines: readonly DiffLine[]): { readonly added: number; readonly removed: number } {
  const count = (kind: DiffLine['kind']): number => lines.filter((line) => line.kind === kind).length;
  return { added: count('added'), removed: count('removed') };
}
