import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSshServer } from '../bed/host/ssh-server.ts';
import { eventually } from './support/child.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'apps/host-config/src/main.ts');

let folder = '';
let plugin = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-cli-'));
  plugin = join(folder, 'plugin.ts');
  writeFileSync(plugin, PLUGIN);
  // A plugin finds what it imports from where it lies.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * A module of its own, so that the machine that runs the tests is left alone: it writes files into one folder, and its second step goes on
 * for as long as a file named `hold` is there.
 */
const PLUGIN = `
import { createCommandStep, createDirectoryStep, createFileStep } from '@breakwater/host-config';
import { z } from 'zod';
export const module = {
  name: 'harmless', description: 'Files in one folder', priority: 1, dependsOn: [],
  schema: z.strictObject({ folder: z.string(), text: z.string().default('one') }),
  services: () => [], validate: () => [],
  steps: ({ folder, text }) => [
    createFileStep({ path: folder + '/first', content: text + '\\n', attributes: { uid: process.getuid(), gid: process.getgid() } }),
    createCommandStep({ id: 'hold', title: 'Wait', argv: ['sh', '-c', 'touch ' + folder + '/began; while [ -e ' + folder + '/hold ]; do sleep 0.05; done; touch ' + folder + '/second'], creates: folder + '/second', timeoutMs: 60000 }),
  ],
};
`;

const SECRET_PLUGIN = `
import { createFileStep } from '@breakwater/host-config';
import { z } from 'zod';
export const module = {
  name: 'secretive', description: 'One file with a secret', priority: 1, dependsOn: [],
  schema: z.strictObject({ path: z.string().default('/nowhere/token'), token: z.string().default('') }),
  services: () => [], validate: () => [],
  steps: ({ path, token }) => [
    createFileStep({ path, content: token + '\\n', isSecret: true, attributes: { mode: 0o600, uid: process.getuid(), gid: process.getgid() } }),
  ],
};
`;

function findFilesWith(text: string, folderPath: string): readonly string[] {
  return readdirSync(folderPath, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['--conditions=@breakwater/source', '--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (printed[stream] += chunk.toString()));
  const ended = new Promise<Ran>((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...printed })));
  return { child, ended };
}

function run(args: readonly string[], options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
  const { child, ended } = start(args, options.env);
  child.stdin.end(options.input ?? '');
  return ended;
}

const state = (): readonly string[] => ['--state-dir', join(folder, 'state')];
const harmless = (...more: readonly string[]): readonly string[] => [
  '--module',
  'harmless',
  '--set',
  `plugins=[${plugin}]`,
  `modules.harmless.folder=${join(folder, 'host')}`,
  ...more,
  ...state(),
];
const records = ({ stdout }: Ran): readonly Readonly<Record<string, unknown>>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('vps-configurator', () => {
  beforeEach(() => mkdirSync(join(folder, 'host')));

  test('plans, applies, verifies and takes back on this machine, and each process knows what the one before did', async () => {
    const planned = await run(['plan', ...harmless()]);
    expect(planned, planned.stderr).toMatchObject({ code: 2 });
    expect(planned.stdout).toContain('+one');
    expect(existsSync(join(folder, 'host/first'))).toBe(false);
    expect(await run(['verify', ...harmless()])).toMatchObject({ code: 1 });
    const applied = await run(['apply', '--yes', '--json', ...harmless()]);
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    for (const record of records(applied)) expect(record['kind']).toMatch(/^[a-z]+(?:\.[a-z-]+)?$/);
    expect(records(applied).at(-1)).toMatchObject({ kind: 'run.ended', end: 'succeeded' });
    expect(readFileSync(join(folder, 'host/first'), 'utf8')).toBe('one\n');
    expect(await run(['plan', ...harmless()])).toMatchObject({ code: 0 });
    expect(await run(['verify', ...harmless()])).toMatchObject({ code: 0 });
    const history = await run(['history', '--json', ...state()]);
    expect(records(history)).toMatchObject([{ kind: 'run', end: 'succeeded' }]);
    // Tomorrow's process says the same.
    expect((await run(['history', '--json', ...state()])).stdout).toBe(history.stdout);
    expect((await run(['report', ...state()])).stdout).toContain('harmless/hold');
    const back = await run(['rollback', '--yes', ...state()]);
    expect(back, back.stderr).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'host/first'))).toBe(false);
  });

  test('ends in order on Ctrl-C with 130, tells a second run who works, and goes on with --resume', async () => {
    writeFileSync(join(folder, 'host/hold'), '');
    const first = start(['apply', '--yes', '--json', ...harmless()]);
    await eventually(() => existsSync(join(folder, 'host/began')), { what: 'the second step runs' });
    const second = await run(['apply', '--yes', ...harmless('modules.harmless.text=two')]);
    expect(second).toMatchObject({ code: 6 });
    expect(second.stderr).toContain(`process ${first.child.pid}`);
    first.child.kill('SIGINT');
    const ended = await first.ended;
    expect(ended, ended.stderr).toMatchObject({ code: 130, signal: null });
    expect(records(ended).at(-1)).toMatchObject({ kind: 'run.ended', end: 'interrupted' });
    expect(records(await run(['history', '--json', ...state()]))).toMatchObject([{ end: 'interrupted' }]);
    rmSync(join(folder, 'host/hold'));
    expect(await run(['apply', '--yes', '--resume', ...harmless()])).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'host/second'))).toBe(true);
    expect(records(await run(['history', '--json', ...state()]))).toMatchObject([{ end: 'succeeded' }]);
  });

  test('goes on after a kill, and can still take everything back', async () => {
    writeFileSync(join(folder, 'host/hold'), '');
    const first = start(['apply', '--yes', ...harmless()]);
    await eventually(() => existsSync(join(folder, 'host/began')), { what: 'the second step runs' });
    first.child.kill('SIGKILL');
    await first.ended;
    // What the killed process had started is a process of its own and ends when it may.
    rmSync(join(folder, 'host/hold'));
    expect(records(await run(['history', '--json', ...state()]))).toMatchObject([{ end: null }]);
    const resumed = await run(['apply', '--yes', '--resume', ...harmless()]);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(await run(['rollback', '--yes', ...state()])).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'host/first'))).toBe(false);
  });

  test('does on another host, over SSH, what it does here, and lets in no host that is unknown', async () => {
    const server = await startSshServer();
    try {
      const over = ['--host', `${server.user}@${server.host}:${server.port}`, '--identity', server.keyPath];
      const trusted = [...over, '--known-hosts', server.knownHostsPath];
      const stranger = await run(['plan', ...over, '--known-hosts', join(folder, 'nobody'), ...harmless()]);
      expect(stranger.code).not.toBe(0);
      expect(stranger.stderr).toMatch(/HOST_SSH_HOST_KEY/);
      const planned = await run(['plan', ...trusted, ...harmless()]);
      expect(planned, planned.stderr).toMatchObject({ code: 2 });
      const applied = await run(['apply', '--yes', ...trusted, ...harmless()]);
      expect(applied, applied.stderr).toMatchObject({ code: 0 });
      expect(readFileSync(join(folder, 'host/first'), 'utf8')).toBe('one\n');
      expect(await run(['verify', ...trusted, ...harmless()])).toMatchObject({ code: 0 });
      // Runs of that host are not those of this one.
      expect(records(await run(['history', '--json', ...state()]))).toEqual([]);
      expect(records(await run(['history', '--json', ...trusted, ...state()]))).toHaveLength(1);
      expect(await run(['rollback', '--yes', ...trusted, ...state()])).toMatchObject({ code: 0 });
      expect(existsSync(join(folder, 'host/first'))).toBe(false);
    } finally {
      await server.stop();
    }
  });

  test('a secret is in the file that it is for and nowhere else: no argument, no output, no report, no journal', async () => {
    const canary = 'canary-93be1c07';
    const secretPlugin = join(folder, 'secret.ts');
    writeFileSync(secretPlugin, SECRET_PLUGIN);
    const config = join(folder, 'secret.yaml');
    const settings = {
      plugins: [secretPlugin],
      modules: { enabled: ['secretive'], secretive: { path: join(folder, 'host/token'), token: canary } },
    };
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
    const server = await startSshServer();
    const seen = new Set<string>();
    let samples = 0;
    const sampler = setInterval(() => {
      samples++;
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          if (readFileSync(`/proc/${pid}/cmdline`).includes(canary)) seen.add(pid);
        } catch {
          // It has ended meanwhile.
        }
      }
    }, 10);
    try {
      const far = [
        '--host',
        `${server.user}@${server.host}:${server.port}`,
        '--identity',
        server.keyPath,
        '--known-hosts',
        server.knownHostsPath,
      ];
      const printed: string[] = [];
      const arrived: boolean[] = [];
      for (const where of [[], far]) {
        const flags = ['--config', config, ...where, ...state()];
        const rounds = [
          ['plan', ...flags],
          ['apply', '--yes', '--json', '--log-level', 'debug', ...flags],
        ];
        rounds.push(['report', '--format', 'json', ...where, ...state()], ['rollback', '--yes', ...where, ...state()]);
        for (const args of rounds) {
          const ran = await run(args);
          expect([0, 2], ran.stderr).toContain(ran.code);
          printed.push(ran.stdout, ran.stderr);
          arrived.push(existsSync(join(folder, 'host/token')));
        }
      }
      // Of plan, apply, report and rollback, here and there.
      expect(arrived).toEqual([false, true, true, false, false, true, true, false]);
      expect(printed.join('\n')).not.toContain(canary);
      expect(findFilesWith(canary, join(folder, 'state'))).toEqual([]);
      expect([samples > 20, [...seen]]).toEqual([true, []]);
    } finally {
      clearInterval(sampler);
      await server.stop();
    }
  });

  test('opens and closes circuit breakers for later processes', async () => {
    expect(await run(['circuit-breaker', 'trip', 'github', '--for', '1h', ...state()])).toMatchObject({ code: 0 });
    expect(records(await run(['circuit-breaker', 'status', 'github', '--json', ...state()]))).toMatchObject([{ state: 'open' }]);
    expect(await run(['circuit-breaker', 'reset', '--all', ...state()])).toMatchObject({ code: 0 });
    expect(records(await run(['circuit-breaker', 'status', 'github', '--json', ...state()]))).toMatchObject([{ state: 'closed' }]);
  });

  test.each([
    [['explain', '--tool', 'apt', '--exit', '100'], 0, 'E: Unable to locate package ngnix\n'],
    [['facts'], 0, ''],
    [['modules', 'list'], 0, ''],
    [['profiles', 'list'], 0, ''],
    [['config', 'show', '--origin'], 0, ''],
    [['config', 'validate'], 0, ''],
    [['version'], 0, ''],
    [['--version'], 0, ''],
    [['--help'], 0, ''],
    [['apply', '--help'], 0, ''],
    [['history'], 0, ''],
    [['wizard'], 4, ''],
    [['plan'], 4, ''],
    [['apply', '--profile', 'nosuch'], 4, ''],
    [['explain', '--tool', 'yum', '--exit', '1'], 4, ''],
    [['plan', '--host', 'nonsense', '--profile', 'minimal'], 4, ''],
    [['nosuch'], 4, ''],
    [[], 4, ''],
  ] as const)('%j ends with %i', async (args, code, input) => {
    const ran = await run([...args, ...(args.length === 0 ? [] : state())], { input });
    expect(ran.code, ran.stdout + ran.stderr).toBe(code);
    expect(code === 0 ? ran.stdout : ran.stderr).not.toBe('');
    expect(ran.stderr).not.toContain('    at ');
  });

  test('is the same as a command of breakwater', async () => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@breakwater/source',
        join(root, 'apps/breakwater/src/main.ts'),
        'host',
        'explain',
        '--tool',
        'apt',
        '--exit',
        '100',
        '--json',
      ],
      { cwd: folder, env: { PATH: process.env['PATH'] }, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stdin.end('E: Unable to locate package ngnix\n');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'explanation', class: 'permanent', code: 'apt.pkg.notfound' });
  });
});
