import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpsError } from '@breakwater/kernel';
import { type DirectoryLock, lockDataDirectory } from '@breakwater/storage';

/**
 * How commands on the same machine find the running portal. Whoever may read the data folder may administer the portal anyway (the key
 * file lies there too), so the file holds a token that lives as long as the process.
 */
export interface ControlFile {
  readonly origin: string;
  readonly token: string;
  readonly pid: number;
}

const pathOf = (dataDir: string): string => join(dataDir, 'control.json');

/** Whole or not at all: a command may read it at any moment. */
export function writeControlFile(dataDir: string, control: ControlFile): void {
  const draft = `${pathOf(dataDir)}.draft`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(control)}\n`, { mode: 0o600 });
  renameSync(draft, pathOf(dataDir));
}

export function removeControlFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}

/**
 * Two portals on one data folder would sign in to every server twice and overwrite each other's journal. The lock is asked, not the
 * other portal: one that hangs, or that is still starting, holds the folder all the same.
 */
export async function claimDataDir(dataDir: string): Promise<DirectoryLock> {
  const lock = await lockDataDirectory(dataDir);
  if (lock !== null) return lock;
  throw new OpsError({
    code: 'CLI_ALREADY_RUNNING',
    message: `A portal${describeHolder(dataDir)} already runs on the data folder ${dataDir}. Stop it first, or name another folder with BREAKWATER_DATA_DIR.`,
  });
}

/** The holder may still be starting, and then its file says nothing yet, or names the one before it. */
function describeHolder(dataDir: string): string {
  try {
    const { origin, pid } = readControlFile(dataDir);
    return ` (process ${pid}, at ${origin})`;
  } catch {
    // The sentence is true without it.
    return '';
  }
}

export function readControlFile(dataDir: string): ControlFile {
  const path = pathOf(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM')) {
      throw new OpsError({
        code: 'CLI_CONTROL_FILE_UNREADABLE',
        message: `${path} may not be read by this user. Run the command as the user who runs the portal.`,
        cause,
      });
    }
    throw new OpsError({
      code: 'CLI_PORTAL_NOT_RUNNING',
      message: `No portal is running on the data folder ${dataDir}. Start it with "breakwater serve", or name another one with BREAKWATER_DATA_DIR.`,
      cause,
    });
  }
  const control = parseControl(text);
  if (control !== null) return control;
  throw new OpsError({
    code: 'CLI_CONTROL_FILE_INVALID',
    message: `${path} is damaged. Restart the portal; it writes the file anew.`,
  });
}

function parseControl(text: string): ControlFile | null {
  let value: Partial<ControlFile> | null;
  try {
    value = JSON.parse(text) as Partial<ControlFile> | null;
  } catch {
    // Damaged, as the caller says.
    return null;
  }
  const { origin, pid, token } = value ?? {};
  return typeof origin === 'string' && typeof token === 'string' && typeof pid === 'number' ? { origin, pid, token } : null;
}
