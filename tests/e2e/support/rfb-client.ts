import WebSocket from 'ws';

export interface RfbClient {
  /** Presses and releases a key, then asks for the picture and waits for it: whatever was to arrive has arrived. */
  press(keysym: number): Promise<void>;
  close(): void;
}

/** An RFB 3.8 client that does as it likes, for what a well-behaved viewer would never send. */
export async function openRfbClient(url: string, options: { readonly headers: Readonly<Record<string, string>> }): Promise<RfbClient> {
  const socket = new WebSocket(url, ['binary'], { headers: { ...options.headers } });
  let buffered = Buffer.alloc(0);
  let wake = (): void => undefined;
  let failure: Error | null = null;
  socket.on('message', (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes]);
    wake();
  });
  const fail = (error: Error): void => {
    failure = error;
    wake();
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection has ended')));
  const read = async (length: number): Promise<Buffer> => {
    while (buffered.length < length) {
      if (failure !== null) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const piece = buffered.subarray(0, length);
    buffered = buffered.subarray(length);
    return piece;
  };

  await read(12);
  socket.send(Buffer.from('RFB 003.008\n', 'latin1'));
  const types = await read((await read(1))[0] ?? 0);
  if (!types.includes(1)) throw new Error('the server wants a password');
  socket.send(Buffer.from([1]));
  if ((await read(4)).readUInt32BE(0) !== 0) throw new Error('the server refuses');
  socket.send(Buffer.from([1]));
  const init = await read(24);
  await read(init.readUInt32BE(20));
  const [width, height, bytesPerPixel] = [init.readUInt16BE(0), init.readUInt16BE(2), (init[4] ?? 0) / 8];

  return {
    async press(keysym) {
      for (const down of [1, 0]) {
        const key = Buffer.alloc(8);
        key.set([4, down]);
        key.writeUInt32BE(keysym, 4);
        socket.send(key);
      }
      const ask = Buffer.alloc(10);
      ask.set([3, 0]);
      ask.writeUInt16BE(width, 6);
      ask.writeUInt16BE(height, 8);
      socket.send(ask);
      const update = await read(4);
      if (update[0] !== 0) throw new Error(`unexpected message ${update[0]}`);
      for (let rectangle = 0; rectangle < update.readUInt16BE(2); rectangle++) {
        const head = await read(12);
        if (head.readInt32BE(8) !== 0) throw new Error('only raw pixels were asked for');
        await read(head.readUInt16BE(4) * head.readUInt16BE(6) * bytesPerPixel);
      }
    },
    close: () => socket.terminate(),
  };
}
