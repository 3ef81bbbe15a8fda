import { describe, expect, it } from 'vitest';
import { countDiff, toDiffLines } from './diff-lines.ts';

const DIFF = `--- /etc/motd
+++ /etc/motd
@@ -1,3 +1,3 @@
 Welcome
---- old
+++ new
 end
\\ No newline at end of file
`;

describe('the lines of a difference', () => {
  it('are told apart by more than a sign, and the head is left out', () => {
    expect(toDiffLines(DIFF)).toEqual([
      { kind: 'place', text: '@@ -1,3 +1,3 @@' },
      { kind: 'same', text: 'Welcome' },
      { kind: 'removed', text: '--- old' },
      { kind: 'added', text: '++ new' },
      { kind: 'same', text: 'end' },
      { kind: 'place', text: '\\ No newline at end of file' },
    ]);
  });

  it('are counted', () => {
    expect(countDiff(toDiffLines(DIFF))).toEqual({ added: 1, removed: 1 });
    expect(countDiff(toDiffLines(''))).toEqual({ added: 0, removed: 0 });
  });

  it('stay what they are in a difference that has no place', () => {
    expect(toDiffLines('+a\n-b')).toEqual([
      { kind: 'added', text: 'a' },
      { kind: 'removed', text: 'b' },
    ]);
  });
});
