import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@breakwater/kernel';
import { createKeptBreakers } from '@breakwater/resilience';
import { openBreakerState } from '@breakwater/storage';
import { expect, it } from 'vitest';
import { createBedFolder } from '../bed/host/bed-folder.ts';
import { bundleDownloadProgram, startDownloadProcess } from '../bed/host/download-process.ts';
import { startFaultyServer } from '../bed/host/faulty-server.ts';
import { killDownloads } from '../bed/host/kill-downloads.ts';
import { serveBytes } from '../bed/host/serve-files.ts';

// `npm run bench -- host-config` kills two hundred.
it('a download whose process is killed at any moment leaves the destination absent or right, and the next one goes on', async () => {
  const { lastEnd, resumptions, wrong } = await killDownloads(10);
  expect({ wrong, lastEnd }).toEqual({ wrong: 0, lastEnd: 'ok' });
  expect(resumptions).toBeGreaterThan(0);
});

it('eight processes at a breaker that may be probed send one request together, and nobody sends one while it is open', async () => {
  const content = randomBytes(1_000);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const folder = createBedFolder('probe');
  // What comes slowly leaves all of them time to ask.
  const server = await startFaultyServer({ answer: serveBytes(new Map([['/file', content]])) });
  server.inject({ fault: { kind: 'drip', bytesPerSecond: 400 } });
  const state = openBreakerState({ path: join(folder.path, 'state.db'), logger: silentLogger, clock: systemClock });
  const breakers = createKeptBreakers({ ...state, scope: 'local', spec: { failures: 3, openMs: 60_000, successes: 1 } });
  try {
    const shared = { url: `${server.url}/file`, sha256, folder: folder.path, program: await bundleDownloadProgram(folder.path) };
    const processes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => startDownloadProcess({ ...shared, dest: join(folder.path, `dest-${index}`) })),
    );
    const ask = async (): Promise<readonly string[]> => {
      for (const each of processes) each.begin();
      await Promise.all(processes.map((each) => each.until(/ended/)));
      return processes.map((each) => each.said()).toSorted();
    };
    breakers.trip('external_downloads', { who: 'test', reason: 'drill', forMs: 3_600_000 });
    for (const said of await ask()) expect(said).toMatch(/^ready\nended breaker: /);
    expect(server.requests).toHaveLength(0);
    breakers.trip('external_downloads', { who: 'test', reason: 'drill', forMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const each of processes) each.begin();
    await Promise.all(processes.map((each) => each.until(/(?:ended.*){2}/s)));
    expect(server.requests).toHaveLength(1);
    for (const each of processes) await each.kill();
  } finally {
    state.close();
    await server.stop();
    folder.remove();
  }
});
