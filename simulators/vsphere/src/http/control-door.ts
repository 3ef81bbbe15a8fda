import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpsError, toOpsError } from '@breakwater/kernel';
import type { SimulatorControl } from '../control.ts';
import { readDeniedRead, readFaultRule, readLimits } from './control-input.ts';

const MAX_BODY_BYTES = 65_536;

interface ControlRequest {
  readonly parts: readonly string[];
  readonly body: unknown;
}

type Route = readonly [pattern: string, act: (control: SimulatorControl, request: ControlRequest) => unknown];

const moidOf = (request: ControlRequest): string => request.parts[1] ?? '';
const textOf = (request: ControlRequest, name: string): string => {
  const value = (request.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof value !== 'string') throw wrongInput(`"${name}" must be a text.`);
  return value;
};

const ROUTES: readonly Route[] = [
  [
    'GET /state',
    (control) => ({
      listening: control.isListening,
      certificateSha256: control.certificateSha256,
      limits: control.limits,
      faults: control.faults.list(),
      machines: control.machines().length,
    }),
  ],
  ['GET /counters', (control) => control.report()],
  ['DELETE /counters', (control) => control.resetCounters()],
  ['PATCH /limits', (control, { body }) => Object.assign(control.limits, readLimits(control.limits, body))],
  ['GET /faults', (control) => control.faults.list()],
  ['POST /faults', (control, { body }) => ({ id: control.addFault(readFaultRule(body)) })],
  ['DELETE /faults', (control) => control.faults.clear()],
  ['DELETE /faults/*', (control, { parts }) => ({ removed: control.faults.remove(Number(parts[1])) })],
  ['DELETE /sessions', (control) => control.expireSessions()],
  ['POST /accounts/*/lock', (control, { parts }) => control.lockAccount(parts[1] ?? '')],
  ['POST /accounts/*/unlock', (control, { parts }) => control.unlockAccount(parts[1] ?? '')],
  ['GET /denied-reads', (control) => control.deniedReads()],
  ['POST /denied-reads', (control, { body }) => control.denyRead(readDeniedRead(body))],
  ['DELETE /denied-reads', (control) => control.allowReads()],
  ['POST /certificate', (control) => ({ certificateSha256: control.changeCertificate() })],
  ['POST /host-certificate', (control) => control.changeHostCertificate()],
  ['POST /listener/down', (control) => control.takeDown()],
  ['POST /listener/up', (control) => control.bringUp()],
  ['DELETE /connections', (control) => control.dropConnections()],
  ['GET /machines', (control) => control.machines()],
  ['POST /machines', (control) => ({ moid: control.addMachine() })],
  ['DELETE /machines/*', (control, request) => control.removeMachine(moidOf(request))],
  ['POST /machines/*/power-off', (control, request) => control.powerOff(moidOf(request))],
  ['POST /machines/*/power-on', (control, request) => control.powerOn(moidOf(request))],
  ['POST /machines/*/question', (control, request) => control.askQuestion(moidOf(request))],
  ['POST /machines/*/name', (control, request) => control.renameMachine(moidOf(request), textOf(request, 'name'))],
  [
    'POST /machines/*/property',
    (control, request) => control.setProperty(moidOf(request), { path: textOf(request, 'path'), value: textOf(request, 'value') }),
  ],
  ['GET /machines/*/console', (control, request) => control.consoleLines(moidOf(request))],
  ['DELETE /machines/*/consoles', (control, request) => control.dropConsoles(moidOf(request))],
  ['GET /files', (control) => control.datastoreFiles()],
];

/** Plain HTTP with JSON on loopback: everything `SimulatorControl` can do, for tests in other processes. */
export class ControlDoor {
  readonly #control: SimulatorControl;
  readonly #server: Server;

  constructor(control: SimulatorControl) {
    this.#control = control;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ port, host: '127.0.0.1' }, resolve);
    await promise;
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      assertLocal(request);
      const parts = (request.url ?? '/').split('?')[0]?.split('/').slice(1).map(decodeURIComponent) ?? [];
      const route = ROUTES.find(([pattern]) => matches(pattern, { method: request.method ?? '', parts }));
      if (route === undefined) throw new OpsError({ code: 'SIM_CONTROL_NOT_FOUND', message: 'No such control.' });
      const body = await readJson(request);
      send(response, { status: 200, body: (await route[1](this.#control, { parts, body })) ?? {} });
    } catch (error) {
      const { code, message } = toOpsError(error, { code: error instanceof RangeError ? 'SIM_CONTROL_NOT_FOUND' : 'SIM_CONTROL_FAILED' });
      send(response, { status: code === 'SIM_CONTROL_NOT_FOUND' ? 404 : 400, body: { code, message } });
    }
  }
}

/** A page in a browser must not reach this door by way of a name that resolves to loopback, nor by a simple form. */
function assertLocal(request: IncomingMessage): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') throw wrongInput('The control door answers to 127.0.0.1 only.');
  if (request.headers.origin !== undefined) throw wrongInput('The control door does not answer to web pages.');
}

function matches(pattern: string, request: { readonly method: string; readonly parts: readonly string[] }): boolean {
  const [method, path = ''] = pattern.split(' ');
  const wanted = path.split('/').slice(1);
  return (
    method === request.method &&
    wanted.length === request.parts.length &&
    wanted.every((part, index) => part === '*' || part === request.parts[index])
  );
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw wrongInput('The body is too long.');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new OpsError({ code: 'SIM_CONTROL_INPUT', message: 'The body is not JSON.', cause: error });
  }
}

function send(response: ServerResponse, answer: { readonly status: number; readonly body: unknown }): void {
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer.body));
}

const wrongInput = (message: string): OpsError => new OpsError({ code: 'SIM_CONTROL_INPUT', message });
