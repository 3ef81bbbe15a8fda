import { createProtocolError } from './web-socket-frames.ts';

/** Client messages that change nothing on the machine (RFC 6143, section 7.5). */
const SET_PIXEL_FORMAT = 0;
const SET_ENCODINGS = 2;
const FRAMEBUFFER_UPDATE_REQUEST = 3;

const MAX_ENCODINGS = 1_024;

/**
 * Announcements that would change the form of client messages or invite more kinds of them; without them the lengths
 * below hold. QEMU keys and audio, xvp, fence, continuous updates, mouse buttons beyond the eighth, shared clipboard.
 */
const WITHHELD_ENCODINGS: ReadonlySet<number> = new Set([-258, -259, -309, -312, -313, -316, 0xc0a1e5ce | 0]);

type Stage = 'version' | 'security' | 'vnc-response' | 'init' | 'messages';

/** Bytes of the handshake, client to server (RFC 6143, sections 7.1 to 7.3). */
const HANDSHAKE_BYTES: Readonly<Record<Exclude<Stage, 'messages'>, number>> = { version: 12, security: 1, 'vnc-response': 16, init: 1 };

/** What a message of each kind needs before its whole length is known. */
const PREFIX_BYTES: ReadonlyMap<number, number> = new Map([
  [SET_PIXEL_FORMAT, 20],
  [SET_ENCODINGS, 4],
  [FRAMEBUFFER_UPDATE_REQUEST, 10],
  [4, 8], // KeyEvent
  [5, 6], // PointerEvent
  [6, 8], // ClientCutText
  [127, 4], // VMware
  [150, 10], // EnableContinuousUpdates
  [248, 9], // ClientFence
  [250, 4], // xvp
  [251, 8], // SetDesktopSize
  [255, 2], // QEMU
]);

/**
 * Lets through what a viewer's RFB client needs to see the screen, and nothing that the machine would notice. Fails
 * closed: a message of unknown kind has an unknown end, so it ends the session.
 */
export class ViewOnlyRfb {
  #stage: Stage = 'version';
  /** The beginning of what is not yet complete; never longer than the longest message that passes. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of a dropped message that are still to come. */
  #skip = 0;

  /** The bytes that may go on, whole messages only. Throws `PORTAL_CONSOLE_PROTOCOL`. */
  push(chunk: Buffer): Buffer {
    const passed: Buffer[] = [];
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, rest.length);
        this.#skip -= skipped;
        rest = rest.subarray(skipped);
      }
      const taken = this.#skip > 0 ? 0 : this.#take(rest, passed);
      if (taken === 0) break;
      rest = rest.subarray(taken);
    }
    this.#pending = Buffer.from(rest);
    return Buffer.concat(passed);
  }

  /** How many bytes one step has used; 0 when it needs more. */
  #take(bytes: Buffer, passed: Buffer[]): number {
    if (bytes.length === 0) return 0;
    return this.#stage === 'messages' ? this.#takeMessage(bytes, passed) : this.#takeHandshake(this.#stage, { bytes, passed });
  }

  #takeHandshake(stage: Exclude<Stage, 'messages'>, step: { readonly bytes: Buffer; readonly passed: Buffer[] }): number {
    const length = HANDSHAKE_BYTES[stage];
    if (step.bytes.length < length) return 0;
    const part = Buffer.from(step.bytes.subarray(0, length));
    switch (stage) {
      case 'version':
        // In 3.3 the server alone chooses the security type, so the client's bytes cannot be told apart from here.
        if (!/^RFB 003\.00[78]\n$/.test(part.toString('latin1'))) throw createProtocolError('it does not speak RFB 3.7 or 3.8');
        this.#stage = 'security';
        break;
      case 'security':
        if (part[0] !== 1 && part[0] !== 2) throw createProtocolError('it chose a sign-in that a view-only console does not know');
        this.#stage = part[0] === 1 ? 'init' : 'vnc-response';
        break;
      case 'vnc-response':
        this.#stage = 'init';
        break;
      case 'init':
        // Always shared: an exclusive viewer would throw out whoever works at this console.
        part[0] = 1;
        this.#stage = 'messages';
        break;
    }
    step.passed.push(part);
    return length;
  }

  #takeMessage(bytes: Buffer, passed: Buffer[]): number {
    const kind = bytes[0] ?? 0;
    const prefix = PREFIX_BYTES.get(kind);
    if (prefix === undefined) throw createProtocolError(`message ${kind} is unknown`);
    if (bytes.length < prefix) return 0;
    switch (kind) {
      case SET_PIXEL_FORMAT:
      case FRAMEBUFFER_UPDATE_REQUEST:
        passed.push(Buffer.from(bytes.subarray(0, prefix)));
        return prefix;
      case SET_ENCODINGS:
        return takeEncodings(bytes, passed);
      default:
        return this.#drop(readDroppedLength(bytes), bytes.length);
    }
  }

  /** Drops what is at hand of a message and leaves the rest to come. */
  #drop(length: number, atHand: number): number {
    const dropped = Math.min(length, atHand);
    this.#skip = length - dropped;
    return dropped;
  }
}

function takeEncodings(bytes: Buffer, passed: Buffer[]): number {
  const count = bytes.readUInt16BE(2);
  if (count > MAX_ENCODINGS) throw createProtocolError('it announces too many encodings');
  const length = 4 + count * 4;
  if (bytes.length < length) return 0;
  const kept: number[] = [];
  for (let offset = 4; offset < length; offset += 4) {
    const encoding = bytes.readInt32BE(offset);
    if (!WITHHELD_ENCODINGS.has(encoding)) kept.push(encoding);
  }
  const message = Buffer.alloc(4 + kept.length * 4);
  message[0] = SET_ENCODINGS;
  message.writeUInt16BE(kept.length, 2);
  for (const [index, encoding] of kept.entries()) message.writeInt32BE(encoding, 4 + index * 4);
  passed.push(message);
  return length;
}

/** Whole length of a message that is dropped, its kind included. */
function readDroppedLength(bytes: Buffer): number {
  const kind = bytes[0] ?? 0;
  const prefix = PREFIX_BYTES.get(kind) ?? 0;
  switch (kind) {
    case 6:
      // A negative length marks the extended clipboard; its size is the amount.
      return prefix + Math.abs(bytes.readInt32BE(4));
    case 127: {
      // VMware's own messages carry their whole length behind kind and subtype.
      const length = bytes.readUInt16BE(2);
      if (length < prefix) throw createProtocolError('a VMware message is shorter than its own head');
      return length;
    }
    case 248:
      return prefix + (bytes[8] ?? 0);
    case 251:
      return prefix + (bytes[6] ?? 0) * 16;
    case 255:
      // Extended key events; audio is never invited (see WITHHELD_ENCODINGS), so its messages have no business here.
      if (bytes[1] !== 0) throw createProtocolError('a QEMU message of unknown kind');
      return 12;
    default:
      return prefix;
  }
}
