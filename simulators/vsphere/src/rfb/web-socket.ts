import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** The server's end of a WebSocket (RFC 6455), binary messages only. */
export interface BinarySocket {
  send(bytes: Buffer): void;
  /** Bytes not yet taken by the network. */
  readonly backlog: number;
  close(code: number): void;
  /** Cuts the connection without a word. */
  drop(): void;
}

export interface SocketEvents {
  readonly onBytes: (bytes: Buffer) => void;
  readonly onClosed: () => void;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_MESSAGE_BYTES = 1_048_576;

/** Completes the handshake with subprotocol `binary`, without extensions. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  options: { readonly head: Buffer; readonly events: SocketEvents },
): BinarySocket {
  const key = String(request.headers['sec-websocket-key'] ?? '');
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: binary\r\n\r\n`,
  );
  let pending: Buffer = options.head;
  let isOver = false;
  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    options.events.onClosed();
  };
  const end: BinarySocket = {
    send(bytes) {
      if (!isOver && socket.writable) {
        socket.write(frameHeader(0x82, bytes.length));
        socket.write(bytes);
      }
    },
    get backlog() {
      return socket.writableLength;
    },
    close(code) {
      if (isOver) return;
      const body = Buffer.alloc(2);
      body.writeUInt16BE(code);
      socket.end(Buffer.concat([frameHeader(0x88, 2), body]));
      finish();
    },
    drop() {
      socket.destroy();
      finish();
    },
  };
  const take = (): void => {
    while (!isOver) {
      const frame = readFrame(pending);
      if (frame === 'incomplete') return;
      if (frame === 'wrong') {
        end.close(1002);
        return;
      }
      pending = pending.subarray(frame.length);
      if (frame.opcode === 0x8) end.close(1000);
      // Hosts end a console when they are pinged.
      else if (frame.opcode === 0x9) end.drop();
      else if (frame.opcode === 0x1) end.close(1003);
      else if (frame.opcode === 0x2 || frame.opcode === 0x0) options.events.onBytes(frame.payload);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    take();
  });
  socket.on('error', () => end.drop());
  socket.on('close', finish);
  if (options.head.length > 0) queueMicrotask(take);
  return end;
}

function frameHeader(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, length]);
  if (length < 65_536) return Buffer.from([first, 126, length >>> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header.set([first, 127]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

type Frame = { readonly opcode: number; readonly payload: Buffer; readonly length: number };

/** One frame from a client, which has to be masked. */
function readFrame(bytes: Buffer): Frame | 'incomplete' | 'wrong' {
  if (bytes.length < 2) return 'incomplete';
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if ((first & 0x70) !== 0 || (second & 0x80) === 0) return 'wrong';
  let size = second & 0x7f;
  let at = 2;
  if (size === 126) {
    if (bytes.length < 4) return 'incomplete';
    size = bytes.readUInt16BE(2);
    at = 4;
  } else if (size === 127) {
    if (bytes.length < 10) return 'incomplete';
    size = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (size > MAX_MESSAGE_BYTES) return 'wrong';
  if (bytes.length < at + 4 + size) return 'incomplete';
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + size));
  for (let index = 0; index < payload.length; index++) payload[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return { opcode: first & 0x0f, payload, length: at + 4 + size };
}
