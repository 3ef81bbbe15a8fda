import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export type CertificateName = 'first' | 'second' | 'signed' | 'elsewhere';

export interface LoopbackServerOptions {
  /** Undefined: plain. */
  readonly certificate?: CertificateName;
  /** Undefined: any free one. */
  readonly port?: number;
  readonly answer?: RequestListener;
  /** Raw instead of HTTP: the handler owns the socket. */
  readonly onSocket?: (socket: Socket) => void;
}

export interface LoopbackServer {
  readonly origin: string;
  readonly port: number;
  /** Accepted TCP connections. */
  readonly connections: () => number;
  /** Most connections that were open at one time. */
  readonly peak: () => number;
  /** Bytes of the application that have arrived: after decryption. */
  readonly received: () => number;
  /** Resolves when the last open connection has closed. */
  readonly idle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const readFixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8');

export const fingerprint = (name: CertificateName): string => new X509Certificate(readFixture(`${name}.crt`)).fingerprint256;

/** A real server on 127.0.0.1 that counts what reaches it. */
export async function openLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const open = new Set<Socket>();
  let connections = 0;
  let peak = 0;
  let received = 0;
  let whenIdle: (() => void) | undefined;
  const http = options.answer === undefined ? undefined : createHttpServer(options.answer);
  const onConnection = (socket: Socket): void => {
    connections++;
    open.add(socket);
    peak = Math.max(peak, open.size);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) whenIdle?.();
    });
  };
  const onSocket = (socket: Socket): void => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.on('error', () => undefined);
    options.onSocket?.(socket);
    http?.emit('connection', socket);
  };
  const server: Server =
    options.certificate === undefined
      ? createTcpServer(onSocket)
      : createTlsServer({ key: readFixture(`${options.certificate}.key`), cert: readFixture(`${options.certificate}.crt`) }, onSocket);
  server.prependListener('connection', onConnection);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${options.certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    peak: () => peak,
    received: () => received,
    idle: () =>
      open.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            whenIdle = resolve;
          }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
