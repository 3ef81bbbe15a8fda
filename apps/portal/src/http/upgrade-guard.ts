import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isOpsError } from '@breakwater/kernel';
import type { OriginQuestion } from './origin-guard.ts';
import { toProblemAnswer } from './problem.ts';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface UpgradeGuardOptions {
  readonly basePath: string;
  readonly guardHost: (host: string | undefined) => void;
  readonly guardOrigin: (question: OriginQuestion) => void;
  /** `name` for the second door. */
  readonly compare: 'host' | 'name';
  /** Gets `request.url` without the base path. */
  readonly handle: UpgradeHandler;
  readonly createRequestId: () => string;
}

/** What stands before every WebSocket upgrade: a browser applies no same-origin policy to them, so we must. */
export function createUpgradeGuard(options: UpgradeGuardOptions): UpgradeHandler {
  return (request, socket, head) => {
    // Node has taken its own listeners off; without one, a client that resets the connection would end the process.
    socket.on('error', () => undefined);
    const { host, origin } = request.headers;
    const fetchSite = request.headers['sec-fetch-site'];
    const url = request.url ?? '/';
    try {
      options.guardHost(host);
      options.guardOrigin({
        origin,
        fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
        host: host ?? '',
        compare: options.compare,
      });
    } catch (error) {
      if (!isOpsError(error)) throw error;
      refuseUpgrade(socket, { error, requestId: options.createRequestId() });
      return;
    }
    request.url = url.startsWith(`${options.basePath}/`) ? url.slice(options.basePath.length) : '/';
    options.handle(request, socket, head);
  };
}

/** Answers an upgrade with a problem and ends the socket. */
export function refuseUpgrade(socket: Duplex, refusal: { readonly error: unknown; readonly requestId: string }): void {
  const { status, problem } = toProblemAnswer(refusal.error, { requestId: refusal.requestId });
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${problem.title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
