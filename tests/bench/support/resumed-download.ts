import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createDownloadDoor } from '@breakwater/local-host';
import { createBedFolder } from '../../bed/host/bed-folder.ts';
import { startFaultyServer } from '../../bed/host/faulty-server.ts';
import { serveBytes } from '../../bed/host/serve-files.ts';

const FILE_BYTES = 8 * 1_024 * 1_024;
const CUTS = 5;

/**
 * Bytes that a server has sent of a file whose transfer broke off five times, divided by its size. It breaks off by an end of the connection: after a
 * reset, what still lies in the buffers of the kernel is lost to every program.
 */
export async function measureResumption(): Promise<number> {
  const content = randomBytes(FILE_BYTES);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const folder = createBedFolder('resumed');
  const server = await startFaultyServer({ answer: serveBytes(new Map([['/file', content]])) });
  const fault = { kind: 'truncate', afterBytes: Math.round(FILE_BYTES / (CUTS + 1)) } as const;
  server.inject({ fault, times: CUTS });
  const door = createDownloadDoor();
  const fetch = () =>
    door.fetch(
      {
        url: `${server.url}/file`,
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
      const isWhole = await fetch().then(
        () => true,
        () => false,
      );
      if (isWhole) throw new Error('A transfer that was cut came to its end.');
    }
    await fetch();
    return server.sentBytes() / FILE_BYTES;
  } finally {
    await server.stop();
    folder.remove();
  }
}
