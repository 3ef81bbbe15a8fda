import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { OpsError } from '@breakwater/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { createUpgradeGuard } from './upgrade-guard.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('clients that reset a connection which is being refused do no harm', async () => {
  const server = createServer();
  let closed = 0;
  server.on('upgrade', (_request, socket) => socket.once('close', () => closed++));
  server.on(
    'upgrade',
    createUpgradeGuard({
      basePath: '',
      compare: 'host',
      guardHost: () => {
        throw new OpsError({ code: 'PORTAL_HOST_REFUSED', message: 'This host name is not known here.' });
      },
      guardOrigin: () => undefined,
      handle: () => undefined,
      createRequestId: () => 'request',
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  for (let count = 0; count < 50; count++) {
    const client = connect(port, '127.0.0.1');
    client.on('error', () => undefined);
    await new Promise<void>((resolve) => client.once('connect', resolve));
    client.write('GET /proxy/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await turn();
    client.resetAndDestroy();
  }
  for (let count = 0; closed === 0 && count < 10_000; count++) await turn();
  expect(closed).toBeGreaterThan(0);
});
