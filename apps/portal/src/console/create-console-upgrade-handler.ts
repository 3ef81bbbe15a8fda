import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type MachineRef, OpsError } from '@breakwater/kernel';
import { type DialUpgradeOptions, dialUpgrade, type UpgradedSocket } from '@breakwater/transport';
import { bridgeConsole, type ConsoleOutcome } from './console-bridge.ts';
import type { ConsoleSession, ConsoleSessions, OpenConsole } from './console-sessions.ts';
import { createViewOnlyFilter } from './view-only-filter.ts';

const PATH = /^\/proxy\/([A-Za-z0-9_-]{16,128})(?:\?.*)?$/;
/** A browser sends nothing before the answer; what comes along by mistake is bounded. */
const MAX_EARLY_BYTES = 16 * 1024;

/** Where a console's bytes come from, as the fleet tells it. */
export type ConsoleTarget = Pick<DialUpgradeOptions, 'host' | 'port' | 'path' | 'protocol' | 'trust'>;

/** What becomes of consoles: material for the audit trail. */
export type ConsoleNews =
  | { readonly kind: 'opened'; readonly session: ConsoleSession }
  | { readonly kind: 'closed'; readonly session: ConsoleSession; readonly outcome: ConsoleOutcome }
  /** It never opened. The session is used up all the same, because its ticket may be. */
  | { readonly kind: 'failed'; readonly session: ConsoleSession; readonly error: unknown };

export interface ConsoleGuest {
  readonly id: string;
  readonly may: (permission: 'read' | 'operate') => boolean;
}

export interface ConsoleUpgradeOptions {
  readonly sessions: ConsoleSessions;
  readonly clock: Clock;
  /** Throws for a host name or an origin that is not ours. Not needed where something in front has done so. */
  readonly guard?: ((request: IncomingMessage) => void) | undefined;
  /** Who sends the upgrade, with the rights of this moment; null for a stranger. */
  readonly authenticate: (request: IncomingMessage) => Promise<ConsoleGuest | null>;
  /** Takes the ticket. Called once the browser is at the door and may pass, because tickets live for seconds. */
  readonly openConsole: (ref: MachineRef, options: { readonly signal: AbortSignal }) => Promise<ConsoleTarget>;
  /** Throws unless the target is the machine's own server, or a host that this server manages: a ticket must not lead elsewhere. */
  readonly checkTarget: (ref: MachineRef, target: { readonly host: string; readonly port: number }) => void;
  /** Answers an upgrade that is refused with a problem, and ends the socket. */
  readonly refuse: (socket: Duplex, error: unknown) => void;
  /** Taking the ticket and connecting with it, together. */
  readonly ticketTimeoutMs: number;
  /** A console whose browser has sent nothing for this long ends. */
  readonly idleMs: number;
  /** Longest life of a console. */
  readonly maxMs: number;
  readonly onNews: (news: ConsoleNews) => void;
}

export interface ConsoleUpgradeHandler {
  /** Listener for the `upgrade` event of a node:http server. */
  readonly handle: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Consoles open now. */
  readonly count: () => number;
  /** Ends all consoles and resolves when their sockets are closed. */
  readonly close: () => Promise<void>;
}

interface Running {
  readonly session: OpenConsole;
  readonly controller: AbortController;
}

/** Serves `GET /proxy/<session>`: checks, takes the ticket, dials, and couples the two sockets. */
export function createConsoleUpgradeHandler(options: ConsoleUpgradeOptions): ConsoleUpgradeHandler {
  const running = new Set<Running>();
  const settling = new Set<Promise<void>>();
  let open = 0;
  let isClosing = false;

  async function serve(request: IncomingMessage, browser: Socket): Promise<void> {
    const offer = readOffer(request);
    options.guard?.(request);
    const principal = await options.authenticate(request);
    if (principal === null) throw new OpsError({ code: 'PORTAL_SIGN_IN_REQUIRED', message: 'Sign in to open a console.' });
    if (isClosing) throw new OpsError({ code: 'PORTAL_CLOSING', message: 'Breakwater is stopping.' });
    const session = options.sessions.take(offer.sessionId, principal.id);
    // A session lives for minutes; who asked for it may have lost the right in between.
    if (!principal.may(session.viewOnly ? 'read' : 'operate')) {
      session.release();
      throw new OpsError({ code: 'PORTAL_FORBIDDEN', message: 'Your role no longer includes this console.' });
    }
    const current = { session, controller: new AbortController() };
    running.add(current);
    try {
      await run(current, { browser, offer });
    } finally {
      running.delete(current);
      session.release();
    }
  }

  async function run({ session, controller }: Running, door: { readonly browser: Socket; readonly offer: Offer }): Promise<void> {
    const { browser, offer } = door;
    const about = toSession(session);
    const dialed = await connect(session, { browser, offer, signal: controller.signal }).catch((error: unknown) => {
      options.onNews({ kind: 'failed', session: about, error });
      throw error;
    });
    browser.write(createAnswer(dialed, offer));
    if (dialed.head.length > 0) dialed.socket.unshift(dialed.head);
    open++;
    options.onNews({ kind: 'opened', session: about });
    const outcome = await bridgeConsole({
      browser,
      upstream: dialed.socket,
      filter: session.viewOnly ? createViewOnlyFilter() : undefined,
      clock: options.clock,
      idleMs: options.idleMs,
      maxMs: options.maxMs,
      signal: controller.signal,
    });
    open--;
    options.onNews({ kind: 'closed', session: about, outcome });
  }

  async function connect(
    session: OpenConsole,
    call: { readonly browser: Socket; readonly offer: Offer; readonly signal: AbortSignal },
  ): Promise<DialedConsole> {
    const giveUp = new AbortController();
    const stop = (reason: OpsError) => (): void => giveUp.abort(reason);
    const left = new OpsError({ code: 'PORTAL_CONSOLE_LEFT', message: 'The browser has left.' });
    if (call.browser.destroyed) throw left;
    const onLeft = stop(left);
    const onEnded = stop(new OpsError({ code: 'PORTAL_CLOSING', message: 'The console was ended here.' }));
    const onLate = stop(new OpsError({ code: 'PORTAL_CONSOLE_TIMEOUT', message: 'The server did not open the console in time.' }));
    const startedAtMs = options.clock.now();
    const timer = options.clock.after(options.ticketTimeoutMs, onLate, { keepAlive: true });
    call.browser.once('close', onLeft);
    call.signal.addEventListener('abort', onEnded, { once: true });
    try {
      const target = await options.openConsole(session.ref, { signal: giveUp.signal });
      options.checkTarget(session.ref, { host: target.host, port: target.port });
      const leftMs = Math.max(1, options.ticketTimeoutMs - (options.clock.now() - startedAtMs));
      const upgraded = await dialUpgrade({
        ...target,
        // The browser's own key, so that the server's proof fits it. Nothing else of the browser goes to the server.
        headers: { 'sec-websocket-key': call.offer.key },
        timeoutMs: Math.min(10_000, leftMs),
        signal: giveUp.signal,
        clock: options.clock,
      });
      return { ...upgraded, offered: target.protocol };
    } catch (error) {
      // Whoever was interrupted speaks of an abort; why is what counts.
      throw giveUp.signal.aborted ? giveUp.signal.reason : error;
    } finally {
      timer.cancel();
      call.browser.removeListener('close', onLeft);
      call.signal.removeEventListener('abort', onEnded);
    }
  }

  return {
    handle(request, socket, head) {
      // Node has taken its own listeners off; without one, a connection reset by the browser would end the process.
      socket.on('error', () => undefined);
      const browser = socket as Socket;
      if (head.length > MAX_EARLY_BYTES) {
        options.refuse(socket, new OpsError({ code: 'PORTAL_REQUEST_INVALID', message: 'Bytes before the answer.' }));
        return;
      }
      if (head.length > 0) browser.unshift(head);
      const serving = serve(request, browser).catch((error: unknown) => options.refuse(socket, error));
      settling.add(serving);
      void serving.finally(() => settling.delete(serving));
    },
    count: () => open,
    async close() {
      isClosing = true;
      options.sessions.close();
      for (const { controller } of running) controller.abort();
      await Promise.all(settling);
    },
  };
}

interface DialedConsole extends UpgradedSocket {
  /** The one protocol that was offered to the host. */
  readonly offered: string;
}

interface Offer {
  readonly sessionId: string;
  readonly key: string;
  readonly protocols: readonly string[];
}

function readOffer(request: IncomingMessage): Offer {
  const sessionId = PATH.exec(request.url ?? '')?.[1];
  if (sessionId === undefined) throw new OpsError({ code: 'PORTAL_NOT_FOUND', message: 'There is no WebSocket at this address.' });
  const { headers } = request;
  const key = headers['sec-websocket-key'] ?? '';
  const isWebSocket =
    request.method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[A-Za-z0-9+/]{22}==$/.test(key);
  if (!isWebSocket) throw new OpsError({ code: 'PORTAL_REQUEST_INVALID', message: 'This is not the opening of a WebSocket.' });
  const protocols = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
  return { sessionId, key, protocols };
}

/**
 * A protocol is named only if the browser has offered it: anything else makes it hang up. One that it has offered is
 * named even if the host says nothing, because browsers hang up on silence too, and no other was offered to the host.
 */
function createAnswer(dialed: DialedConsole, offer: Offer): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${dialed.responseHeaders['sec-websocket-accept']}`,
  ];
  if (offer.protocols.includes(dialed.offered)) lines.push(`Sec-WebSocket-Protocol: ${dialed.offered}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const toSession = ({ id, principalId, ref, viewOnly }: OpenConsole): ConsoleSession => ({ id, principalId, ref, viewOnly });
