// The browsers: one process with as many consoles as it is told to open, of the leanest kind, so that they are not what is measured.
import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ConsoleLoad, createPayloadReader, encodeCommand, encodeFrame, readSharedClockMs } from '../support/console-frames.ts';
import type { ClientFigures, ClientOrder, ConsoleDoor } from '../support/console-order.ts';
import { quantile } from '../support/process-figures.ts';

const OPENING_AT_A_TIME = 10;

const open: Socket[] = [];
let latenciesMs: number[] = [];
let messages = 0;
let bytes = 0;
let beganMs = 0;

async function askPath(door: ConsoleDoor): Promise<string> {
  return door.session ? await (await fetch(`http://127.0.0.1:${door.port}/`)).text() : '/';
}

async function openConsole(door: ConsoleDoor, load: ConsoleLoad): Promise<Socket> {
  const path = await askPath(door);
  const to = { host: '127.0.0.1', port: door.port };
  const socket = door.tls ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once(door.tls ? 'secureConnect' : 'connect', () => resolve());
    socket.once('error', reject);
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: binary\r\n\r\n`,
  );
  const early = await new Promise<Buffer>((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    const onClose = (): void => reject(new Error(`The door on port ${door.port} closed: ${head.toString('latin1')}`));
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      if (head.toString('latin1', 9, 12) === '101') resolve(head.subarray(end + 4));
      else reject(new Error(head.toString('latin1')));
    };
    socket.on('data', onData);
    socket.once('close', onClose);
  });
  receive(socket, load)(early);
  socket.write(encodeFrame(encodeCommand(load), 'client'));
  if (load.kind === 'echo') socket.write(encodeFrame(Buffer.alloc(load.bytes), 'client'));
  return socket;
}

function receive(socket: Socket, load: ConsoleLoad): (chunk: Buffer) => void {
  if (load.kind === 'stream' || load.kind === 'idle') {
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
    };
    socket.on('data', onData);
    return onData;
  }
  const question = encodeFrame(Buffer.alloc(load.bytes), 'client');
  const stamp = Buffer.alloc(8);
  let seen = 0;
  let askedMs = performance.now();
  const finish = (): void => {
    seen = 0;
    messages++;
    if (load.kind === 'paced') {
      latenciesMs.push(readSharedClockMs() - stamp.readDoubleLE());
      return;
    }
    const now = performance.now();
    latenciesMs.push(now - askedMs);
    askedMs = now;
    socket.write(question);
  };
  const read = createPayloadReader((chunk, from, to) => {
    bytes += to - from;
    for (let offset = from; offset < to; ) {
      if (seen < 8) chunk.copy(stamp, seen, offset, Math.min(to, offset + 8 - seen));
      const end = Math.min(to, offset + load.bytes - seen);
      seen += end - offset;
      offset = end;
      if (seen === load.bytes) finish();
    }
  });
  socket.on('data', read);
  return read;
}

async function openAll(order: Extract<ClientOrder, { kind: 'open' }>): Promise<void> {
  let left = order.count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = await openConsole(order.door, order.load);
      socket.on('error', () => socket.destroy());
      if (order.reading === 'never') socket.pause();
      open.push(socket);
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_A_TIME }, lane));
}

async function closeAll(): Promise<void> {
  const sockets = open.splice(0);
  await Promise.all(
    sockets.map(async (socket) => {
      if (socket.closed) return;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.destroy();
      await closed;
    }),
  );
}

function readFigures(): ClientFigures {
  return {
    consoles: open.filter((socket) => !socket.destroyed).length,
    tookMs: performance.now() - beganMs,
    bytes,
    messages,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

async function obey(order: ClientOrder): Promise<ClientFigures | null> {
  switch (order.kind) {
    case 'open':
      await openAll(order);
      return null;
    case 'begin':
      latenciesMs = [];
      messages = 0;
      bytes = 0;
      beganMs = performance.now();
      return null;
    case 'end':
      return readFigures();
    case 'close':
      await closeAll();
      return null;
  }
}

process.on('message', (order: ClientOrder) => {
  obey(order).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
