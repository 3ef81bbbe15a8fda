import { randomFillSync } from 'node:crypto';
import { OpsError } from '@breakwater/kernel';

/** RFC 6455, section 5.2. */
export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

const MAX_CONTROL_BYTES = 125;
/** Two bytes, eight of extended length, four of mask. */
const MAX_HEADER_BYTES = 14;

export interface FrameListener {
  /** Unmasked bytes of binary messages, in order; a frame may come in several pieces. */
  onData(bytes: Buffer): void;
  /** A whole control frame, unmasked. */
  onControl(opcode: number, payload: Buffer): void;
}

interface Frame {
  readonly opcode: number;
  readonly mask: Buffer;
  readonly length: number;
  /** Payload bytes that have passed. */
  seen: number;
}

/** Reads what a WebSocket client sends, whatever the pieces it comes in. Holds at most one header and one control frame. */
export class ClientFrameReader {
  readonly #listener: FrameListener;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  readonly #control = Buffer.alloc(MAX_CONTROL_BYTES);
  #headerLength = 0;
  #frame: Frame | undefined;
  #isInMessage = false;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Throws `PORTAL_CONSOLE_PROTOCOL` for anything a browser would not send. Changes `chunk` in place. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      offset = this.#frame === undefined ? this.#readHeader(chunk, offset) : this.#readPayload(this.#frame, { chunk, offset });
    }
  }

  #readHeader(chunk: Buffer, offset: number): number {
    this.#header[this.#headerLength++] = chunk[offset] ?? 0;
    if (this.#headerLength < 2 || this.#headerLength < readHeaderLength(this.#header)) return offset + 1;
    const frame = this.#parseHeader();
    this.#headerLength = 0;
    if (frame.length === 0) this.#finish(frame);
    else this.#frame = frame;
    return offset + 1;
  }

  #parseHeader(): Frame {
    const first = this.#header[0] ?? 0;
    const second = this.#header[1] ?? 0;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw createProtocolError('reserved bits are set');
    if ((second & 0x80) === 0) throw createProtocolError('a frame is not masked');
    const length = readPayloadLength(this.#header);
    if (isControl(opcode)) {
      if (!isFinal || length > MAX_CONTROL_BYTES) throw createProtocolError('a control frame is fragmented or too long');
    } else {
      this.#checkSequence(opcode);
      this.#isInMessage = !isFinal;
    }
    return { opcode, length, seen: 0, mask: Buffer.from(this.#header.subarray(this.#headerLength - 4, this.#headerLength)) };
  }

  #checkSequence(opcode: number): void {
    if (opcode !== OPCODE.binary && opcode !== OPCODE.continuation) throw createProtocolError('a message is not binary');
    if ((opcode === OPCODE.continuation) !== this.#isInMessage) throw createProtocolError('fragments are out of order');
  }

  #readPayload(frame: Frame, from: { readonly chunk: Buffer; readonly offset: number }): number {
    const end = Math.min(from.chunk.length, from.offset + frame.length - frame.seen);
    const piece = from.chunk.subarray(from.offset, end);
    for (let index = 0; index < piece.length; index++) {
      piece[index] = (piece[index] ?? 0) ^ (frame.mask[(frame.seen + index) & 3] ?? 0);
    }
    if (isControl(frame.opcode)) piece.copy(this.#control, frame.seen);
    else this.#listener.onData(piece);
    frame.seen += piece.length;
    if (frame.seen === frame.length) this.#finish(frame);
    return end;
  }

  #finish(frame: Frame): void {
    this.#frame = undefined;
    if (isControl(frame.opcode)) this.#listener.onControl(frame.opcode, Buffer.from(this.#control.subarray(0, frame.length)));
  }
}

/** A whole masked frame, as a client must send it (RFC 6455, section 5.1). */
export function encodeClientFrame(opcode: number, payload: Uint8Array): Buffer {
  const head = encodeHead(opcode, payload.length);
  head[1] = (head[1] ?? 0) | 0x80;
  const frame = Buffer.alloc(head.length + 4 + payload.length);
  frame.set(head);
  const mask = randomFillSync(frame.subarray(head.length, head.length + 4));
  for (let index = 0; index < payload.length; index++) {
    frame[head.length + 4 + index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return frame;
}

/** A close frame as a server sends it: unmasked, with a code and a short reason. */
export function encodeServerClose(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return Buffer.concat([encodeHead(OPCODE.close, payload.length), payload]);
}

export const createProtocolError = (why: string): OpsError =>
  new OpsError({ code: 'PORTAL_CONSOLE_PROTOCOL', message: `The browser's side of the console breaks its protocol: ${why}.` });

const isControl = (opcode: number): boolean => {
  if (opcode === OPCODE.close || opcode === OPCODE.ping || opcode === OPCODE.pong) return true;
  if (opcode > OPCODE.binary) throw createProtocolError('a frame has an unknown kind');
  return false;
};

function encodeHead(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  if (length < 65_536) return Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

function readHeaderLength(header: Buffer): number {
  const code = (header[1] ?? 0) & 0x7f;
  const mask = ((header[1] ?? 0) & 0x80) === 0 ? 0 : 4;
  return 2 + (code === 126 ? 2 : code === 127 ? 8 : 0) + mask;
}

function readPayloadLength(header: Buffer): number {
  const code = (header[1] ?? 0) & 0x7f;
  if (code < 126) return code;
  if (code === 126) return header.readUInt16BE(2);
  const length = header.readBigUInt64BE(2);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw createProtocolError('a frame claims an impossible length');
  return Number(length);
}
