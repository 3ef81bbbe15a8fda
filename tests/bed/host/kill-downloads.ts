import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createBedFolder } from './bed-folder.ts';
import { bundleDownloadProgram, startDownloadProcess } from './download-process.ts';
import { startFaultyServer } from './faulty-server.ts';
import { serveBytes } from './serve-files.ts';

const FILE_BYTES = 600_000;
/** The transfer takes about half a second, and a kill comes at any moment of it or shortly after. */
const BYTES_PER_SECOND = 1_200_000;
const LONGEST_MS = 750;

export interface KilledDownloads {
  readonly kills: number;
  /** Kills after which the destination was neither absent nor what it should be. */
  readonly wrong: number;
  readonly absent: number;
  readonly complete: number;
  /** Answers that went on where a killed process had been. */
  readonly resumptions: number;
  /** How a last process that nobody killed ended: `ok`. */
  readonly lastEnd: string;
}

/** Processes that fetch the same file one after the other, each killed at some moment. */
export async function killDownloads(kills: number): Promise<KilledDownloads> {
  const content = randomBytes(FILE_BYTES);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const folder = createBedFolder('killed');
  const server = await startFaultyServer({ answer: serveBytes(new Map([['/file', content]])) });
  server.inject({ fault: { kind: 'drip', bytesPerSecond: BYTES_PER_SECOND } });
  const dest = join(folder.path, 'dest');
  const program = await bundleDownloadProgram(folder.path);
  const order = { url: `${server.url}/file`, sha256, dest, folder: folder.path, program };
  const counts = { wrong: 0, absent: 0, complete: 0 };
  const look = (): keyof typeof counts => {
    if (!existsSync(dest)) return 'absent';
    return createHash('sha256').update(readFileSync(dest)).digest('hex') === sha256 ? 'complete' : 'wrong';
  };
  try {
    for (let kill = 0; kill < kills; kill++) {
      const process = await startDownloadProcess(order);
      process.begin();
      // A process that was killed behind the last byte leaves the whole file in the cache, and the next one asks nobody.
      await process.until(/asking|ended/);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_MS));
      await process.kill();
      const found = look();
      counts[found]++;
      if (found === 'absent') continue;
      // The next ones begin anew.
      for (const path of [dest, join(folder.path, 'cache')]) rmSync(path, { recursive: true, force: true });
    }
    server.heal();
    const last = await startDownloadProcess(order);
    last.begin();
    await last.until(/ended/);
    await last.kill();
    const resumptions = server.requests.filter(({ headers }) => headers.range !== undefined).length;
    const lastEnd = /ended (.*)/.exec(last.said())?.[1] ?? '';
    return { kills, ...counts, resumptions, lastEnd: lastEnd === 'ok' && look() !== 'complete' ? 'not there' : lastEnd };
  } finally {
    await server.stop();
    folder.remove();
  }
}
