import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { type Clock, OpsError, onAbort, type TimerHandle } from '@breakwater/kernel';
import { readPresentedCertificate } from './certificate.ts';
import type { CertificateCheck } from './certificate-check.ts';
import type { PresentedCertificate } from './transport.ts';
import { createCanceledError, createTimeoutError, type TransportPhase, toTransportError } from './transport-error.ts';

/** For each of several addresses of a name. Node's own 250 ms are too short for a server behind a slow line. */
const ADDRESS_TIMEOUT_MS = 1_500;

export interface ConnectStep {
  readonly name: 'dns' | 'tcp' | 'tls';
  /** What was learned: the address, the peer, the version of TLS. */
  readonly detail: string;
}

export interface ConnectOptions {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly security: { readonly kind: 'plain' } | { readonly kind: 'tls'; readonly check: CertificateCheck };
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly tlsTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told each time a step has been passed. A name with several addresses passes `dns` once for each. */
  readonly onStep?: (step: ConnectStep) => void;
}

export type ConnectDone = (error: OpsError | null, socket: Socket | null) => void;

/**
 * Opens a socket and hands it over once the peer has proved who it is; until then not one byte of the application is
 * written. `done` is called exactly once, in the same turn as the socket's own event, so that its next owner misses none.
 *
 * TLS sessions are never resumed: a resumed handshake does not show the certificate again, and a full one costs about a
 * millisecond on connections that live for minutes.
 */
export function connectSocket(options: ConnectOptions, done: ConnectDone): void {
  const { host, port, security, clock } = options;
  const origin = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  let phase: TransportPhase = 'connect';
  let settled = false;
  let shown: PresentedCertificate | undefined;

  const settle = (error: OpsError | null): void => {
    if (settled) return;
    settled = true;
    timer.cancel();
    stopListening();
    if (error === null) {
      socket.off('error', fail);
      socket.off('close', onClose);
      // A console's socket lives for hours: nothing of its beginning is kept alive with it.
      socket.off('lookup', onLookup);
      shown = undefined;
      done(null, socket);
      return;
    }
    socket.on('error', ignoreLateError);
    socket.destroy();
    done(error, null);
  };
  const fail = (error: unknown): void => {
    // After the handshake only the verification of the chain or the name is left, and Node reports it before `secureConnect`.
    if (shown !== undefined) settle(createUntrustedError(origin, { certificate: shown, cause: error }));
    else settle(toTransportError(error, { origin, phase }));
  };
  const onClose = (): void => fail(Object.assign(new Error('The socket closed while connecting'), { code: 'ECONNRESET' }));
  const onLookup = (error: Error | null, address: string): void => {
    if (error === null) options.onStep?.({ name: 'dns', detail: address });
  };
  const arm = (timeoutMs: number): TimerHandle =>
    clock.after(timeoutMs, () => settle(createTimeoutError({ origin, phase }, { timeoutMs })));

  const socket =
    security.kind === 'plain'
      ? connectTcp({ host, port, autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS })
      : startTls({ host, port, check: security.check });
  let timer = arm(options.connectTimeoutMs);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  socket.on('error', fail);
  socket.on('close', onClose);
  socket.on('lookup', onLookup);
  socket.once('connect', () => {
    options.onStep?.({ name: 'tcp', detail: `${socket.remoteAddress ?? host} port ${port}` });
    if (security.kind === 'plain') {
      settle(null);
      return;
    }
    timer.cancel();
    phase = 'tls';
    timer = arm(options.tlsTimeoutMs);
  });
  if (security.kind === 'tls') {
    const tlsSocket = socket as TLSSocket;
    // `secure` comes before Node's own verdict, while the certificate can still be read from a connection that it will reject.
    tlsSocket.prependOnceListener('secure', () => {
      shown = readPresentedCertificate(tlsSocket);
    });
    tlsSocket.once('secureConnect', () => {
      options.onStep?.({ name: 'tls', detail: tlsSocket.getProtocol() ?? '' });
      settle(judge(security.check, { shown, origin }));
    });
  }
  // Already aborted: the listener runs inside `onAbort`, before its result is known.
  let stopListening: () => void = () => undefined;
  stopListening = onAbort(options.signal, (reason) => settle(createCanceledError({ origin, phase }, reason)));
}

/** `connectSocket` as a promise, for owners who attach their listeners right after `await`. */
export function openSocket(options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connectSocket(options, (error, socket) => {
      if (socket === null) reject(error);
      else resolve(socket);
    });
  });
}

function startTls(target: { readonly host: string; readonly port: number; readonly check: CertificateCheck }): TLSSocket {
  const options: ConnectionOptions & Pick<TcpNetConnectOpts, 'autoSelectFamilyAttemptTimeout'> = {
    host: target.host,
    port: target.port,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
    // SNI must not hold an address (RFC 6066).
    servername: isIP(target.host) === 0 ? target.host : '',
    secureContext: target.check.context,
    rejectUnauthorized: target.check.kind === 'chain',
    ALPNProtocols: ['http/1.1'],
  };
  return connectTls(options);
}

/** The verdict on a finished handshake: null when bytes may be sent. */
function judge(
  check: CertificateCheck,
  evidence: { readonly shown: PresentedCertificate | undefined; readonly origin: string },
): OpsError | null {
  const { shown, origin } = evidence;
  // Without certificate nothing is proven, whatever the handshake says (anonymous or pre-shared key suites).
  if (shown === undefined) {
    return new OpsError({
      code: 'TRANSPORT_TLS_FAILED',
      message: `The server shows no certificate (${origin})`,
      details: { origin, phase: 'tls', sent: false },
    });
  }
  if (check.kind !== 'pin' || shown[check.algorithm] === check.fingerprint) return null;
  return new OpsError({
    code: 'TRANSPORT_CERTIFICATE_CHANGED',
    message: `The server shows another certificate than the one that was accepted (${origin})`,
    details: { origin, phase: 'tls', sent: false, expected: check.fingerprint, certificate: shown },
  });
}

const createUntrustedError = (
  origin: string,
  evidence: { readonly certificate: PresentedCertificate; readonly cause: unknown },
): OpsError => {
  const reason = evidence.cause instanceof Error && 'code' in evidence.cause ? String(evidence.cause.code) : '';
  return new OpsError({
    code: 'TRANSPORT_CERTIFICATE_UNTRUSTED',
    message: `The certificate of the server is not trusted (${origin})`,
    cause: evidence.cause,
    details: { origin, phase: 'tls', sent: false, reason, certificate: evidence.certificate },
  });
};

/** The verdict is already given; Node would end the process for an error that nobody listens to. */
function ignoreLateError(): void {}
