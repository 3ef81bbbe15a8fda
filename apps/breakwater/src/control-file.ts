import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOpsError, OpsError } from '@breakwater/kernel';

const HEALTH_TIMEOUT_MS = 2_000;

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

export function writeControlFile(dataDir: string, control: ControlFile): void {
  rmSync(pathOf(dataDir), { force: true });
  writeFileSync(pathOf(dataDir), `${JSON.stringify(control)}\n`, { mode: 0o600 });
}

export function removeControlFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}

/**
 * Two portals on one data folder would sign in to every server twice and overwrite each other's journal. A file whose portal no longer
 * answers is left over from a process that was killed.
 */
export async function requireFreeDataDir(dataDir: string): Promise<void> {
  let control: ControlFile;
  try {
    control = readControlFile(dataDir);
  } catch (error) {
    if (isOpsError(error)) return;
    throw error;
  }
  const answers = await fetch(`${control.origin}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).then(
    (response) => response.ok,
    () => false,
  );
  if (!answers) return;
  throw new OpsError({
    code: 'CLI_ALREADY_RUNNING',
    message: `A portal (process ${control.pid}) already runs on the data folder ${dataDir}, at ${control.origin}. Stop it first, or name another folder with BREAKWATER_DATA_DIR.`,
  });
}

export function readControlFile(dataDir: string): ControlFile {
  let text: string;
  try {
    text = readFileSync(pathOf(dataDir), 'utf8');
  } catch (cause) {
    throw new OpsError({
      code: 'CLI_PORTAL_NOT_RUNNING',
      message: `No portal is running on the data folder ${dataDir}. Start it with "breakwater serve", or name another one with BREAKWATER_DATA_DIR.`,
      cause,
    });
  }
  try {
    return JSON.parse(text) as ControlFile;
  } catch (cause) {
    throw new OpsError({
      code: 'CLI_CONTROL_FILE_INVALID',
      message: `${pathOf(dataDir)} is damaged. Restart the portal; it writes the file anew.`,
      cause,
    });
  }
}
