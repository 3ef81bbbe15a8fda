import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine, Operation, Server, ServerTest, Snapshot } from '@breakwater/contract';
import { type Child, eventually, startChild } from './child.ts';

const root = join(import.meta.dirname, '../../..');
const TOKEN = 'bwt_e2e-0123456789abcdef0123456789abcdef';

export interface PortalProcess {
  readonly origin: string;
  readonly dataDir: string;
  readonly token: string;
  readonly child: Child;
  request(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown }>;
  snapshot(): Promise<Snapshot>;
  /** Probes, accepts the certificate that is shown, adds, and waits until the inventory is live. */
  addServer(input: {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  }): Promise<Server>;
  server(id: string): Promise<Server>;
  machines(serverId: string): Promise<readonly Machine[]>;
  /** Asks for the verb and waits until the operation has ended. */
  power(machine: Machine, verb: string): Promise<Operation>;
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** The product as a person starts it: `breakwater serve` in a process of its own, with a data folder of its own. */
export async function startPortal(options: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<PortalProcess> {
  const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-e2e-'));
  const launch = async (port: string): Promise<{ readonly child: Child; readonly origin: string }> => {
    const child = startChild(process.execPath, ['--conditions=@breakwater/source', join(root, 'apps/breakwater/src/main.ts'), 'serve'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        BREAKWATER_DATA_DIR: dataDir,
        BREAKWATER_API_TOKEN: TOKEN,
        PORT: port,
        HOST: '127.0.0.1',
        ESXI_MIN_INTERVAL: '0.01',
        ...options.env,
      },
    });
    const match = await child.waitFor(/(http:\/\/127\.0\.0\.1:\d+)/);
    return { child, origin: match[1] ?? '' };
  };
  let { child, origin } = await launch('0');
  const headers = { authorization: `Bearer ${TOKEN}` };
  const request: PortalProcess['request'] = async (method, path, body) => {
    const init =
      body === undefined
        ? { method, headers }
        : { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${origin}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
  };
  const snapshot = async (): Promise<Snapshot> => (await request('GET', '/api/v1/snapshot')).body as Snapshot;
  const server = async (id: string): Promise<Server> => {
    const found = (await snapshot()).servers.find((candidate) => candidate.id === id);
    if (found === undefined) throw new Error(`no server ${id}`);
    return found;
  };
  return {
    get origin() {
      return origin;
    },
    get child() {
      return child;
    },
    dataDir,
    token: TOKEN,
    request,
    snapshot,
    server,
    async addServer(input) {
      const probe = await request('POST', '/api/v1/servers/probe', { host: input.host, port: input.port });
      const { certificate } = probe.body as ServerTest;
      const added = await request('POST', '/api/v1/servers', { ...input, pinned_sha256: certificate?.sha256 ?? null });
      if (added.status !== 201) throw new Error(`the server was not added: ${added.status} ${JSON.stringify(added.body)}`);
      const { id } = added.body as Server;
      return await eventually(
        async () => {
          const { servers, machines } = await snapshot();
          const now = servers.find((candidate) => candidate.id === id);
          const isWhole =
            now !== undefined && now.vm_count > 0 && machines.filter((machine) => machine.server_id === id).length === now.vm_count;
          return isWhole && now.state === 'live' ? now : undefined;
        },
        { what: `${input.name} is live`, timeoutMs: 60_000 },
      );
    },
    async machines(serverId) {
      return (await snapshot()).machines.filter((machine) => machine.server_id === serverId);
    },
    async power(machine, verb) {
      const asked = await request(
        'POST',
        `/api/v1/servers/${encodeURIComponent(machine.server_id)}/vms/${encodeURIComponent(machine.moid)}/power`,
        { verb },
      );
      if (asked.status !== 202) throw new Error(`refused: ${asked.status} ${JSON.stringify(asked.body)}`);
      const { id } = asked.body as Operation;
      return await eventually(
        async () => {
          const operation = (await request('GET', `/api/v1/operations/${id}`)).body as Operation;
          return operation.state === 'queued' || operation.state === 'running' ? undefined : operation;
        },
        { what: `${verb} of ${machine.name} has ended`, timeoutMs: 60_000 },
      );
    },
    async restart(signal) {
      await child.stop(signal);
      ({ child, origin } = await launch(new URL(origin).port));
    },
    async stop() {
      await child.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
