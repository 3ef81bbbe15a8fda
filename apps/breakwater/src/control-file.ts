import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpsError } from '@breakwater/kernel';

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
  return JSON.parse(text) as ControlFile;
}
