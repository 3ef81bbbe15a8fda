import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Counters } from '../counters.ts';
import type { TicketDoor } from '../rfb/ticket-door.ts';
import type { ServerCertificate } from '../tls/create-certificate.ts';

export interface HostDoorOptions {
  readonly tickets: TicketDoor;
  readonly counters: Counters;
  readonly host: string;
  readonly certificate: ServerCertificate;
}

/** Stands for the hosts behind a vCenter: consoles and nothing else, with a certificate that is not the vCenter's. */
export class HostDoor {
  readonly #server: Server;
  readonly #host: string;
  readonly #sockets = new Set<Socket>();
  /** What the vCenter knows of the hosts' certificate, and so names in tickets. */
  readonly announced: ServerCertificate;

  constructor(options: HostDoorOptions) {
    const { certificate, tickets, counters } = options;
    this.announced = certificate;
    this.#host = options.host;
    this.#server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem, minVersion: 'TLSv1.2' });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server.on('request', (request, response) => {
      counters.name('other');
      request.resume();
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html><body>404 Not Found</body></html>');
    });
    this.#server.on('upgrade', (request, socket, head) => {
      counters.name('host-ticket');
      socket.on('error', () => undefined);
      tickets.enter(request, socket, { head, at: 'host' });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ port, host: this.#host }, resolve);
    await promise;
  }

  changeCertificate(certificate: ServerCertificate): void {
    this.#server.setSecureContext({ cert: certificate.certificatePem, key: certificate.keyPem, minVersion: 'TLSv1.2' });
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }
}
