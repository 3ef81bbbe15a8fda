import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server, ServerTest, Session } from '@breakwater/contract';
import { startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Child, eventually, startChild } from './support/child.ts';
import { type PortalProcess, startPortal } from './support/portal-process.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'apps/breakwater/src/main.ts');
const FULL_DISK_TOKEN = 'bwt_full-0123456789abcdef0123456789abcdef';
const folder = mkdtempSync(join(tmpdir(), 'breakwater-cli-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not `spawnSync`: the simulated servers live in this process and must go on answering. */
async function runCommand(
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, ['--conditions=@breakwater/source', main, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...options.env },
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      printed[stream] += chunk.toString();
    });
  }
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...printed };
}

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Child =>
  startChild(process.execPath, ['--conditions=@breakwater/source', main, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TMPDIR: folder, ...env },
  });

test('help names every command, and a slip gets a hint', async () => {
  const help = await runCommand(['--help']);
  for (const command of ['demo', 'serve', 'server', 'simulate', 'config']) expect(help.stdout).toContain(command);
  expect(help.code).toBe(0);
  expect((await runCommand(['serve', '--help'])).stdout).toContain('ESXI_MAX_CONCURRENT');
  const slip = await runCommand(['serv']);
  expect(slip.code).not.toBe(0);
  expect(slip.stderr).toContain('serve');
});

test('config print shows values with secrets hidden, and the table explains every variable', async () => {
  const printed = await runCommand(['config', 'print'], {
    env: { FLASK_PORT: '6001', ESXI_MAX_CONCURRENT: '3', BREAKWATER_API_TOKEN: 'a-secret-of-twenty-four-letters' },
  });
  expect(printed.stdout).toContain('PORT=6001');
  expect(printed.stdout).toContain('ESXI_MAX_CONCURRENT=3');
  expect(printed.stdout).not.toContain('a-secret-of');
  const table = await runCommand(['config', 'print', '--table']);
  for (const line of printed.stdout.trim().split('\n')) expect(table.stdout).toContain(line.split('=')[0]);
});

test('a wrong setting stops the start with one clear line each, and exit code 78', async () => {
  const result = await runCommand(['serve'], { env: { PORT: 'abc', CB_FAILURE_TRESHOLD: '5', ESXI_MIN_INTERVAL: '-1' } });
  expect(result.code).toBe(78);
  expect(result.stderr).toMatch(/PORT is "abc"/);
  expect(result.stderr).toMatch(/Did you mean CB_FAILURE_THRESHOLD\?/);
  expect(result.stderr).toMatch(/ESXI_MIN_INTERVAL/);
});

test('a fingerprint and an authority exclude each other', async () => {
  const result = await runCommand(['server', 'add', 'esx-01', '--user', 'root', '--verify-ssl', '--fingerprint', 'AA:BB']);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("option '--fingerprint <sha256>' cannot be used with option '--verify-ssl'");
});

test('a command for a portal that does not run says how to start it', async () => {
  const result = await runCommand(['server', 'list'], { env: { BREAKWATER_DATA_DIR: join(folder, 'nowhere') } });
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/No portal is running.*breakwater serve/);
});

describe('with a running portal', () => {
  let portal: PortalProcess;
  let simulator: VsphereSimulator;
  let env: NodeJS.ProcessEnv;
  const servers = async (): Promise<readonly Server[]> => (await portal.request('GET', '/api/v1/servers')).body as readonly Server[];

  beforeAll(async () => {
    simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 5 });
    portal = await startPortal();
    env = { BREAKWATER_DATA_DIR: portal.dataDir };
  });

  afterAll(async () => {
    await portal?.stop();
    await simulator?.stop();
  });

  const add = (args: readonly string[], password: string): Promise<Ran> =>
    runCommand(['server', 'add', '127.0.0.1', '--port', String(simulator.port), '--user', 'root', '--name', 'lab', ...args], {
      env,
      input: `${password}\n`,
    });

  test('a certificate that nobody confirmed adds nothing', async () => {
    const result = await add([], 'simulated');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`--fingerprint ${simulator.certificateSha256}`);
    expect(await servers()).toEqual([]);
  });

  test('a fingerprint of another certificate sends no password', async () => {
    const result = await add(['--fingerprint', simulator.certificateSha256.replace(/^../, '00')], 'simulated');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('FLEET_CERTIFICATE_MISMATCH');
    expect(simulator.control.report().logins.attempts).toBe(0);
  });

  test('a wrong password is tried once and adds nothing', async () => {
    const result = await add(['--fingerprint', simulator.certificateSha256], 'wrong');
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/FAIL\s+login/);
    expect(simulator.control.report().logins.failures).toBe(1);
    expect(await servers()).toEqual([]);
  });

  test('add, list, test and trust do what they say', async () => {
    const added = await add(['--fingerprint', simulator.certificateSha256], 'simulated');
    expect(added.code, added.stderr).toBe(0);
    const [server] = await servers();
    if (server === undefined) throw new Error('nothing was added');
    await eventually(async () => (await portal.server(server.id)).state === 'live', { what: 'it is live' });
    expect((await runCommand(['server', 'list'], { env })).stdout).toMatch(/lab\s+127\.0\.0\.1:\d+\s+live/);
    expect((await runCommand(['server', 'test', server.id], { env })).stdout).toMatch(/ok\s+inventory/);
    expect((await runCommand(['server', 'trust', server.id], { env })).stdout).toContain('already trusts');
    const changed = simulator.control.changeCertificate();
    simulator.control.dropConnections();
    await eventually(async () => (await portal.server(server.id)).state === 'certificate_changed', { what: 'the change is noticed' });
    expect((await runCommand(['server', 'trust', server.id], { env })).stderr).toContain(changed);
    expect((await runCommand(['server', 'trust', server.id, '--fingerprint', changed], { env })).stdout).toContain('now trusts');
    await eventually(async () => (await portal.server(server.id)).state === 'live', { what: 'it is live again' });
  });

  test('a second portal on the same data is refused, and the data are private', async () => {
    const second = await runCommand(['serve', '--port', '0'], { env });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('CLI_ALREADY_RUNNING');
    expect(statSync(portal.dataDir).mode & 0o077).toBe(0);
    for (const file of readdirSync(portal.dataDir)) expect(statSync(join(portal.dataDir, file)).mode & 0o077, file).toBe(0);
  });

  test('a portal that hangs keeps its data folder, and is found again afterwards', async () => {
    portal.child.process.kill('SIGSTOP');
    const second = await runCommand(['serve', '--port', '0'], { env });
    portal.child.process.kill('SIGCONT');
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('CLI_ALREADY_RUNNING');
    expect((await runCommand(['server', 'list'], { env })).code).toBe(0);
  });

  test.each([
    ['serve', ['serve']],
    ['demo', ['demo', '--machines', '4', '--no-outages']],
    ['simulate', ['simulate', 'vsphere', '--machines', '1']],
  ])('%s on a port that is taken says so in one line', async (name, args) => {
    const { port } = new URL(portal.origin);
    const result = await runCommand([...args, '--port', port, '--host', '127.0.0.1'], {
      env: { BREAKWATER_DATA_DIR: join(folder, `taken-${name}`) },
    });
    expect(result.code).toBe(1);
    expect(result.stderr.trim()).toBe(
      `Cannot listen on 127.0.0.1 port ${port}: another program already listens there. Stop it, or choose another port with --port or PORT. [CLI_CANNOT_LISTEN]`,
    );
  });

  test('no secret reaches the output or the database in the clear', async () => {
    const printed = portal.child.output();
    expect(printed).not.toContain('simulated');
    expect(printed).not.toContain(portal.token);
    expect(spawnSync('grep', ['-r', '-l', 'simulated', portal.dataDir], { encoding: 'utf8' }).stdout).toBe('');
  });
});

test('servers.json and the variables of a single host are taken over once', async () => {
  const simulators = await Promise.all([
    startVsphereSimulator({ personality: 'esxi-7.0', machines: 3 }),
    startVsphereSimulator({ personality: 'esxi-6.7', machines: 3 }),
  ]);
  const file = join(folder, 'servers.json');
  writeFileSync(
    file,
    JSON.stringify({
      servers: {
        'uuid-1': {
          name: 'from the file',
          host: '127.0.0.1',
          port: simulators[0].port,
          user: 'root',
          password: 'simulated',
          verify_ssl: false,
          enabled: true,
        },
      },
    }),
  );
  const portal = await startPortal({
    env: {
      BREAKWATER_SERVERS_FILE: file,
      ESXI_HOST: 'localhost',
      ESXI_PORT: String(simulators[1].port),
      ESXI_USER: 'root',
      ESXI_PASSWORD: 'simulated',
    },
  });
  try {
    const names = async (): Promise<readonly string[]> => (await portal.snapshot()).servers.map((server) => server.name).toSorted();
    expect(await names()).toEqual(['from the file', 'localhost']);
    await eventually(async () => (await portal.snapshot()).servers.every((server) => server.state === 'certificate_untrusted'), {
      what: 'both wait for a person',
    });
    expect(simulators.map((simulator) => simulator.control.report().logins.attempts)).toEqual([0, 0]);
    await portal.restart('SIGTERM');
    expect(await names()).toEqual(['from the file', 'localhost']);
  } finally {
    await portal.stop();
    await Promise.all(simulators.map((simulator) => simulator.stop()));
  }
});

test('a server that must chain to an authority does so with BREAKWATER_CA_FILE, and only then', async () => {
  const file = (name: string): string => join(folder, name);
  const openssl = (args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  openssl([
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=Test Authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ]);
  openssl([
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    file('host.key'),
    '-out',
    file('host.csr'),
  ]);
  writeFileSync(file('host.ext'), 'subjectAltName=DNS:localhost\n');
  openssl([
    'x509',
    '-req',
    '-in',
    file('host.csr'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    file('host.ext'),
    '-out',
    file('host.pem'),
  ]);
  const host = createServer({ key: readFileSync(file('host.key')), cert: readFileSync(file('host.pem')) }, (_request, response) =>
    response.writeHead(404).end(),
  );
  await new Promise<void>((resolve) => host.listen(0, 'localhost', resolve));
  const { port } = host.address() as AddressInfo;
  const tryTls = async (env: NodeJS.ProcessEnv): Promise<boolean | undefined> => {
    const portal = await startPortal({ env });
    try {
      const asked = await portal.request('POST', '/api/v1/servers/test', {
        name: 'x',
        host: 'localhost',
        port,
        user: 'root',
        password: 'x',
        verify_ssl: true,
      });
      return (asked.body as ServerTest).steps.find((step) => step.name === 'tls')?.ok;
    } finally {
      await portal.stop();
    }
  };
  try {
    expect(await tryTls({ BREAKWATER_CA_FILE: file('ca.pem') })).toBe(true);
    expect(await tryTls({})).toBe(false);
  } finally {
    host.close();
  }
  const missing = await runCommand(['serve', '--port', '0', '--data-dir', file('no-ca')], {
    env: { BREAKWATER_CA_FILE: file('nowhere.pem') },
  });
  expect(missing.stderr).toContain('CLI_CA_FILE_UNREADABLE');
});

test('a broken servers.json stops the start and shows no password', async () => {
  const file = join(folder, 'broken.json');
  writeFileSync(file, '{"servers": {"a": {"name": "x", "password": "hunter2hunter2", ');
  const result = await runCommand(['serve', '--port', '0', '--data-dir', join(folder, 'broken')], {
    env: { BREAKWATER_SERVERS_FILE: file },
  });
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('cannot be taken over');
  expect(result.stderr + result.stdout).not.toContain('hunter2');
});

test('the demo signs in once by its link and leaves nothing behind', async () => {
  mkdirSync(join(folder, 'demo'));
  const demo = start(['demo', '--machines', '8', '--no-outages'], { TMPDIR: join(folder, 'demo'), PORT: '0' });
  const [, origin = '', token = ''] = await demo.waitFor(/(http:\/\/127\.0\.0\.1:\d+)\/link\/(\S+)/);
  expect(new URL(origin).port).not.toBe('5001');
  const use = (): Promise<Response> =>
    fetch(`${origin}/api/v1/session/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  const first = await use();
  expect(first.status).toBeLessThan(300);
  expect((await use()).status).toBeGreaterThanOrEqual(400);
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  const session = (await (await fetch(`${origin}/api/v1/session`, { headers: { cookie } })).json()) as Session;
  expect(session).toMatchObject({ demo: true, setup_required: false, person: { role: 'admin' } });
  // As a terminal that is closed does it: nobody reads any more, and the signal is another one.
  demo.process.stdout?.destroy();
  demo.process.stderr?.destroy();
  expect(await demo.stop('SIGHUP')).toBe(0);
  expect(readdirSync(join(folder, 'demo'))).toEqual([]);
});

test('a disk that fills up under a running portal: changes are refused with a reason, what is known stays readable, and it stops well', async () => {
  // Half a mebibyte for each file: the shell's own limit needs neither a file system nor rights to make one.
  const portal = startChild(
    'sh',
    ['-c', 'ulimit -f 1024; exec "$0" "$@"', process.execPath, '--conditions=@breakwater/source', main, 'serve'],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        NODE_DISABLE_COMPILE_CACHE: '1',
        BREAKWATER_DATA_DIR: join(folder, 'full'),
        BREAKWATER_API_TOKEN: FULL_DISK_TOKEN,
        PORT: '0',
        HOST: '127.0.0.1',
      },
    },
  );
  const [, origin = ''] = await portal.waitFor(/(http:\/\/127\.0\.0\.1:\d+)/);
  const ask = async (method: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> => {
    const response = await fetch(`${origin}/api/v1/tokens`, {
      method,
      headers: { authorization: `Bearer ${FULL_DISK_TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  let made = 0;
  let refused = await ask('POST', { name: 'x'.repeat(120), role: 'viewer' });
  for (; refused.status === 201 && made < 5_000; made++) refused = await ask('POST', { name: 'x'.repeat(120), role: 'viewer' });
  expect(refused.body).toMatchObject({ code: 'STORAGE_FULL' });
  expect(made).toBeGreaterThan(10);
  const kept = await ask('GET');
  expect(kept.status).toBe(200);
  expect(kept.body).toHaveLength(made);
  expect(await portal.stop()).toBe(0);
});

test('simulate vsphere serves until it is stopped', async () => {
  const simulator = start(['simulate', 'vsphere', '--port', '0', '--machines', '3', '--personality', 'esxi-6.7']);
  const [, control = ''] = await simulator.waitFor(/control\s+(http:\/\/127\.0\.0\.1:\d+)/);
  expect((await fetch(control)).status).toBeLessThan(500);
  expect(await simulator.stop('SIGINT')).toBe(0);
});
