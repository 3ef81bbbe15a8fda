import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';

const root = join(import.meta.dirname, '../../..');
const source = join(root, 'tests/e2e/vcsim/main.go');
const binary = join(root, '.cache/vcsim');

/** Builds govmomi's simulator from Debian's sources; about 15 s, once per clone. */
function buildVcsim(): void {
  if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) return;
  mkdirSync(join(root, '.cache'), { recursive: true });
  execFileSync('go', ['build', '-o', binary, source], {
    env: { ...process.env, GOPATH: '/usr/share/gocode', GO111MODULE: 'off', GOCACHE: join(root, '.cache/go') },
    stdio: 'pipe',
  });
}

export interface Vcsim {
  readonly host: string;
  readonly port: number;
  readonly child: Child;
  /** Ends the process; the same port can be used again. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Sends hand-written SOAP in a session of its own; gives the answer's text. */
  call(body: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startVcsim(options: { readonly model: 'esx' | 'vpx'; readonly machines: number }): Promise<Vcsim> {
  buildVcsim();
  // The simulator leaves datastore folders in its temporary directory: one of its own makes them easy to remove.
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-vcsim-'));
  const launch = async (listen: string): Promise<{ readonly child: Child; readonly port: number }> => {
    const args = [...(options.model === 'esx' ? ['-esx'] : []), '-vm', String(options.machines), '-listen', listen];
    const child = startChild(binary, args, { env: { ...process.env, TMPDIR: folder } });
    const match = await child.waitFor(/@127\.0\.0\.1:(\d+)\/sdk/);
    return { child, port: Number(match[1]) };
  };
  let { child, port } = await launch('127.0.0.1:0');
  return {
    host: '127.0.0.1',
    get port() {
      return port;
    },
    get child() {
      return child;
    },
    async kill() {
      await child.stop('SIGKILL');
    },
    async restart() {
      ({ child, port } = await launch(`127.0.0.1:${port}`));
    },
    call: (body) => callSoap(port, body),
    async stop() {
      // Its own ending waits for parked long polls.
      await child.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const envelope = (body: string): string =>
  `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;

const moids = { ha: 'ha-sessionmgr', vc: 'SessionManager' };

async function callSoap(port: number, body: string): Promise<string> {
  const { request } = await import('node:https');
  const post = (content: string, cookie: string): Promise<{ readonly text: string; readonly cookie: string }> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'text/xml; charset="utf-8"', soapaction: 'urn:vim25/6.5', ...(cookie === '' ? {} : { cookie }) };
      // The simulator's certificate is govmomi's public test certificate; these calls carry no secret and check nothing about TLS.
      const call = request({ host: '127.0.0.1', port, path: '/sdk', method: 'POST', headers, rejectUnauthorized: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ text, cookie: response.headers['set-cookie']?.[0]?.split(';')[0] ?? cookie }));
      });
      call.once('error', reject);
      call.end(envelope(content));
    });
  const content = await post(
    '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>',
    '',
  );
  const manager = content.text.includes(moids.ha) ? moids.ha : moids.vc;
  const login = await post(
    `<Login xmlns="urn:vim25"><_this type="SessionManager">${manager}</_this><userName>tester</userName><password>tester</password></Login>`,
    content.cookie,
  );
  return (await post(body, login.cookie)).text;
}
