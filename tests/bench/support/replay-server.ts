import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExchange, type VsphereRecording } from './vsphere-recording.ts';

export interface ReplayServer {
  readonly port: number;
  /** How many of the recorded machines are told from now on. */
  setMachines(count: number): void;
  stop(): Promise<void>;
}

/**
 * Answers a listing from memory, whoever asks: with pages, without, and in the older form that returns objects directly. It takes
 * no time of its own, so what is measured is the client.
 */
export async function startReplayServer(recording: VsphereRecording): Promise<ReplayServer> {
  const texts = recording.exchanges.map((exchange) => exchange.answer.toString());
  const objects = texts.flatMap((text) => text.match(/<objects><obj type="VirtualMachine">.*?<\/objects>/gs) ?? []);
  const opening = /^(.*?<(?:\w+:)?Body>)\s*</s.exec(findExchange(recording, 'RetrievePropertiesEx').answer.toString())?.[1];
  const envelope = /<(\w+:)?Envelope\b/.exec(opening ?? '')?.[1] ?? '';
  if (opening === undefined || objects.length !== recording.machines) throw new Error('the recording is not of the expected form');
  const wrap = (name: string, inner: string): Buffer =>
    Buffer.from(`${opening}<${name}Response xmlns="urn:vim25">${inner}</${name}Response></${envelope}Body></${envelope}Envelope>`);
  const known = new Map(
    ['GET vimServiceVersions.xml', 'RetrieveServiceContent', 'Login', 'CreateContainerView'].map((operation) => [
      operation,
      findExchange(recording, operation).answer,
    ]),
  );

  let machines = objects.length;
  const pages = new Map<string, Buffer>();
  const makePage = (name: string, from: number, size: number): Buffer => {
    const key = `${name} ${from} ${size} ${machines}`;
    const made = pages.get(key) ?? wrap(name, toPage(objects.slice(from, Math.min(machines, from + size)), from + size, machines, size));
    pages.set(key, made);
    return made;
  };
  const makeObjects = (): Buffer => {
    const key = `objects ${machines}`;
    const made = pages.get(key) ?? wrap('RetrieveProperties', objects.slice(0, machines).join('').replaceAll('objects>', 'returnval>'));
    pages.set(key, made);
    return made;
  };

  const answer = (method: string, body: string): Buffer => {
    const said = known.get(method);
    if (said !== undefined) return said;
    if (method === 'RetrieveProperties') return makeObjects();
    if (method === 'RetrievePropertiesEx') return makePage(method, 0, Number(/<maxObjects>(\d+)</.exec(body)?.[1] ?? machines));
    if (method === 'ContinueRetrievePropertiesEx') {
      const [from, size] = (/<token>([\d-]+)</.exec(body)?.[1] ?? '').split('-').map(Number);
      return makePage(method, from ?? 0, size ?? machines);
    }
    return wrap(method, '');
  };

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const method = request.method === 'GET' ? 'GET vimServiceVersions.xml' : (/Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? '');
      const bytes = answer(method, body);
      // Not quoted, because Go's cookie jar takes quotes off.
      const cookie = method === 'Login' ? { 'set-cookie': 'vmware_soap_session=recorded; Path=/; HttpOnly; Secure' } : {};
      response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8', 'content-length': bytes.length, ...cookie });
      response.end(bytes);
    });
  };

  const server = createServer(createCertificate(), handle);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    setMachines(count) {
      machines = Math.min(count, objects.length);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function toPage(objects: readonly string[], next: number, total: number, size: number): string {
  return `<returnval>${next < total ? `<token>${next}-${size}</token>` : ''}${objects.join('')}</returnval>`;
}

function createCertificate(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-tls-'));
  try {
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    execFileSync('openssl', [...args, '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'pipe' });
    return { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
