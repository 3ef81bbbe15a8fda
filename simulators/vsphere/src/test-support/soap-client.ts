import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { gunzipSync } from 'node:zlib';
import type { VsphereSimulator } from '../simulator.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpOptions {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** A hand-made client that trusts nothing of the simulator's own codec. Each request takes a socket of its own. */
export class SoapClient {
  readonly #simulator: VsphereSimulator;
  cookie = '';
  soapAction = 'urn:vim25/6.7';

  constructor(simulator: VsphereSimulator) {
    this.#simulator = simulator;
  }

  http(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const call = request(
      `${this.#simulator.origin}${path}`,
      {
        method: options.method ?? 'GET',
        agent: false,
        rejectUnauthorized: false,
        headers: { ...(this.cookie === '' ? {} : { cookie: this.cookie }), ...options.headers },
        ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const raw = Buffer.concat(chunks);
          const body = response.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
          const cookie = response.headers['set-cookie']?.[0]?.split(';')[0];
          if (cookie !== undefined) this.cookie = cookie;
          resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', headers: response.headers, body });
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', reject);
    call.end(options.body);
    return promise;
  }

  /** Posts one call; answers the body's text. */
  async call(xml: string): Promise<string> {
    return (await this.post(xml)).body.toString('utf8');
  }

  post(xml: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    const body = fixture('envelope', { call: xml });
    return this.http('/sdk', {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/xml; charset="utf-8"', soapaction: this.soapAction, ...headers },
    });
  }

  login(password = 'simulated'): Promise<string> {
    return this.call(fixture('login', { user: 'root', password }));
  }

  /** Moid of a new view of everything below the root. */
  async createView(root = 'ha-folder-root'): Promise<string> {
    return pick(await this.call(fixture('container-view', { root })), 'returnval');
  }

  async createFilter(options: {
    readonly view: string;
    readonly paths: readonly string[];
    readonly partialUpdates?: boolean;
  }): Promise<{ readonly collector: string; readonly filter: string }> {
    const collector = pick(
      await this.call(
        '<CreatePropertyCollector xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this></CreatePropertyCollector>',
      ),
      'returnval',
    );
    const answer = await this.call(
      `<CreateFilter xmlns="urn:vim25"><_this type="PropertyCollector">${collector}</_this><spec>${filterSpec(options)}</spec><partialUpdates>${options.partialUpdates === true}</partialUpdates></CreateFilter>`,
    );
    return { collector, filter: pick(answer, 'returnval') };
  }

  wait(collector: string, options: { readonly version: string; readonly seconds?: number; readonly maxObjects?: number }): Promise<string> {
    const most = options.maxObjects === undefined ? '' : `<maxObjectUpdates>${options.maxObjects}</maxObjectUpdates>`;
    return this.call(
      `<WaitForUpdatesEx xmlns="urn:vim25"><_this type="PropertyCollector">${collector}</_this><version>${options.version}</version><options><maxWaitSeconds>${options.seconds ?? 0}</maxWaitSeconds>${most}</options></WaitForUpdatesEx>`,
    );
  }

  retrieve(options: { readonly view: string; readonly paths: readonly string[]; readonly maxObjects?: number }): Promise<string> {
    const limit =
      options.maxObjects === undefined ? '<options></options>' : `<options><maxObjects>${options.maxObjects}</maxObjects></options>`;
    return this.call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this><specSet>${filterSpec(options)}</specSet>${limit}</RetrievePropertiesEx>`,
    );
  }
}

export function filterSpec(options: { readonly view: string; readonly paths: readonly string[] }): string {
  return fixture('filter-spec', { view: options.view, paths: options.paths.map((path) => `<pathSet>${path}</pathSet>`).join('') });
}

/** A file of `fixtures/` with its `{{holes}}` filled. */
export function fixture(name: string, holes: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(new URL(`../fixtures/${name}.xml`, import.meta.url), 'utf8').trim();
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, hole: string) => holes[hole] ?? '');
}

/** Text of the first element of that name. */
export function pick(xml: string, name: string): string {
  return new RegExp(`<${name}(?: [^>]*)?>([^<]*)<`).exec(xml)?.[1] ?? '';
}

export function pickAll(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^<]*)<`, 'g'))].map((match) => match[1] ?? '');
}
