import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpRelay {
  readonly port: number;
  /** Bytes from the far side to the near one so far. */
  receivedBytes(): number;
  /** Connections accepted so far. */
  accepted(): number;
  /** Breaks every open connection with an RST on both sides. New ones are taken. */
  cut(): void;
  /** Breaks all connections as soon as so many more bytes have come from the far side. */
  cutAfter(bytes: number): void;
  /** No byte passes in either direction, and no connection is closed. */
  stall(): void;
  /** Takes no more connections until `resume`. */
  refuse(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** A link that can fail, on a port of 127.0.0.1 in front of another one. */
export async function startTcpRelay(target: { readonly host?: string; readonly port: number }): Promise<TcpRelay> {
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  let mode: 'open' | 'stalled' | 'refusing' = 'open';
  let receivedBytes = 0;
  let accepted = 0;
  let cutAt = Number.POSITIVE_INFINITY;
  const cut = (): void => {
    cutAt = Number.POSITIVE_INFINITY;
    for (const sockets of pairs) for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((near) => {
    if (mode === 'refusing') {
      near.resetAndDestroy();
      return;
    }
    accepted++;
    const far = connect({ host: target.host ?? '127.0.0.1', port: target.port });
    const pair = [near, far] as const;
    pairs.add(pair);
    const pass = (from: Socket, to: Socket): void => {
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (from === far) receivedBytes += chunk.length;
        if (receivedBytes >= cutAt) {
          cut();
          return;
        }
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (mode !== 'stalled') from.resume();
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      if (mode === 'stalled') from.pause();
    };
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    receivedBytes: () => receivedBytes,
    accepted: () => accepted,
    cut,
    cutAfter: (bytes) => {
      cutAt = receivedBytes + bytes;
    },
    stall: () => {
      mode = 'stalled';
      for (const sockets of pairs) for (const socket of sockets) socket.pause();
    },
    refuse: () => {
      mode = 'refusing';
    },
    resume: () => {
      mode = 'open';
      for (const sockets of pairs) for (const socket of sockets) socket.resume();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
