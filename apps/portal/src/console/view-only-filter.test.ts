import { isOpsError } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createViewOnlyFilter } from './view-only-filter.ts';

/** Runs chunks through a filter and gives what came out, or the code of the error that ended it. */
async function runFilter(chunks: readonly Buffer[]): Promise<{ readonly out: Buffer; readonly code: string | null }> {
  const filter = createViewOnlyFilter();
  const out: Buffer[] = [];
  filter.on('data', (chunk: Buffer) => out.push(chunk));
  const ended = new Promise<string | null>((resolve) => {
    filter.on('end', () => resolve(null));
    filter.on('error', (error) => resolve(isOpsError(error) ? error.code : error.message));
  });
  for (const chunk of chunks) filter.write(Buffer.from(chunk));
  filter.end();
  return { code: await ended, out: Buffer.concat(out) };
}

interface FrameParts {
  readonly opcode: number;
  readonly isFinal?: boolean;
  readonly payload: Buffer;
  readonly mask?: Buffer | null;
  readonly reserved?: number;
}

/** A frame as a browser writes it. */
function frame({ opcode, isFinal = true, payload, mask = Buffer.from([1, 2, 3, 4]), reserved = 0 }: FrameParts): Buffer {
  const masked = mask === null ? 0 : 0x80;
  const first = (isFinal ? 0x80 : 0) | reserved | opcode;
  const length =
    payload.length < 126
      ? [masked | payload.length]
      : payload.length < 65_536
        ? [masked | 126, payload.length >> 8, payload.length & 0xff]
        : [masked | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (payload.length >> shift) & 0xff)];
  const body = Buffer.from(payload.map((byte, index) => byte ^ (mask?.[index % 4] ?? 0)));
  return Buffer.concat([Buffer.from([first, ...length]), mask ?? Buffer.alloc(0), body]);
}

/** What a WebSocket server makes of the bytes: the data stream and the control frames. */
function readFrames(bytes: Buffer): { readonly data: Buffer; readonly controls: { opcode: number; payload: Buffer }[] } {
  const data: Buffer[] = [];
  const controls: { opcode: number; payload: Buffer }[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const opcode = bytes.readUInt8(offset) & 0x0f;
    expect(bytes.readUInt8(offset) & 0xf0).toBe(0x80);
    expect(bytes.readUInt8(offset + 1) & 0x80).toBe(0x80);
    const short = bytes.readUInt8(offset + 1) & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(offset + 2)) : short === 126 ? bytes.readUInt16BE(offset + 2) : short;
    const mask = bytes.subarray(offset + 2 + lengthBytes, offset + 6 + lengthBytes);
    const start = offset + 6 + lengthBytes;
    const payload = Buffer.from(bytes.subarray(start, start + length).map((byte, index) => byte ^ mask.readUInt8(index % 4)));
    if (opcode < 8) data.push(payload);
    else controls.push({ opcode, payload });
    offset = start + length;
  }
  return { data: Buffer.concat(data), controls };
}

const HANDSHAKE = Buffer.concat([Buffer.from('RFB 003.008\n'), Buffer.from([1, 1])]);

const keyEvent = (down: number, keysym: number): Buffer => Buffer.from([4, down, 0, 0, 0, 0, keysym >> 8, keysym & 0xff]);
const updateRequest = Buffer.from([3, 1, 0, 0, 0, 0, 4, 0, 3, 0]);
const encodings = (...values: number[]): Buffer => {
  const message = Buffer.alloc(4 + values.length * 4);
  message[0] = 2;
  message.writeUInt16BE(values.length, 2);
  for (const [index, value] of values.entries()) message.writeInt32BE(value, 4 + index * 4);
  return message;
};
const cutText = (text: string): Buffer => {
  const head = Buffer.alloc(8);
  head[0] = 6;
  head.writeInt32BE(text.length, 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

const filterMessages = async (...messages: readonly Buffer[]): Promise<{ readonly data: Buffer; readonly code: string | null }> => {
  const { out, code } = await runFilter([frame({ opcode: 2, payload: Buffer.concat([HANDSHAKE, ...messages]) })]);
  return { data: readFrames(out).data, code };
};

describe('a view-only console', () => {
  test('lets the handshake and requests for the picture pass', async () => {
    const pixelFormat = Buffer.alloc(20);
    const { data, code } = await filterMessages(pixelFormat, encodings(7, -239), updateRequest);
    expect(data).toEqual(Buffer.concat([HANDSHAKE, pixelFormat, encodings(7, -239), updateRequest]));
    expect(code).toBeNull();
  });

  test.each([
    ['keys', keyEvent(1, 0xff0d)],
    ['pointer movements and clicks', Buffer.from([5, 1, 0, 10, 0, 20])],
    ['clipboard text', cutText('rm -rf /')],
    ['extended clipboard', Buffer.concat([Buffer.from([6, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc]), Buffer.from([1, 2, 3, 4])])],
    ["keys in VMware's own form", Buffer.from([127, 0, 0, 8, 1, 0x1d, 1, 0])],
    ["keys in QEMU's own form", Buffer.from([255, 0, 0, 1, 0, 0, 0, 65, 0, 0, 0, 30])],
    ['power buttons', Buffer.from([250, 0, 1, 2])],
    ['a change of the screen size', Buffer.concat([Buffer.from([251, 0, 4, 0, 3, 0, 1, 0]), Buffer.alloc(16)])],
    ['answers to fences', Buffer.from([248, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9])],
    ['continuous updates', Buffer.from([150, 1, 0, 0, 0, 0, 4, 0, 3, 0])],
  ])('drops %s and reads on after it', async (_name, message) => {
    const { data, code } = await filterMessages(message, updateRequest, message, message, updateRequest);
    expect(data).toEqual(Buffer.concat([HANDSHAKE, updateRequest, updateRequest]));
    expect(code).toBeNull();
  });

  test('withholds encodings that would change the form of client messages', async () => {
    const { data } = await filterMessages(encodings(7, -258, -316, -312, -313, -309, -259, 0xc0a1e5ce | 0, -239));
    expect(data).toEqual(Buffer.concat([HANDSHAKE, encodings(7, -239)]));
  });

  test('always shares, so that watching throws nobody out', async () => {
    const exclusive = Buffer.concat([Buffer.from('RFB 003.008\n'), Buffer.from([1, 0])]);
    const { out } = await runFilter([frame({ opcode: 2, payload: exclusive })]);
    expect(readFrames(out).data).toEqual(HANDSHAKE);
  });

  test('knows the sixteen bytes of a VNC password, whatever they look like', async () => {
    const handshake = Buffer.concat([Buffer.from('RFB 003.007\n'), Buffer.from([2]), Buffer.alloc(16, 4), Buffer.from([1])]);
    const { out, code } = await runFilter([frame({ opcode: 2, payload: Buffer.concat([handshake, keyEvent(1, 65), updateRequest]) })]);
    expect(readFrames(out).data).toEqual(Buffer.concat([handshake, updateRequest]));
    expect(code).toBeNull();
  });

  test.each([
    ['an unknown message', [HANDSHAKE, Buffer.from([99, 4, 4, 4])]],
    ['an unknown QEMU message', [HANDSHAKE, Buffer.from([255, 1, 0, 0])]],
    ['a VMware message shorter than its head', [HANDSHAKE, Buffer.from([127, 0, 0, 3])]],
    ['a flood of encodings', [HANDSHAKE, Buffer.from([2, 0, 0xff, 0xff])]],
    ['an old version of RFB', [Buffer.from('RFB 003.003\n')]],
    ['another sign-in', [Buffer.from('RFB 003.008\n'), Buffer.from([19])]],
    ['something else than RFB', [Buffer.from('GET / HTTP/1.1\r\n')]],
  ])('ends with %s, and nothing of that frame passes', async (_name, messages) => {
    const { out, code } = await runFilter([frame({ opcode: 2, payload: Buffer.concat(messages) })]);
    expect(code).toBe('PORTAL_CONSOLE_PROTOCOL');
    expect(out).toHaveLength(0);
  });

  test.each([
    ['unmasked frames', frame({ opcode: 2, payload: HANDSHAKE, mask: null })],
    ['reserved bits', frame({ opcode: 2, payload: HANDSHAKE, reserved: 0x40 })],
    ['text', frame({ opcode: 1, payload: HANDSHAKE })],
    ['unknown kinds of frames', frame({ opcode: 3, payload: HANDSHAKE })],
    ['unknown control frames', frame({ opcode: 11, payload: HANDSHAKE })],
    ['a continuation of nothing', frame({ opcode: 0, payload: HANDSHAKE })],
    [
      'a message within a message',
      Buffer.concat([frame({ opcode: 2, payload: HANDSHAKE, isFinal: false }), frame({ opcode: 2, payload: updateRequest })]),
    ],
    ['fragmented control frames', frame({ opcode: 8, payload: Buffer.alloc(0), isFinal: false })],
    ['long control frames', frame({ opcode: 10, payload: Buffer.alloc(126) })],
    ['impossible lengths', Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
  ])('ends with %s', async (_name, bytes) => {
    expect((await runFilter([bytes])).code).toBe('PORTAL_CONSOLE_PROTOCOL');
  });

  test('passes close and pong on, keeps pings to itself, and ignores what follows a close', async () => {
    const close = Buffer.from([0x03, 0xe8]);
    const { out } = await runFilter([
      Buffer.concat([
        frame({ opcode: 9, payload: Buffer.from('ping') }),
        frame({ opcode: 10, payload: Buffer.from('pong') }),
        frame({ opcode: 8, payload: close }),
        frame({ opcode: 2, payload: HANDSHAKE }),
      ]),
    ]);
    const { data, controls } = readFrames(out);
    expect(controls).toEqual([
      { opcode: 10, payload: Buffer.from('pong') },
      { opcode: 8, payload: close },
    ]);
    expect(data).toHaveLength(0);
  });

  test('holds no memory for a dropped message however long it is', async () => {
    const filter = createViewOnlyFilter();
    filter.resume();
    const head = Buffer.from([6, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
    filter.write(frame({ opcode: 2, payload: Buffer.concat([HANDSHAKE, head]) }));
    const before = process.memoryUsage().arrayBuffers;
    const part = frame({ opcode: 2, payload: Buffer.alloc(100_000, 4) });
    for (let count = 0; count < 2_000; count++) {
      if (!filter.write(part)) await new Promise((resolve) => filter.once('drain', resolve));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    filter.destroy();
  });
});

describe('for every stream of messages in every fragmentation', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const bytes = (length: number): fc.Arbitrary<Buffer> =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((values) => Buffer.from(values));
  const harmless = fc.oneof(
    bytes(19).map((rest) => Buffer.concat([Buffer.from([0]), rest])),
    bytes(9).map((rest) => Buffer.concat([Buffer.from([3]), rest])),
    fc.array(fc.integer({ min: 0, max: 0x7fffffff }), { maxLength: 40 }).map((values) => encodings(...values)),
  );
  const harmful = fc.oneof(
    bytes(7).map((rest) => Buffer.concat([Buffer.from([4]), rest])),
    bytes(5).map((rest) => Buffer.concat([Buffer.from([5]), rest])),
    fc.uint8Array({ maxLength: 300 }).map((text) =>
      cutText(
        Buffer.from(text)
          .toString('latin1')
          .replaceAll(/[^\0-\x7f]/g, '?'),
      ),
    ),
    fc
      .tuple(byte, fc.uint8Array({ maxLength: 60 }))
      .map(([subtype, rest]) => Buffer.concat([Buffer.from([127, subtype, 0, rest.length + 4]), rest])),
    bytes(10).map((rest) => Buffer.concat([Buffer.from([255, 0]), rest])),
  );
  const message = fc.oneof(
    harmless.map((raw) => ({ raw, passes: true })),
    harmful.map((raw) => ({ raw, passes: false })),
  );
  /** Cuts a buffer at the given shares of its length. */
  const cut = (whole: Buffer, shares: readonly number[]): Buffer[] => {
    const places = [0, ...shares.map((share) => Math.floor(share * whole.length)).sort((left, right) => left - right), whole.length];
    return places.slice(1).map((place, index) => whole.subarray(places[index], place));
  };
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

  test('exactly the harmless messages arrive, and control frames in between are kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 30 }),
        shares,
        shares,
        fc.array(fc.record({ mask: bytes(4), joins: fc.boolean(), pong: fc.boolean() }), { minLength: 1, maxLength: 8 }),
        async (messages, frameCuts, chunkCuts, styles) => {
          const pieces = cut(Buffer.concat([HANDSHAKE, ...messages.map(({ raw }) => raw)]), frameCuts);
          let pongs = 0;
          let isInMessage = false;
          const frames = pieces.map((payload, index) => {
            const style = styles[index % styles.length];
            const isFinal = index === pieces.length - 1 || style?.joins !== true;
            const own = frame({ opcode: isInMessage ? 0 : 2, isFinal, payload, mask: style?.mask ?? null });
            isInMessage = !isFinal;
            if (style?.pong !== true) return own;
            pongs++;
            return Buffer.concat([own, frame({ opcode: 10, payload: Buffer.from([index & 0xff]) })]);
          });
          const { out, code } = await runFilter(cut(Buffer.concat(frames), chunkCuts));
          const { data, controls } = readFrames(out);
          expect(code).toBeNull();
          expect(data).toEqual(Buffer.concat([HANDSHAKE, ...messages.filter(({ passes }) => passes).map(({ raw }) => raw)]));
          expect(controls).toHaveLength(pongs);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('byte by byte as well', async () => {
    const whole = Buffer.concat([
      frame({ opcode: 2, payload: Buffer.concat([HANDSHAKE, keyEvent(1, 65)]), isFinal: false }),
      frame({ opcode: 10, payload: Buffer.alloc(0) }),
      frame({ opcode: 0, payload: Buffer.concat([updateRequest, Buffer.alloc(0)]) }),
      frame({ opcode: 2, payload: Buffer.concat([cutText('x'.repeat(70_000)), updateRequest]) }),
    ]);
    const { out } = await runFilter(Array.from(whole, (_value, index) => whole.subarray(index, index + 1)));
    expect(readFrames(out).data).toEqual(Buffer.concat([HANDSHAKE, updateRequest, updateRequest]));
  });

  test('no bytes whatever bring a key through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), async (payloads) => {
        const rest = payloads.map((payload) => frame({ opcode: 2, payload: Buffer.from(payload) }));
        const { out } = await runFilter([frame({ opcode: 2, payload: HANDSHAKE }), ...rest]);
        const { data } = readFrames(out);
        // Whatever has passed must read as a row of harmless messages and nothing else.
        for (let offset = HANDSHAKE.length; offset < data.length; ) {
          const kind = data.readUInt8(offset);
          expect([0, 2, 3]).toContain(kind);
          offset += kind === 0 ? 20 : kind === 3 ? 10 : 4 + data.readUInt16BE(offset + 2) * 4;
          expect(offset).toBeLessThanOrEqual(data.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
