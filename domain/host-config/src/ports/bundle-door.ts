import type { BundleBlob, BundleManifest } from '../bundle/bundle-manifest.ts';

/** Bundles as files on the side of the configurator. */
export interface BundleDoor {
  /** Begins a new one that becomes `path` when it is finished. */
  begin(path: string): Promise<BundleDraft>;
  /** Only what it says of itself; the rest is neither read nor checked. */
  readManifest(path: string, options: { readonly signal: AbortSignal }): Promise<BundleManifest>;
  /**
   * Unpacks and verifies all of it. Rejects with `HOST_USAGE_BUNDLE` for what is no bundle, `HOST_PREFLIGHT_BUNDLE_DAMAGED` for another hash or an early
   * end, and `HOST_PREFLIGHT_BUNDLE_REFUSED` for names, kinds and sizes that no bundle has.
   */
  open(path: string, options: OpenBundleOptions): Promise<OpenedBundle>;
}

export interface OpenBundleOptions {
  readonly signal: AbortSignal;
  /** Absolute. Its contents lie below this while it is open. */
  readonly folder: string;
  /** Of the whole file, as `bundle create` has told it; null: not known. */
  readonly sha256: string | null;
}

export interface BundleDraft {
  /** On this machine, for work in progress. */
  readonly folder: string;
  copy(localPath: string): Promise<BundleBlob>;
  add(content: Uint8Array): Promise<BundleBlob>;
  /** Where what was added lies. */
  pathOf(sha256: string): string;
  /** Writes beside the destination, then renames. */
  finish(manifest: BundleManifest, options: { readonly signal: AbortSignal }): Promise<BundleBlob>;
  /** What was gathered is removed; after `finish` the bundle stays. */
  close(): Promise<void>;
}

export interface OpenedBundle {
  readonly manifest: BundleManifest;
  /** Where the content with that hash lies on the side of the configurator. */
  pathOf(sha256: string): string;
  close(): Promise<void>;
}
