/**
 * How one change is taken back, as data: written into the journal before the change, read by a later process, on a host that may be far
 * away. `sha256` fields name bytes kept by the run.
 */
export type UndoRecord =
  /** Puts a file, link or directory back as it was; `before: null` means that nothing was there. `after` lets a rollback refuse what others have changed since. */
  | { readonly kind: 'file'; readonly path: string; readonly before: SavedFile | null; readonly after: SavedFile | null }
  /** Removes packages that this run has newly installed, after simulating that nothing else would go. `hadConfiguration`: purged would be too much, because earlier ones had left theirs. */
  | { readonly kind: 'packages.installed'; readonly names: readonly string[]; readonly hadConfiguration?: readonly string[] }
  /** What had to go for others to come. */
  | { readonly kind: 'packages.removed'; readonly versions: readonly { readonly name: string; readonly version: string }[] }
  | {
      readonly kind: 'packages.upgraded';
      readonly versions: readonly { readonly name: string; readonly before: string; readonly after: string }[];
    }
  | { readonly kind: 'packages.held'; readonly name: string; readonly before: 'hold' | 'install' }
  /** The unit reads its files again after all else has been taken back. */
  | { readonly kind: 'service.reloaded'; readonly unit: string; readonly verb: 'reload' | 'restart' }
  | { readonly kind: 'service'; readonly unit: string; readonly enabledBefore: string | null; readonly activeBefore: string | null }
  | { readonly kind: 'user.created'; readonly name: string }
  | { readonly kind: 'user.changed'; readonly name: string; readonly passwdLine: string; readonly groups: readonly string[] }
  | { readonly kind: 'group.created'; readonly name: string }
  /** A whole tree that this run has put there: a checkout (of `commit`), an unpacked archive; or one file too large to be kept. */
  | { readonly kind: 'tree.created'; readonly path: string; readonly commit?: string }
  /** A tree that was replaced and waits, renamed, beside the new one. */
  | { readonly kind: 'tree.replaced'; readonly path: string; readonly keptAt: string; readonly commit?: string }
  | { readonly kind: 'debconf'; readonly owner: string; readonly question: string; readonly type: string; readonly before: string | null }
  /** `onlyIf` ends with 0 while there is something to take back. */
  | {
      readonly kind: 'command';
      readonly argv: readonly [string, ...string[]];
      readonly title: string;
      readonly onlyIf?: readonly [string, ...string[]];
    };

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
