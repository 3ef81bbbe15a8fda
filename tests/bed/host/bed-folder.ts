import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BedFolder {
  readonly path: string;
  remove(): void;
}

/** A private folder; the name is short because gpg's sockets must fit 108 bytes. */
export function createBedFolder(name: string): BedFolder {
  const path = mkdtempSync(join(tmpdir(), `bw-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
