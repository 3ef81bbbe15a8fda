/** What a console of the bench is told by its first message: exactly this many bytes, padded with blanks. */
export const COMMAND_BYTES = 32;

/** `echo` answers every message of `bytes` with one of the same size; `stream` sends as fast as it is read; `paced` like a screen in motion. */
export type ConsoleLoad =
  | { readonly kind: 'idle' }
  | { readonly kind: 'echo'; readonly bytes: number }
  | { readonly kind: 'stream'; readonly bytes: number }
  | { readonly kind: 'paced'; readonly bytes: number; readonly framesPerSecond: number };

export function encodeCommand(load: ConsoleLoad): Buffer {
  const words = [load.kind, 'bytes' in load ? load.bytes : 0, 'framesPerSecond' in load ? load.framesPerSecond : 0];
  return Buffer.from(words.join(' ').padEnd(COMMAND_BYTES));
}

export function parseCommand(bytes: Buffer): ConsoleLoad {
  const [kind, size, rate] = bytes.toString('latin1').trim().split(' ');
  if (kind === 'echo' || kind === 'stream') return { kind, bytes: Number(size) };
  if (kind === 'paced') return { kind, bytes: Number(size), framesPerSecond: Number(rate) };
  return { kind: 'idle' };
}

/** A whole binary frame. From a client it carries a mask, as it must; of zeros, so that nobody pays for making it. */
export function encodeFrame(payload: Buffer, from: 'client' | 'server'): Buffer {
  const length = payload.length;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x82;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (from === 'server') return Buffer.concat([head, payload]);
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** Strips a server's frames and hands out their payload piece by piece. */
export function createPayloadReader(onPayload: (chunk: Buffer, from: number, to: number) => void): (chunk: Buffer) => void {
  const head = Buffer.alloc(10);
  let headLength = 0;
  let left = 0;
  return (chunk) => {
    let offset = 0;
    while (offset < chunk.length) {
      if (left > 0) {
        const end = Math.min(chunk.length, offset + left);
        onPayload(chunk, offset, end);
        left -= end - offset;
        offset = end;
        continue;
      }
      head[headLength++] = chunk[offset++] ?? 0;
      if (headLength < 2) continue;
      const code = head[1] ?? 0;
      if (headLength < (code < 126 ? 2 : code === 126 ? 4 : 10)) continue;
      left = code < 126 ? code : code === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
      headLength = 0;
    }
  };
}

/** Milliseconds on the clock that all processes of this machine share. */
export const readSharedClockMs = (): number => Number(process.hrtime.bigint()) / 1e6;
