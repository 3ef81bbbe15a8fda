import { createServer, type ServerResponse } from 'node:http';
import { createSeededRandom } from '@breakwater/kernel';

export interface HiddenCapacityServer {
  readonly port: number;
  /** Workers from now on. */
  setWorkers(workers: number): void;
  close(): Promise<void>;
}

const QUEUE = 4;

/** A real HTTP server on loopback that serves a few requests at a time, lets four wait and answers 503 to the others. */
export async function openHiddenCapacityServer(options: {
  readonly workers: number;
  readonly serviceMs: number;
}): Promise<HiddenCapacityServer> {
  const random = createSeededRandom(7);
  const waiting: ServerResponse[] = [];
  let workers = options.workers;
  let busy = 0;
  const work = (response: ServerResponse): void => {
    busy++;
    setTimeout(
      () => {
        busy--;
        response.end('ok');
        while (busy < workers) {
          const next = waiting.shift();
          if (next === undefined) break;
          work(next);
        }
      },
      options.serviceMs * (0.6 + 0.8 * random()),
    );
  };
  const server = createServer((_request, response) => {
    if (busy < workers) work(response);
    else if (waiting.length < QUEUE) waiting.push(response);
    else response.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    port: address.port,
    setWorkers: (next) => {
      workers = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
