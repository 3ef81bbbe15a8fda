import { connect, type Socket } from 'node:net';

export interface StreamCrowd {
  /** Frames that the first stream has seen; a frame is what arrives at once. */
  frames(): number;
  bytes(): number;
  close(): void;
}

/** Opens many event streams over plain sockets, `tokens` in turn, because one principal may not have them all. */
export async function openStreams(options: {
  readonly port: number;
  readonly count: number;
  readonly tokens: readonly string[];
}): Promise<StreamCrowd> {
  const sockets: Socket[] = [];
  let frames = 0;
  let bytes = 0;
  const open = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(options.port, '127.0.0.1');
      sockets.push(socket);
      const token = options.tokens[index % options.tokens.length] ?? '';
      socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
      socket.once('error', reject);
      socket.once('data', (head: Buffer) => {
        if (!head.toString('latin1').startsWith('HTTP/1.1 200'))
          reject(new Error(`a stream was refused: ${head.toString('latin1', 0, 300)}`));
        else resolve();
        socket.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (index === 0 && chunk.includes('event: machine.changed')) frames += 1;
        });
      });
    });
  for (let index = 0; index < options.count; index += 50) {
    await Promise.all(Array.from({ length: Math.min(50, options.count - index) }, (_, offset) => open(index + offset)));
  }
  return {
    frames: () => frames,
    bytes: () => bytes,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
