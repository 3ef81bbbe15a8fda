import type { Clock, TimerHandle } from '@breakwater/kernel';
import { type Framebuffer, intersect, type Rectangle } from '../console/framebuffer.ts';
import { encodeHextile } from './encode-hextile.ts';
import { encodePixels, NATIVE_FORMAT, type PixelFormat, readPixelFormat, writePixelFormat } from './pixel-format.ts';
import type { BinarySocket } from './web-socket.ts';

/** What a viewer looks at and acts on. */
export interface RfbSource {
  /** The picture as of now. */
  paint(): Framebuffer;
  name(): string;
  onKey(key: { readonly keysym: number; readonly state: 'down' | 'up' }): void;
  onPointer(pointer: { readonly x: number; readonly y: number; readonly buttons: number }): void;
}

type Phase = 'version' | 'security' | 'init' | 'running' | 'closed';

const ENCODING = { raw: 0, hextile: 5, desktopName: -307, vmwareCursor: 0x574d5664 } as const;

/** Kind 1 (with alpha), padding, one pixel that cannot be seen: the guest draws its pointer itself, and there should not be two. */
const HIDDEN_CURSOR = Buffer.from([1, 0, 0, 0, 0, 0]);
const FRAME_MS = 50;
/** A viewer that does not keep up gets no further frames until it has caught up. */
const MAX_BACKLOG_BYTES = 4_000_000;
const MAX_CUT_TEXT_BYTES = 262_144;
const VERSION = 'RFB 003.008\n';

/** One viewer's RFB 3.8 conversation (RFC 6143). */
export class RfbSession {
  readonly #socket: BinarySocket;
  readonly #source: RfbSource;
  readonly #clock: Clock;
  #phase: Phase = 'version';
  #pending: Buffer = Buffer.alloc(0);
  #format: PixelFormat = NATIVE_FORMAT;
  #encodings: ReadonlySet<number> = new Set([ENCODING.raw]);
  #picture: Framebuffer;
  /** Revision of the picture up to which this viewer has seen everything. */
  #seen = 0;
  #sentName = '';
  #isCursorSent = false;
  #wanted: Rectangle | undefined;
  #timer: TimerHandle | undefined;

  constructor(options: { readonly socket: BinarySocket; readonly source: RfbSource; readonly clock: Clock }) {
    this.#socket = options.socket;
    this.#source = options.source;
    this.#clock = options.clock;
    this.#picture = options.source.paint();
    this.#socket.send(Buffer.from(VERSION, 'ascii'));
  }

  receive(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const used = this.#phase === 'closed' ? 0 : this.#takeMessage(this.#pending);
      if (used === 0) return;
      this.#pending = this.#pending.subarray(used);
    }
  }

  stop(): void {
    this.#phase = 'closed';
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Answers how many bytes were used; 0 when the message is not complete yet. */
  #takeMessage(bytes: Buffer): number {
    switch (this.#phase) {
      case 'version':
        if (bytes.length < VERSION.length) return 0;
        if (bytes.toString('ascii', 0, VERSION.length) !== VERSION) return this.#refuse();
        this.#phase = 'security';
        this.#socket.send(Buffer.from([1, 1]));
        return VERSION.length;
      case 'security':
        if (bytes.length < 1) return 0;
        if (bytes[0] !== 1) return this.#refuse();
        this.#phase = 'init';
        this.#socket.send(Buffer.alloc(4));
        return 1;
      case 'init':
        if (bytes.length < 1) return 0;
        this.#phase = 'running';
        this.#socket.send(this.#serverInit());
        this.#timer = this.#clock.after(FRAME_MS, () => this.#beat());
        return 1;
      case 'running':
        return bytes.length < 1 ? 0 : this.#takeClientMessage(bytes);
      case 'closed':
        return 0;
    }
  }

  #takeClientMessage(bytes: Buffer): number {
    switch (bytes.readUInt8(0)) {
      case 0: {
        if (bytes.length < 20) return 0;
        const format = readPixelFormat(bytes.subarray(4, 20));
        if (format === undefined) return this.#refuse();
        this.#format = format;
        return 20;
      }
      case 2: {
        if (bytes.length < 4) return 0;
        const count = bytes.readUInt16BE(2);
        if (bytes.length < 4 + count * 4) return 0;
        this.#encodings = new Set(Array.from({ length: count }, (_, index) => bytes.readInt32BE(4 + index * 4)));
        return 4 + count * 4;
      }
      case 3:
        if (bytes.length < 10) return 0;
        this.#request(bytes);
        return 10;
      case 4:
        if (bytes.length < 8) return 0;
        this.#source.onKey({ keysym: bytes.readUInt32BE(4), state: bytes[1] === 0 ? 'up' : 'down' });
        this.#sendChanges();
        return 8;
      case 5:
        if (bytes.length < 6) return 0;
        this.#source.onPointer({ x: bytes.readUInt16BE(2), y: bytes.readUInt16BE(4), buttons: bytes[1] ?? 0 });
        return 6;
      case 6: {
        if (bytes.length < 8) return 0;
        const length = bytes.readUInt32BE(4);
        if (length > MAX_CUT_TEXT_BYTES) return this.#refuse();
        return bytes.length < 8 + length ? 0 : 8 + length;
      }
      default:
        return this.#refuse();
    }
  }

  #request(bytes: Buffer): void {
    const area = { x: bytes.readUInt16BE(2), y: bytes.readUInt16BE(4), width: bytes.readUInt16BE(6), height: bytes.readUInt16BE(8) };
    if (bytes[1] === 0) this.#seen = 0;
    this.#wanted = intersect(area, { x: 0, y: 0, width: this.#picture.width, height: this.#picture.height });
    this.#sendChanges();
  }

  #beat(): void {
    if (this.#phase === 'closed') return;
    this.#sendChanges();
    this.#timer = this.#clock.after(FRAME_MS, () => this.#beat());
  }

  /** One answer to the outstanding request, as soon as something changed. */
  #sendChanges(): void {
    if (this.#phase !== 'running' || this.#wanted === undefined || this.#socket.backlog > MAX_BACKLOG_BYTES) return;
    this.#picture = this.#source.paint();
    const areas = this.#seen === 0 ? [this.#wanted] : this.#picture.changedSince(this.#seen, this.#wanted);
    const name = this.#source.name();
    const isRenamed = name !== this.#sentName && this.#encodings.has(ENCODING.desktopName);
    const isCursorDue = !this.#isCursorSent && this.#encodings.has(ENCODING.vmwareCursor);
    if (areas.length === 0 && !isRenamed && !isCursorDue) return;
    this.#seen = this.#picture.revision;
    this.#wanted = undefined;
    const head = Buffer.alloc(4);
    head.writeUInt16BE(areas.length + (isRenamed ? 1 : 0) + (isCursorDue ? 1 : 0), 2);
    const parts: Buffer[] = [head];
    if (isCursorDue) {
      this.#isCursorSent = true;
      parts.push(rectangleHeader({ x: 0, y: 0, width: 1, height: 1 }, ENCODING.vmwareCursor), HIDDEN_CURSOR);
    }
    if (isRenamed) {
      this.#sentName = name;
      const text = Buffer.from(name, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      parts.push(rectangleHeader({ x: 0, y: 0, width: 0, height: 0 }, ENCODING.desktopName), length, text);
    }
    const useHextile = this.#encodings.has(ENCODING.hextile);
    for (const area of areas) {
      const options = { area, format: this.#format };
      parts.push(rectangleHeader(area, useHextile ? ENCODING.hextile : ENCODING.raw));
      parts.push(useHextile ? encodeHextile(this.#picture, options) : encodePixels(this.#picture, options));
    }
    this.#socket.send(Buffer.concat(parts));
  }

  #serverInit(): Buffer {
    this.#sentName = this.#source.name();
    const name = Buffer.from(this.#sentName, 'utf8');
    const size = Buffer.alloc(4);
    size.writeUInt16BE(this.#picture.width, 0);
    size.writeUInt16BE(this.#picture.height, 2);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(name.length);
    return Buffer.concat([size, writePixelFormat(NATIVE_FORMAT), length, name]);
  }

  #refuse(): 0 {
    this.stop();
    this.#socket.close(1002);
    return 0;
  }
}

function rectangleHeader(area: Rectangle, encoding: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(area.x, 0);
  header.writeUInt16BE(area.y, 2);
  header.writeUInt16BE(area.width, 4);
  header.writeUInt16BE(area.height, 6);
  header.writeInt32BE(encoding, 8);
  return header;
}
