import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createDownloadDoor } from '@breakwater/local-host';
import { createBedFolder } from '../../bed/host/bed-folder.ts';
import { startFaultyServer } from '../../bed/host/faulty-server.ts';
import { serveBytes } from '../../bed/host/serve-files.ts';
import { startTcpRelay } from '../../bed/host/tcp-relay.ts';

const FILE_BYTES = 8 * 1_024 * 1_024;
const CUTS = 5;

/** Bytes that came over the wire, headers included, for a file whose transfer was cut five times, divided by its size. */
export async function measureResumption(): Promise<number> {
  const content = randomBytes(FILE_BYTES);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const folder = createBedFolder('resumed');
  const server = await startFaultyServer({ answer: serveBytes(new Map([['/file', content]])) });
  const relay = await startTcpRelay({ port: server.port });
  const door = createDownloadDoor();
  const fetch = () =>
    door.fetch(
      {
        url: `http://127.0.0.1:${relay.port}/file`,
        path: join(folder.path, 'file'),
        sha256,
        maxBytes: 2 * FILE_BYTES,
        verifySsl: true,
        connectTimeoutMs: 5_000,
        inactivityTimeoutMs: 5_000,
      },
      { signal: new AbortController().signal },
    );
  try {
    for (let cut = 0; cut < CUTS; cut++) {
      relay.cutAfter(Math.round(FILE_BYTES / (CUTS + 1)));
      const isWhole = await fetch().then(
        () => true,
        () => false,
      );
      if (isWhole) throw new Error('A transfer that was cut came to its end.');
    }
    await fetch();
    return relay.receivedBytes() / FILE_BYTES;
  } finally {
    await relay.stop();
    await server.stop();
    folder.remove();
  }
}
