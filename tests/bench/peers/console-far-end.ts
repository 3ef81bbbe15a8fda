// The far end of every console: a TLS server with a WebSocket door and a raw door, which does what the first message says.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { COMMAND_BYTES, type ConsoleLoad, encodeFrame, parseCommand, readSharedClockMs } from '../support/console-frames.ts';

const CLIENT_MASK_BYTES = 4;
/** A server that sends as fast as it can hands its TLS library many frames at a time. */
const BATCH_BYTES = 64 * 1_024;

const readFixture = (name: string): string =>
  readFileSync(new URL(`../../../foundation/transport/fixtures/${name}`, import.meta.url), 'utf8');
const certificate = { key: readFixture('first.key'), cert: readFixture('first.crt') };

interface Paced {
  readonly send: () => void;
  readonly intervalMs: number;
  dueMs: number;
}

const paced = new Set<Paced>();
setInterval(() => {
  const now = performance.now();
  for (const one of paced) {
    if (now < one.dueMs) continue;
    one.dueMs += one.intervalMs;
    one.send();
  }
}, 1).unref();

interface Framing {
  readonly encode: (payload: Buffer) => Buffer;
  /** Bytes on the wire around a client's message. */
  readonly clientOverhead: (bytes: number) => number;
}

const webSocket: Framing = {
  encode: (payload) => encodeFrame(payload, 'server'),
  clientOverhead: (bytes) => (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10) + CLIENT_MASK_BYTES,
};
const raw: Framing = { encode: (payload) => payload, clientOverhead: () => 0 };

function serve(socket: TLSSocket, framing: Framing): void {
  const commandBytes = COMMAND_BYTES + framing.clientOverhead(COMMAND_BYTES);
  let early: Buffer = Buffer.alloc(0);
  let onBytes: ((count: number) => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    if (onBytes !== undefined) {
      onBytes(chunk.length);
      return;
    }
    early = Buffer.concat([early, chunk]);
    if (early.length < commandBytes) return;
    const payload = Buffer.from(early.subarray(commandBytes - COMMAND_BYTES, commandBytes));
    const mask = early.subarray(commandBytes - COMMAND_BYTES - CLIENT_MASK_BYTES, commandBytes - COMMAND_BYTES);
    // The relays of the bench choose masks of their own.
    if (framing === webSocket) for (const [index, value] of payload.entries()) payload[index] = value ^ (mask[index & 3] ?? 0);
    const load = parseCommand(payload);
    onBytes = load.kind === 'idle' ? () => undefined : act(socket, { load, framing });
    onBytes(early.length - commandBytes);
  });
}

function act(
  socket: TLSSocket,
  how: { readonly load: Exclude<ConsoleLoad, { kind: 'idle' }>; readonly framing: Framing },
): (count: number) => void {
  const { load, framing } = how;
  const frame = framing.encode(Buffer.alloc(load.bytes, 0x5a));
  switch (load.kind) {
    case 'echo': {
      const wanted = load.bytes + framing.clientOverhead(load.bytes);
      let seen = 0;
      return (count) => {
        for (seen += count; seen >= wanted; seen -= wanted) socket.write(frame);
      };
    }
    case 'stream': {
      const batch = Buffer.concat(Array.from({ length: Math.max(1, Math.round(BATCH_BYTES / frame.length)) }, () => frame));
      const fill = (): void => {
        while (!socket.destroyed && socket.write(batch));
      };
      socket.on('drain', fill);
      fill();
      return () => undefined;
    }
    case 'paced': {
      const stampAt = frame.length - load.bytes;
      const intervalMs = 1_000 / load.framesPerSecond;
      const one: Paced = {
        intervalMs,
        dueMs: performance.now() + Math.random() * intervalMs,
        send() {
          if (socket.writableNeedDrain) return;
          const stamped = Buffer.from(frame);
          stamped.writeDoubleLE(readSharedClockMs(), stampAt);
          socket.write(stamped);
        },
      };
      paced.add(one);
      socket.once('close', () => paced.delete(one));
      return () => undefined;
    }
  }
}

function upgrade(socket: TLSSocket): void {
  let head = '';
  const onData = (chunk: Buffer): void => {
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    socket.off('data', onData);
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
    const protocol = /^sec-websocket-protocol: *(\S+)/im.exec(head)?.[1];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    if (protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    serve(socket, webSocket);
  };
  socket.on('data', onData);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 511, resolve));
  return (server.address() as AddressInfo).port;
}

const accept = (onSocket: (socket: TLSSocket) => void) => (socket: TLSSocket) => {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  onSocket(socket);
};
const webSocketPort = await listen(createServer(certificate, accept(upgrade)));
// TLS 1.3 sends tickets ahead of data, and websockify 0.10 waits for ever on them.
const rawPort = await listen(
  createServer(
    { ...certificate, maxVersion: 'TLSv1.2' },
    accept((socket) => serve(socket, raw)),
  ),
);
process.on('disconnect', () => process.exit());
process.send?.({ webSocketPort, rawPort });
