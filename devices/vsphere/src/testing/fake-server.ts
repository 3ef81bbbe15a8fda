import type { PoolFigures, Transport, TransportRequest, TransportResponse } from '@breakwater/transport';
import { SOAP_NAMESPACE, XSI_NAMESPACE } from '../schema/index.ts';

export interface FakeAnswer {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: TransportResponse['headers'];
  readonly body?: string | Uint8Array;
}

export type FakeHandler = (request: TransportRequest) => FakeAnswer | Promise<FakeAnswer>;

const ENVELOPE_START = `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${SOAP_NAMESPACE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:i="${XSI_NAMESPACE}"><s:Body>`;
const ENVELOPE_END = '</s:Body></s:Envelope>';

/** The answer to a call; `returnval` elements are given whole. */
export function soapReply(method: string, returnvals = ''): FakeAnswer {
  return { body: `${ENVELOPE_START}<${method}Response xmlns="urn:vim25">${returnvals}</${method}Response>${ENVELOPE_END}` };
}

export function soapFault(type: string, options: { readonly text?: string; readonly fields?: string } = {}): FakeAnswer {
  const { text = '', fields = '' } = options;
  const detail = `<${type}Fault xmlns="urn:vim25" i:type="${type}">${fields}</${type}Fault>`;
  const fault = `<faultcode>ServerFaultCode</faultcode><faultstring>${text}</faultstring><detail>${detail}</detail>`;
  return { status: 500, statusText: 'Internal Server Error', body: `${ENVELOPE_START}<s:Fault>${fault}</s:Fault>${ENVELOPE_END}` };
}

export const morefReturn = (type: string, value: string): string => `<returnval type="${type}">${value}</returnval>`;

/** A property with its value as it stands on the wire. */
export const property = (name: string, type: string, value: string, attributes = ''): string =>
  `<name>${name}</name><val i:type="${type}"${attributes}>${value}</val>`;

/**
 * A transport without a network: every operation is answered by a handler that a test sets. Versions, service content,
 * sign-in, views and collectors have one already.
 */
export class FakeServer implements Transport {
  readonly origin = 'https://esx1.lab.test:443';
  readonly requests: TransportRequest[] = [];
  readonly #handlers = new Map<string, FakeHandler>();
  readonly #pending = new Set<string>();
  #signIns = 0;
  #objects = 0;

  constructor(options: { readonly apiType?: 'HostAgent' | 'VirtualCenter'; readonly version?: string } = {}) {
    const { apiType = 'HostAgent', version = '8.0.2.0' } = options;
    this.on('GET vimServiceVersions.xml', () => ({
      body: `<namespaces version="1.0"><namespace><name>urn:vim25</name><version>${version}</version><priorVersions><version>6.5</version></priorVersions></namespace></namespaces>`,
    }));
    this.on('RetrieveServiceContent', () => soapReply('RetrieveServiceContent', toServiceContent(apiType)));
    this.on('Login', () => {
      this.#signIns++;
      return {
        ...soapReply('Login', `<returnval><key>s${this.#signIns}</key><userName>root</userName></returnval>`),
        headers: { 'set-cookie': [`vmware_soap_session="session-${this.#signIns}"; Path=/; HttpOnly; Secure`] },
      };
    });
    this.on('CurrentTime', () => soapReply('CurrentTime', '<returnval>2026-01-01T00:00:00Z</returnval>'));
    this.on('CreateContainerView', () => soapReply('CreateContainerView', morefReturn('ContainerView', this.#createId('view'))));
    this.on('CreatePropertyCollector', () => soapReply('CreatePropertyCollector', morefReturn('PropertyCollector', this.#createId('pc'))));
    this.on('CreateFilter', () => soapReply('CreateFilter', morefReturn('PropertyFilter', this.#createId('filter'))));
    for (const method of ['Logout', 'DestroyView', 'DestroyPropertyCollector', 'DestroyPropertyFilter', 'CancelWaitForUpdates']) {
      this.on(method, () => soapReply(method));
    }
  }

  get signIns(): number {
    return this.#signIns;
  }

  on(operation: string, handler: FakeHandler): this {
    this.#handlers.set(operation, handler);
    return this;
  }

  /** Answers in turn, the last one for ever. */
  script(operation: string, ...answers: readonly (FakeAnswer | FakeHandler | Error)[]): this {
    let turn = 0;
    return this.on(operation, (request) => {
      const answer = answers[Math.min(turn++, answers.length - 1)] as FakeAnswer | FakeHandler | Error;
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer(request) : answer;
    });
  }

  /** Bodies of the calls of one kind so far. */
  sent(operation: string): string[] {
    return this.requests.filter((request) => request.operation === operation).map((request) => String(request.body ?? request.path));
  }

  operations(): string[] {
    return this.requests.map((request) => request.operation);
  }

  isPending(operation: string): boolean {
    return this.#pending.has(operation);
  }

  async exchange<T>(request: TransportRequest, read: (response: TransportResponse) => Promise<T>): Promise<T> {
    this.requests.push(request);
    const handler = this.#handlers.get(request.operation);
    if (handler === undefined) throw new Error(`Nobody answers ${request.operation}`);
    this.#pending.add(request.operation);
    try {
      return await read(toResponse(await untilAborted(Promise.resolve(handler(request)), request.signal)));
    } finally {
      this.#pending.delete(request.operation);
    }
  }

  pool(): PoolFigures {
    return { size: 1, active: this.#pending.size, idle: 0, opened: 1, reconnects: 0, errors: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #createId(kind: string): string {
    return `session[${this.#signIns}]${kind}-${++this.#objects}`;
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

function toResponse(answer: FakeAnswer): TransportResponse {
  const bytes = Buffer.from(answer.body ?? '');
  return {
    status: answer.status ?? 200,
    statusText: answer.statusText ?? 'OK',
    headers: answer.headers ?? {},
    chunks: (async function* chunks() {
      yield bytes;
    })(),
    bytes: () => Promise.resolve(bytes),
    text: () => Promise.resolve(bytes.toString('utf8')),
  };
}

function toServiceContent(apiType: string): string {
  const moref = (name: string, type: string, value: string): string => `<${name} type="${type}">${value}</${name}>`;
  return `<returnval>${moref('rootFolder', 'Folder', 'ha-folder-root')}${moref('propertyCollector', 'PropertyCollector', 'ha-property-collector')}${moref(
    'viewManager',
    'ViewManager',
    'ViewManager',
  )}<about><name>VMware ESXi</name><fullName>VMware ESXi 8.0.2 build-1</fullName><vendor>VMware, Inc.</vendor><version>8.0.2</version><build>1</build><osType>vmnix-x86</osType><productLineId>embeddedEsx</productLineId><apiType>${apiType}</apiType><apiVersion>8.0.2.0</apiVersion></about>${moref(
    'sessionManager',
    'SessionManager',
    'ha-sessionmgr',
  )}${moref('taskManager', 'TaskManager', 'ha-taskmgr')}${moref('fileManager', 'FileManager', 'ha-nfc-file-manager')}</returnval>`;
}
