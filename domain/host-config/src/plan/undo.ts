/**
 * How one change is taken back, as data: written into the journal before the change, read by a later process, on a host that may be far
 * away. `sha256` fields name bytes kept by the run.
 */
export type UndoRecord =
  /** Puts a file, link or directory back as it was; `before: null` means that nothing was there. `after` lets a rollback refuse what others have changed since. */
  | { readonly kind: 'file'; readonly path: string; readonly before: SavedFile | null; readonly after: SavedFile | null }
  /** Removes packages that this run has newly installed, after simulating that nothing else would go. */
  | { readonly kind: 'packages.installed'; readonly names: readonly string[] }
  | {
      readonly kind: 'packages.upgraded';
      readonly versions: readonly { readonly name: string; readonly before: string; readonly after: string }[];
    }
  | { readonly kind: 'packages.held'; readonly name: string; readonly before: 'hold' | 'install' }
  | { readonly kind: 'service'; readonly unit: string; readonly enabledBefore: string | null; readonly activeBefore: string | null }
  | { readonly kind: 'user.created'; readonly name: string }
  | { readonly kind: 'user.changed'; readonly name: string; readonly passwdLine: string; readonly groups: readonly string[] }
  | { readonly kind: 'group.created'; readonly name: string }
  /** A whole tree that this run has put there: a checkout, an unpacked archive. */
  | { readonly kind: 'tree.created'; readonly path: string }
  /** A tree that was replaced and waits, renamed, beside the new one. */
  | { readonly kind: 'tree.replaced'; readonly path: string; readonly keptAt: string }
  | { readonly kind: 'debconf'; readonly owner: string; readonly question: string; readonly type: string; readonly before: string | null }
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]]; readonly title: string };

export interface SavedFile {
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
  /** Of a file: its content, kept by the run. */
  readonly sha256: string | null;
  readonly target: string | null;
}
