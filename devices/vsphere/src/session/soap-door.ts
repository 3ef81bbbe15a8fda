import type { Priority } from '@breakwater/kernel';
import type { Transport, TransportRequest, TransportResponse } from '@breakwater/transport';
import {
  type ApiVersion,
  type Arguments,
  type MethodName,
  type Moref,
  type Result,
  SDK_PATH,
  SERVICE_VERSIONS_PATH,
  SOAP_CONTENT_TYPE,
  VIM_NAMESPACE,
} from '../schema/index.ts';
import { type Codec, type Digest, encodeCall, type ServiceVersions } from '../wire/index.ts';
import { createExpiredError, createFaultError, createStatusError } from './errors.ts';
import { judgeReply } from './expired-reply.ts';
import { SessionCookie } from './session-cookie.ts';

export interface ExchangeOptions {
  readonly priority: Priority;
  /** Whether a lost answer may be asked for again. */
  readonly idempotent: boolean;
  readonly lane?: 'call' | 'parked' | undefined;
  readonly timeoutMs?: number | undefined;
  readonly maxBodyBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SoapCall<Name extends MethodName> {
  readonly method: Name;
  readonly self: Moref;
  readonly args: Arguments<Name>;
  /** The result then holds what this keeps where its type says that there is a struct. */
  readonly digest?: Digest | undefined;
}

/** One exchange at a time, with the cookie but without knowing whether we are signed in. */
export class SoapDoor {
  readonly #transport: Transport;
  readonly #codec: Codec;
  readonly #nextOperationId: () => string;
  readonly cookie = new SessionCookie();
  version: ApiVersion | undefined;

  constructor(options: { readonly transport: Transport; readonly codec: Codec; readonly nextOperationId: () => string }) {
    this.#transport = options.transport;
    this.#codec = options.codec;
    this.#nextOperationId = options.nextOperationId;
  }

  readVersions(options: ExchangeOptions): Promise<ServiceVersions> {
    const request: TransportRequest = {
      method: 'GET',
      path: SERVICE_VERSIONS_PATH,
      operation: 'GET vimServiceVersions.xml',
      ...tidy(options),
    };
    return this.#transport.exchange(request, (response) => {
      if (response.status !== 200) throw createStatusError(response, request.operation);
      return this.#codec.decodeVersions(response.chunks);
    });
  }

  /** Rejects with `VSPHERE_FAULT`, `VSPHERE_SESSION_EXPIRED`, `VSPHERE_UNAVAILABLE`, `VSPHERE_HTTP_STATUS` or a `WireError`. */
  call<Name extends MethodName>(call: SoapCall<Name>, options: ExchangeOptions): Promise<SoapAnswer<Name>> {
    const { cookie, version } = this;
    const body = encodeCall({ method: call.method, self: call.self, args: call.args, operationId: this.#nextOperationId(), version });
    const request: TransportRequest = {
      method: 'POST',
      path: SDK_PATH,
      body,
      operation: call.method,
      headers: {
        'content-type': SOAP_CONTENT_TYPE,
        soapaction: version === undefined ? VIM_NAMESPACE : `${VIM_NAMESPACE}/${version}`,
        ...(cookie.header === undefined ? {} : { cookie: cookie.header }),
      },
      ...tidy(options),
    };
    return this.#transport.exchange(request, (response) => this.#readAnswer(call, response));
  }

  /** A plain download that the session cookie opens: screens and files of datastores. */
  get<T>(
    target: { readonly path: string; readonly operation: string },
    options: ExchangeOptions & { readonly read: (response: TransportResponse) => Promise<T> },
  ): Promise<T> {
    const { read, ...rest } = options;
    const { header } = this.cookie;
    const request: TransportRequest = {
      method: 'GET',
      ...target,
      ...(header === undefined ? {} : { headers: { cookie: header } }),
      ...tidy(rest),
    };
    return this.#transport.exchange(request, (response) => {
      if (response.status === 401) throw createExpiredError(target.operation);
      return read(response);
    });
  }

  // Judged inside the exchange, so that whoever wraps the transport sees what the answer really was.
  async #readAnswer<Name extends MethodName>({ method, digest }: SoapCall<Name>, response: TransportResponse): Promise<SoapAnswer<Name>> {
    if (response.status !== 200 && response.status !== 500) throw createStatusError(response, method);
    const reply = await this.#codec.decodeReply(method, response.chunks, { digest });
    if (reply.kind === 'fault') {
      throw reply.fault.type === 'NotAuthenticated' ? createExpiredError(method) : createFaultError(reply.fault, method);
    }
    const judgement = judgeReply(method, reply.value);
    if (judgement === 'expired') throw createExpiredError(method);
    if (method === 'Login') this.cookie.take(response.headers);
    return { value: reply.value as Result<Name>, isDoubtful: judgement === 'doubtful' };
  }
}

export interface SoapAnswer<Name extends MethodName> {
  readonly value: Result<Name>;
  /** Nothing came back where the end of the session would look the same. */
  readonly isDoubtful: boolean;
}

type RequestOptions = Pick<TransportRequest, 'priority' | 'idempotent' | 'lane' | 'timeoutMs' | 'maxBodyBytes' | 'signal'>;

/** Options without keys whose value is undefined, as the transport's type asks. */
function tidy(options: ExchangeOptions): RequestOptions {
  return {
    priority: options.priority,
    idempotent: options.idempotent,
    signal: options.signal,
    ...(options.lane === undefined ? {} : { lane: options.lane }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
  };
}
