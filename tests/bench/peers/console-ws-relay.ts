// A relay of messages with the ws library, as most Node console proxies are built, and with the backpressure that many forget.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { reportMemory } from '../support/console-processes.ts';

const HIGH_WATER_BYTES = 256 * 1_024;

const [port = ''] = process.argv.slice(2);
const server = createServer();
const door = new WebSocketServer({ server, perMessageDeflate: false, handleProtocols: () => 'binary' });

function relay(from: WebSocket, to: WebSocket): void {
  from.on('message', (data, isBinary) => {
    to.send(data, { binary: isBinary }, () => {
      if (from.isPaused && to.bufferedAmount < HIGH_WATER_BYTES) from.resume();
    });
    if (to.bufferedAmount >= HIGH_WATER_BYTES) from.pause();
  });
  from.on('close', () => to.terminate());
  from.on('error', () => to.terminate());
}

door.on('connection', (browser) => {
  browser.pause();
  const upstream = new WebSocket(`wss://127.0.0.1:${port}/ticket/0123456789abcdef`, 'binary', {
    rejectUnauthorized: false,
    perMessageDeflate: false,
    maxPayload: 0,
  });
  relay(browser, upstream);
  relay(upstream, browser);
  upstream.once('open', () => browser.resume());
});
server.listen(0, '127.0.0.1', 511, () => process.send?.({ port: (server.address() as AddressInfo).port }));
reportMemory();
process.on('disconnect', () => process.exit());
