import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as requestHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';

export interface TicketDoor {
  readonly port: number;
  /** Consoles that were let in, each with the path it came by. */
  readonly visits: readonly string[];
  stop(): Promise<void>;
}

/**
 * A host's front end with a certificate of its own: calls go on to `origin`, whoever comes with a ticket gets a VNC server as `ws` of npm
 * frames it.
 */
export async function openTicketDoor(options: { readonly origin: string; readonly connect: () => Socket }): Promise<TicketDoor> {
  const sockets = new Set<Socket>();
  const visits: string[] = [];
  const server = createServer(createIdentity(), (incoming, outgoing) => {
    const onward = requestHttps(
      `${options.origin}${incoming.url ?? '/'}`,
      { method: incoming.method, headers: incoming.headers, rejectUnauthorized: false, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const doors = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false) });
  server.on('upgrade', (request, socket, head) => {
    doors.handleUpgrade(request, socket, head, (browser) => {
      visits.push(request.url ?? '');
      const vnc = options.connect();
      vnc.on('data', (bytes) => browser.send(bytes));
      vnc.on('close', () => browser.close());
      vnc.on('error', () => browser.terminate());
      browser.on('message', (bytes: Buffer) => vnc.write(bytes));
      browser.on('close', () => vnc.destroy());
      browser.on('error', () => vnc.destroy());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    visits,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A key and a self-signed certificate made by openssl, as an administrator would. */
function createIdentity(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-door-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const words =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=foreign-door -addext subjectAltName=IP:127.0.0.1';
    execFileSync('openssl', words.split(' ').concat('-keyout', key, '-out', cert), { stdio: 'pipe' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
