import { connect, type Socket } from 'node:net';

const GET_KEYBOARD_MAPPING = 101;
const CHANGE_WINDOW_ATTRIBUTES = 2;
const EVENT_MASK = 1 << 11;
const KEY_PRESS_MASK = 1;
const KEY_PRESS = 2;
const REPLY = 1;
const ERROR = 0;

export interface X11Keys {
  /** Symbols of the keys that went down on the root window so far: Latin letters are their code points. */
  pressed(): readonly number[];
  close(): void;
}

/**
 * A client of an X server, just enough to hear keys: sets up, reads the keyboard's symbols and listens at the root window, which has the
 * focus while no other window exists. X11 protocol, version 11, little-endian.
 */
export async function listenToX11Keys(display: number): Promise<X11Keys> {
  const socket = connect(`/tmp/.X11-unix/X${display}`);
  const read = createReader(socket);
  const hello = Buffer.alloc(12);
  hello.write('l', 0, 'latin1');
  hello.writeUInt16LE(11, 2);
  socket.write(hello);
  const head = await read(8);
  const setup = await read(head.readUInt16LE(6) * 4);
  if (head[0] !== 1) throw new Error(`the X server refuses: ${setup.toString('latin1')}`);
  const minKeycode = setup[26] ?? 0;
  const keycodes = (setup[27] ?? 0) - minKeycode + 1;
  const vendorLength = setup.readUInt16LE(16);
  const formats = setup[21] ?? 0;
  const root = setup.readUInt32LE(32 + Math.ceil(vendorLength / 4) * 4 + formats * 8);

  const question = Buffer.alloc(8);
  question.writeUInt8(GET_KEYBOARD_MAPPING, 0);
  question.writeUInt16LE(2, 2);
  question.writeUInt8(minKeycode, 4);
  question.writeUInt8(keycodes, 5);
  socket.write(question);
  const answer = await read(32);
  if (answer[0] !== REPLY) throw new Error('the X server does not tell its keyboard');
  const perKeycode = answer[1] ?? 0;
  const symbols = await read(answer.readUInt32LE(4) * 4);

  const listen = Buffer.alloc(16);
  listen.writeUInt8(CHANGE_WINDOW_ATTRIBUTES, 0);
  listen.writeUInt16LE(4, 2);
  listen.writeUInt32LE(root, 4);
  listen.writeUInt32LE(EVENT_MASK, 8);
  listen.writeUInt32LE(KEY_PRESS_MASK, 12);
  socket.write(listen);

  const pressed: number[] = [];
  let isClosed = false;
  const hear = async (): Promise<void> => {
    for (;;) {
      const event = await read(32);
      const kind = (event[0] ?? 0) & 0x7f;
      if (kind === ERROR) throw new Error(`the X server reports error ${event[1]}`);
      if (kind === REPLY) await read(event.readUInt32LE(4) * 4);
      if (kind !== KEY_PRESS) continue;
      const isShifted = (event.readUInt16LE(28) & 1) === 1;
      const at = ((event[1] ?? 0) - minKeycode) * perKeycode;
      pressed.push(symbols.readUInt32LE((at + (isShifted ? 1 : 0)) * 4));
    }
  };
  hear().catch((error: unknown) => {
    if (!isClosed) throw error;
  });
  return {
    pressed: () => pressed,
    close() {
      isClosed = true;
      socket.destroy();
    },
  };
}

/** Reads a stream piece by piece of exactly the length that is asked for. */
function createReader(socket: Socket): (length: number) => Promise<Buffer> {
  const iterator = socket[Symbol.asyncIterator]();
  let buffered = Buffer.alloc(0);
  return async (length) => {
    while (buffered.length < length) {
      const next = await iterator.next();
      if (next.done === true) throw new Error('the X server has gone');
      buffered = Buffer.concat([buffered, next.value as Buffer]);
    }
    const piece = buffered.subarray(0, length);
    buffered = buffered.subarray(length);
    return piece;
  };
}
