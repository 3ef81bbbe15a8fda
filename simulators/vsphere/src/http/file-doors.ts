import type { IncomingMessage } from 'node:http';
import { FOLDER_PATH, SESSION_COOKIE } from '@breakwater/vsphere/schema';
import type { ServerState } from '../server-state.ts';
import type { Reply } from './reply.ts';

/** The session cookie's value without its quotes; only the quoted form is a value this server has given out. */
export function readSessionCookie(request: IncomingMessage): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim() !== SESSION_COOKIE) continue;
    return /^"([^"]*)"$/.exec(pair.slice(equals + 1).trim())?.[1];
  }
  return undefined;
}

function isSignedIn(server: ServerState, request: IncomingMessage): boolean {
  if (server.sessions.find(readSessionCookie(request)) !== undefined) return true;
  const basic = /^Basic\s+([\w+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return false;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon !== -1 && server.sessions.checkBasic(text.slice(0, colon), text.slice(colon + 1));
}

const UNAUTHORIZED: Reply = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="VMware HTTP server"', 'content-type': 'text/html' },
  body: '<html><body>401 Unauthorized</body></html>',
};
const NOT_FOUND: Reply = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><body>404 Not Found</body></html>' };
const FORBIDDEN: Reply = { status: 403, headers: { 'content-type': 'text/html' }, body: '<html><body>403 Forbidden</body></html>' };
const NOT_IMPLEMENTED: Reply = {
  status: 501,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>501 Not Implemented</body></html>',
};
const MAX_SIDE = 4_096;

/** `GET /screen?id=<moid>&w=<px>&h=<px>` */
export function answerScreen(server: ServerState, use: { readonly request: IncomingMessage; readonly url: URL }): Reply {
  if (server.limits.screenDoor === 'missing') return NOT_FOUND;
  if (server.limits.screenDoor === 'unsupported') return NOT_IMPLEMENTED;
  if (!isSignedIn(server, use.request)) return UNAUTHORIZED;
  const machine = server.inventory.findMachine(use.url.searchParams.get('id') ?? '');
  if (machine === undefined) return NOT_FOUND;
  // Takes the privilege VirtualMachine.Interact.CreateScreenshot, which those who may only look do not have.
  if (server.limits.role === 'read-only') return FORBIDDEN;
  if (machine.powerState !== 'poweredOn' || !machine.isReadable) {
    return {
      status: 500,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>The attempted operation cannot be performed in the current state.</body></html>',
    };
  }
  const width = readSide(use.url.searchParams.get('w'));
  const height = readSide(use.url.searchParams.get('h'));
  if (width === 'wrong' || height === 'wrong')
    return { status: 400, headers: { 'content-type': 'text/html' }, body: '<html><body>400 Bad Request</body></html>' };
  return { status: 200, headers: { 'content-type': 'image/png' }, body: server.screens.takePicture(machine, { width, height }) };
}

function readSide(text: string | null): number | undefined | 'wrong' {
  if (text === null) return undefined;
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= MAX_SIDE ? value : 'wrong';
}

/** `GET` and `DELETE /folder/<path>?dsName=<datastore>&dcPath=<datacenter>` */
export function answerFolder(server: ServerState, use: { readonly request: IncomingMessage; readonly url: URL }): Reply {
  if (!isSignedIn(server, use.request)) return UNAUTHORIZED;
  const datacenter = use.url.searchParams.get('dcPath');
  const isCenter = server.personality.apiType === 'VirtualCenter';
  // A standalone host has one datacenter, so it need not be named; a vCenter wants the whole path.
  if (datacenter === null ? isCenter : datacenter !== server.inventory.layout.datacenterPath) return NOT_FOUND;
  let path: string;
  try {
    path = decodeURIComponent(use.url.pathname.slice(FOLDER_PATH.length + 1));
  } catch {
    return NOT_FOUND;
  }
  const datastore = use.url.searchParams.get('dsName') ?? '';
  if (use.request.method === 'DELETE') {
    if (server.limits.license === 'free' || server.limits.role === 'read-only') return FORBIDDEN;
    return server.files.delete(datastore, path) ? { status: 204 } : NOT_FOUND;
  }
  if (use.request.method !== 'GET') return { status: 405 };
  const content = server.files.read(datastore, path);
  return content === undefined ? NOT_FOUND : { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: content };
}
