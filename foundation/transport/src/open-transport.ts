import type { Socket } from 'node:net';
import { type Clock, OpsError, systemClock } from '@breakwater/kernel';
import { type buildConnector, Pool } from 'undici';
import { type CertificateCheck, createCertificateCheck } from './certificate-check.ts';
import { connectSocket } from './connect-socket.ts';
import { Exchange, type ExchangeLimits } from './exchange.ts';
import { type Origin, type OriginOptions, parseOrigin } from './origin.ts';
import type { PoolFigures, TlsTrust, Transport, TransportRequest, TransportResponse } from './transport.ts';
import { createCanceledError } from './transport-error.ts';

export interface OpenTransportOptions extends OriginOptions {
  /** `https://host[:port]`; `http://` only towards this machine, see `plainHttp`. */
  readonly origin: string;
  readonly trust: TlsTrust;
  /** Most sockets at a time. ESXi has 128 for everybody who talks to it. Default: 4. */
  readonly connections?: number | undefined;
  /** How long an unused socket stays open, unless the server says less. Default: 30 s. */
  readonly keepAliveMs?: number | undefined;
  /** A connection older than this takes no further exchange, however busy it is. Default: none is too old. */
  readonly connectionTtlMs?: number | undefined;
  /** Name look-up and TCP. Default: 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default: 5 s. */
  readonly tlsTimeoutMs?: number | undefined;
  /** Whole attempt where the request says nothing. Default: 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Decoded bytes where the request says nothing. Default: 16 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Longest silence within a body. Default: 15 s. */
  readonly bodyIdleMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Opens the way to one server. No byte travels before the first exchange. */
export function openTransport(options: OpenTransportOptions): Transport {
  return new PooledTransport(options);
}

class PooledTransport implements Transport {
  readonly #origin: Origin;
  readonly #clock: Clock;
  readonly #limits: ExchangeLimits;
  readonly #connections: number;
  readonly #pool: Pool;
  readonly #sockets = new Set<Socket>();
  #active = 0;
  #opened = 0;
  #reconnects = 0;
  #errors = 0;
  /** Sockets lost to a fault and not yet replaced. */
  #lost = 0;

  constructor(options: OpenTransportOptions) {
    this.#origin = parseOrigin(options.origin, options);
    this.#clock = options.clock ?? systemClock;
    this.#limits = {
      timeoutMs: options.timeoutMs ?? 30_000,
      maxBodyBytes: options.maxBodyBytes ?? 16 * 1024 * 1024,
      bodyIdleMs: options.bodyIdleMs ?? 15_000,
    };
    this.#connections = options.connections ?? 4;
    const keepAliveMs = options.keepAliveMs ?? 30_000;
    this.#pool = new Pool(this.#origin.text, {
      connections: this.#connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      clientTtl: options.connectionTtlMs ?? null,
      // The exchange has its own limits, on the injected clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: this.#createConnector(options),
    });
  }

  get origin(): string {
    return this.#origin.text;
  }

  async exchange<T>(request: TransportRequest, read: (response: TransportResponse) => Promise<T>): Promise<T> {
    const { signal } = request;
    if (signal?.aborted === true) throw createCanceledError({ origin: this.origin, phase: 'connect' }, signal.reason);
    const exchange = new Exchange({
      origin: this.origin,
      clock: this.#clock,
      limits: {
        timeoutMs: request.timeoutMs ?? this.#limits.timeoutMs,
        maxBodyBytes: request.maxBodyBytes ?? this.#limits.maxBodyBytes,
        bodyIdleMs: this.#limits.bodyIdleMs,
      },
      signal,
      read,
      onStart: () => {
        this.#active++;
      },
      onRelease: () => {
        this.#active--;
      },
      onFault: () => {
        this.#errors++;
      },
    });
    try {
      this.#pool.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: { 'accept-encoding': 'gzip, deflate', ...request.headers },
          body: request.body ?? null,
          idempotent: request.idempotent,
        },
        exchange,
      );
    } catch (error) {
      exchange.refuse(error);
    }
    return exchange.outcome();
  }

  pool(): PoolFigures {
    const open = this.#sockets.size;
    return {
      size: this.#connections,
      active: this.#active,
      idle: Math.max(0, open - this.#active),
      opened: this.#opened,
      reconnects: this.#reconnects,
      errors: this.#errors,
    };
  }

  async close(): Promise<void> {
    await this.#pool.destroy(new OpsError({ code: 'TRANSPORT_CLOSED', message: `The transport is closed (${this.origin})` }));
  }

  #createConnector(options: OpenTransportOptions): buildConnector.connector {
    const check: CertificateCheck | undefined = this.#origin.isTls ? createCertificateCheck(options.trust) : undefined;
    return (_target, callback) => {
      connectSocket(
        {
          host: this.#origin.host,
          port: this.#origin.port,
          security: check === undefined ? { kind: 'plain' } : { kind: 'tls', check },
          clock: this.#clock,
          connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
          tlsTimeoutMs: options.tlsTimeoutMs ?? 5_000,
        },
        (error, socket) => {
          if (socket === null) {
            callback(error as Error, null);
            return;
          }
          this.#follow(socket);
          callback(null, socket);
        },
      );
    };
  }

  #follow(socket: Socket): void {
    this.#opened++;
    this.#sockets.add(socket);
    if (this.#lost > 0) {
      this.#lost--;
      this.#reconnects++;
    }
    socket.once('close', (hadError) => {
      this.#sockets.delete(socket);
      if (hadError) this.#lost++;
    });
  }
}
