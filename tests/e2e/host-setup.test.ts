import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostKey, HostLogin, HostSetup, Machine, Operation } from '@breakwater/contract';
import { makePlan, readHostFacts, toPlannableModule } from '@breakwater/host-config';
import { createLocalExecutor } from '@breakwater/local-host';
import { DEFAULT_USERS, startVsphereSimulator, type VsphereSimulator } from '@breakwater/sim-vsphere';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';
import { eventually } from './support/child.ts';
import { type PortalProcess, startPortal } from './support/portal-process.ts';

const PLUGIN = join(import.meta.dirname, '../bed/host/harmless-plugin.ts');

let folder: BedFolder;
let host: string;
let sshd: SshServer;
let simulator: VsphereSimulator;
let portal: PortalProcess;
let machines: Machine[];
let machine: Machine;

beforeAll(async () => {
  folder = createBedFolder('host-setup');
  simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 8, seed: 1 });
  portal = await startPortal({ env: { BREAKWATER_HOST_PLUGINS: PLUGIN, LOG_LEVEL: 'debug' } });
  const [user = '', password = ''] = Object.entries(DEFAULT_USERS)[0] ?? [];
  const server = await portal.addServer({ name: 'esx-01', host: '127.0.0.1', port: simulator.port, user, password });
  machines = [...(await portal.machines(server.id))];
});

afterAll(async () => {
  await portal?.stop();
  await simulator?.stop();
  folder?.remove();
});

beforeEach(async () => {
  const next = machines.pop();
  if (next === undefined) throw new Error('each test takes a machine of its own, and there are too few');
  machine = next;
  host = join(folder.path, machine.moid);
  mkdirSync(host);
  sshd = await startSshServer();
});

afterEach(() => sshd.stop());

const where = () => ({ server_id: machine.server_id, moid: machine.moid, host: sshd.host, port: sshd.port });
const config = (text = 'one'): string => `modules: { enabled: [harmless], harmless: { folder: ${host}, text: ${text} } }`;
const hold = (): void => writeFileSync(`${host}.hold`, '');
const letGo = (): void => rmSync(`${host}.hold`);
const begunTimes = (): number => (existsSync(`${host}.begun`) ? readFileSync(`${host}.begun`, 'utf8').split('\n').length - 1 : 0);
const tree = (): readonly string[] =>
  execFileSync('find', ['.', '-printf', '%p %y %m %U:%G %s\\n'], { cwd: host }).toString().trim().split('\n').toSorted();

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await portal.request(method, `/api/v1${path}`, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

const codeOf = async (method: string, path: string, body?: unknown): Promise<unknown> => {
  const { body: problem, status } = await portal.request(method, `/api/v1${path}`, body);
  return [status, (problem as { readonly code?: string }).code];
};

const addLogin = (): Promise<HostLogin> =>
  ask('POST', '/host-logins', { name: `bed of ${machine.moid}`, user: sshd.user, private_key: readFileSync(sshd.keyPath, 'utf8') });

async function trust(): Promise<HostKey> {
  const seen = await ask<HostKey>('POST', '/host-keys/look-up', where());
  return await ask('POST', '/host-keys/trust', { ...where(), fingerprint: seen.fingerprint, replaces: seen.trusted?.fingerprint ?? null });
}

const ended = (id: string): Promise<HostSetup> =>
  eventually(
    async () => {
      const setup = await ask<HostSetup>('GET', `/host-setups/${id}`);
      const operation = await ask<Operation>('GET', `/operations/${setup.operation_id}`);
      return !setup.actions.includes('cancel') && operation.state !== 'running' && operation.state !== 'queued' ? setup : undefined;
    },
    { what: 'the act is over', timeoutMs: 60_000 },
  );

async function plan(login: HostLogin, text?: string): Promise<HostSetup> {
  const { id } = await ask<HostSetup>('POST', '/host-setups', { ...where(), login_id: login.id, config: config(text) });
  return await ended(id);
}

const apply = ({ id, plan_hash }: HostSetup): Promise<HostSetup> => ask('POST', `/host-setups/${id}/apply`, { plan_hash });

/** The event stream as text, for as long as the test looks. */
async function listen(): Promise<{ readonly text: () => string; readonly close: () => void }> {
  const abort = new AbortController();
  const response = await fetch(`${portal.origin}/api/v1/events`, {
    headers: { authorization: `Bearer ${portal.token}` },
    signal: abort.signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  };
  read().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return { text: () => text, close: () => abort.abort() };
}

/** Everything that `ps` could show while it looks: arguments and environments of all processes but our own. */
function sampleProcesses(): { readonly seen: () => string; readonly stop: () => void } {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
      for (const file of ['cmdline', 'environ']) {
        try {
          seen.add(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
        } catch {
          // It has ended since.
        }
      }
    }
  }, 40);
  return { seen: () => [...seen].join('\n'), stop: () => clearInterval(timer) };
}

test('from a login to an applied plan and back, live, in the journal, and without the key anywhere in clear', {
  timeout: 120_000,
}, async () => {
  const keyText = readFileSync(sshd.keyPath, 'utf8');
  // A line in the middle: the first ones are alike in all keys.
  const canary = keyText.split('\n').at(3) ?? '';
  expect(canary.length).toBeGreaterThan(40);
  const processes = sampleProcesses();
  const events = await listen();
  try {
    const before = tree();
    const login = await addLogin();
    expect(await codeOf('POST', '/host-setups', { ...where(), login_id: login.id, config: config() })).toEqual([
      409,
      'HOST_KEY_UNCONFIRMED',
    ]);
    const key = await trust();
    expect(`${key.status} ${key.key_type}`).toBe('trusted ssh-ed25519');

    const planned = await plan(login);
    expect(planned, JSON.stringify(planned)).toMatchObject({ state: 'planned', counts: { changes: 2, problems: 0 } });
    expect(JSON.stringify(planned.plan)).toContain('+one');
    expect(tree()).toEqual(before);

    // Held in its second step: a quick machine would be done before there is progress to tell.
    hold();
    await apply(planned);
    await eventually(() => /"kind":"host\.apply".*?"phase":"working"/s.test(events.text()), { what: 'progress came live' });
    letGo();
    expect(await ended(planned.id)).toMatchObject({ state: 'succeeded', steps: [{ result: 'changed' }, { result: 'changed' }] });
    expect(readFileSync(join(host, 'first'), 'utf8')).toBe('one\n');
    expect(begunTimes()).toBe(1);
    await eventually(() => /"kind":"host\.apply".*?"phase":"working".*?"phase":"over"/s.test(events.text()), {
      what: 'the end came live',
    });

    expect(await plan(login)).toMatchObject({ state: 'planned', counts: { changes: 0 }, actions: [] });
    const { operations } = await ask<{ operations: Operation[] }>('GET', `/operations?server_id=${machine.server_id}&moid=${machine.moid}`);
    expect(operations).toMatchObject([
      { kind: 'host.plan', state: 'succeeded' },
      {
        kind: 'host.apply',
        state: 'succeeded',
        machine_name: machine.name,
        details: { setup_id: planned.id, steps_done: 2, steps_total: 2 },
      },
      { kind: 'host.plan', state: 'succeeded' },
      { kind: 'host.trust_key' },
    ]);

    await ask('POST', `/host-setups/${planned.id}/roll-back`);
    expect(await ended(planned.id)).toMatchObject({ state: 'rolled_back', error: null });
    expect(tree()).toEqual(before);

    for (const [what, text] of [
      ['the log', portal.child.output()],
      ['the event stream', events.text()],
      ['a process', processes.seen()],
      ['an answer', JSON.stringify([login, planned, operations])],
    ] as const) {
      expect(text.length, what).toBeGreaterThan(100);
      expect(text.includes(canary), what).toBe(false);
    }
    const files = readdirSync(portal.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(5);
    for (const { name, parentPath } of files) expect(readFileSync(join(parentPath, name)).includes(canary), name).toBe(false);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`breakwater-ssh-${portal.child.process.pid}-`))).toEqual([]);
  } finally {
    processes.stop();
    events.close();
  }
});

test('a plan over SSH is the plan that is made here: the same hash', { timeout: 120_000 }, async () => {
  const login = await addLogin();
  await trust();
  const planned = await plan(login);
  const signal = new AbortController().signal;
  const { module } = (await import(PLUGIN)) as { module: Parameters<typeof toPlannableModule>[0] };
  const local = createLocalExecutor({ hostId: `machine:${machine.server_id}/${machine.moid}` });
  const facts = await readHostFacts(local, { signal });
  const context = { host: local, network: undefined as never, signal, progress: () => undefined };
  const here = await makePlan({
    modules: [toPlannableModule(module, { folder: host, text: 'one' }, facts)],
    notes: [],
    facts,
    profile: null,
    context,
  });
  expect(planned.plan_hash).toBe(here.hash);
});

test('a portal that is killed in the middle shows what was done, and a resumed run does no step twice', { timeout: 180_000 }, async () => {
  const before = tree();
  const login = await addLogin();
  await trust();
  const planned = await plan(login);
  hold();
  await apply(planned);
  await eventually(() => begunTimes() === 1, { what: 'the second step runs' });
  await portal.restart('SIGKILL');
  const left = await ask<HostSetup>('GET', `/host-setups/${planned.id}`);
  expect(left).toMatchObject({ state: 'interrupted', error_code: 'HOST_SETUP_INTERRUPTED', actions: ['resume', 'roll_back'] });
  expect(left.steps).toMatchObject([{ step_id: expect.stringContaining('first'), result: 'changed' }]);
  expect(await ask('GET', `/operations/${left.operation_id}`)).toMatchObject({ state: 'unknown', error_code: 'HOST_SETUP_INTERRUPTED' });

  await ask('POST', `/host-setups/${planned.id}/resume`);
  await eventually(async () => JSON.stringify(await ask('GET', '/operations?limit=1')).includes('begun before the interruption'), {
    what: 'it waits for what still runs on the host',
  });
  letGo();
  expect(await ended(planned.id)).toMatchObject({ state: 'succeeded', steps: [{ result: 'unchanged' }, { result: 'unchanged' }] });
  expect(begunTimes()).toBe(1);
  await ask('POST', `/host-setups/${planned.id}/roll-back`);
  await ended(planned.id);
  expect(existsSync(join(host, 'first'))).toBe(false);
  expect(tree().length).toBeLessThanOrEqual(before.length + 1);
});

test('a cancel ends it in order, one set-up at a time works on a machine, and a stop can be resumed', { timeout: 120_000 }, async () => {
  const login = await addLogin();
  await trust();
  const planned = await plan(login);
  hold();
  await apply(planned);
  await eventually(() => begunTimes() === 1, { what: 'the second step runs' });
  expect(await codeOf('POST', '/host-setups', { ...where(), login_id: login.id, config: config() })).toEqual([409, 'HOST_SETUP_BUSY']);
  await ask('POST', `/host-setups/${planned.id}/cancel`);
  expect(await ended(planned.id)).toMatchObject({ state: 'canceled', actions: ['resume', 'roll_back'] });
  letGo();
  expect(existsSync(join(host, 'second'))).toBe(false);
  await ask('POST', `/host-setups/${planned.id}/resume`);
  expect(await ended(planned.id)).toMatchObject({ state: 'succeeded' });
});

test('a host that shows another key is left alone until somebody confirms the new one', { timeout: 120_000 }, async () => {
  const login = await addLogin();
  const old = await trust();
  const planned = await plan(login);
  await sshd.kill();
  sshd.changeHostKey();
  await sshd.start();
  await apply(planned);
  expect(await ended(planned.id)).toMatchObject({ state: 'planned', error_code: 'HOST_KEY_CHANGED' });
  expect(readdirSync(host)).toEqual([]);
  const seen = await ask<HostKey>('POST', '/host-keys/look-up', where());
  expect(seen).toMatchObject({ status: 'changed', trusted: { fingerprint: old.fingerprint } });
  expect(await codeOf('POST', '/host-keys/trust', { ...where(), fingerprint: seen.fingerprint })).toEqual([409, 'HOST_KEY_CHANGED']);
  await trust();
  await apply(planned);
  expect(await ended(planned.id)).toMatchObject({ state: 'succeeded' });
});

test('who only looks may not set up, and a host that has moved on is refused', { timeout: 120_000 }, async () => {
  const login = await addLogin();
  await trust();
  const { token } = await ask<{ token: string }>('POST', '/tokens', { name: 'looks', role: 'viewer' });
  const asViewer = (method: string, path: string, body: object) =>
    fetch(`${portal.origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await asViewer('POST', '/host-setups', { ...where(), login_id: login.id, config: config() })).status).toBe(403);
  expect((await asViewer('POST', '/host-keys/look-up', where())).status).toBe(403);
  const planned = await plan(login);
  writeFileSync(join(host, 'first'), 'somebody else\n');
  await apply(planned);
  expect(await ended(planned.id)).toMatchObject({ state: 'plan_failed', error_code: 'HOST_PREFLIGHT_PLAN_MOVED' });
  expect(readFileSync(join(host, 'first'), 'utf8')).toBe('somebody else\n');
  expect(await codeOf('POST', '/host-setups', { ...where(), login_id: login.id, config: `plugins: [${PLUGIN}]` })).toEqual([
    422,
    'HOST_SETUP_PLUGINS',
  ]);
});
