import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AptRepository, type AptSuite, startAptRepository } from '../bed/host/apt-repository.ts';
import { type AptRoot, createAptRoot } from '../bed/host/apt-root.ts';
import { createBedFolder } from '../bed/host/bed-folder.ts';
import { type GitServer, startGitServer } from '../bed/host/git-server.ts';
import { tryTool } from '../bed/host/run-tool.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';
import { startTcpRelay } from '../bed/host/tcp-relay.ts';

let repository: AptRepository;
let root: AptRoot;
let git: GitServer;
let sshd: SshServer;

beforeAll(async () => {
  [repository, git, sshd] = await Promise.all([startAptRepository({ slowPostinstSeconds: 1 }), startGitServer(), startSshServer()]);
  root = createAptRoot({ sources: [repository.sourceLine()] });
});

afterAll(async () => {
  await Promise.all([repository.stop(), git.stop(), sshd.stop()]);
  root.remove();
});

test('real apt updates and installs into a root of its own, maintainer scripts included', async () => {
  expect(await root.aptGet('update', '--error-on=any')).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout, stderr } = await root.aptGet('install', '-y', 'bed-app', 'bed-slowpost', 'bed-hello=1.0');
  expect({ exitCode, said: exitCode === 0 ? '' : stdout + stderr }).toEqual({ exitCode: 0, said: '' });
  expect(root.state('bed-app')).toBe('1.0');
  expect(root.state('bed-lib')).toBe('1.0');
  expect(readFileSync(join(root.path, 'tmp/bed-slowpost'), 'utf8')).toBe('done\n');
  expect(readFileSync(join(root.path, 'usr/share/bed-hello/version'), 'utf8')).toBe('1.0\n');
  expect(existsSync('/usr/share/bed-hello')).toBe(false);
});

test.each([
  ['bed-needy', /held broken packages|unmet dependencies/i],
  ['bed-rival', /remove is disabled/],
  ['bed-thief', /trying to overwrite/],
])('apt refuses %s for the reason it was made for', async (name, words) => {
  await root.aptGet('update');
  await root.aptGet('install', '-y', 'bed-hello');
  const { exitCode, stdout, stderr } = await root.aptGet('install', '-y', '--no-remove', name);
  expect(exitCode).toBe(100);
  expect(stdout + stderr).toMatch(words);
});

test('a package whose script fails stays half configured', async () => {
  const other = createAptRoot({ sources: [repository.sourceLine()] });
  await other.aptGet('update');
  const { exitCode, stdout } = await other.aptGet('install', '-y', 'bed-failpost');
  expect(exitCode).toBe(100);
  expect(stdout).toContain('returned error exit status 3');
  expect(other.state('bed-failpost')).toBe('half-configured');
  other.remove();
});

test.each<[AptSuite, RegExp]>([
  ['nopubkey', /NO_PUBKEY/],
  ['expired', /is expired/],
  ['future', /is not valid yet/],
  ['unsigned', /is not signed/],
  ['badsig', /BADSIG/],
])('apt does not trust the suite %s', async (suite, words) => {
  const other = createAptRoot({ sources: [repository.sourceLine(suite)] });
  const { exitCode, stderr } = await other.aptGet('update', '--error-on=any');
  other.remove();
  expect(exitCode).toBe(100);
  expect(stderr).toMatch(words);
});

test('a fault befalls as many requests as were ordered, and then the server is well', async () => {
  repository.inject({ fault: { kind: 'status', status: 503 }, match: /InRelease/, times: 1 });
  const other = createAptRoot({ sources: [repository.sourceLine()] });
  const options = ['-o', 'Acquire::Retries=0', '--error-on=any'];
  expect((await other.aptGet('update', ...options)).stderr).toMatch(/503 {2}Service Unavailable/);
  expect(await other.aptGet('update', ...options)).toMatchObject({ exitCode: 0 });
  other.remove();
});

test('git clones over HTTP, a pinned commit too, and a sign-in page is an empty repository to it', async () => {
  const folder = createBedFolder('clone');
  const env = { HOME: folder.path, GIT_TERMINAL_PROMPT: '0' };
  const run = (...args: readonly string[]) => tryTool(['git', ...args], { cwd: folder.path, env });
  const cloned = await run('clone', '--depth', '1', git.repositoryUrl, 'a');
  expect(cloned).toMatchObject({ exitCode: 0 });
  expect((await run('-C', 'a', 'rev-parse', 'HEAD')).stdout.trim()).toBe(git.commit());
  git.inject({ fault: { kind: 'captive-portal' } });
  const portal = await run('clone', git.repositoryUrl, 'b');
  expect(portal.stderr).toContain('empty repository');
  expect(portal.exitCode).toBe(0);
  git.heal();
  folder.remove();
});

test('the private sshd lets its own key in, and a relay can cut the link', async () => {
  const relay = await startTcpRelay({ port: sshd.port });
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${sshd.knownHostsPath}`,
    `HostKeyAlias=[127.0.0.1]:${sshd.port}`,
  ];
  const args = ['-F', 'none', ...options.flatMap((each) => ['-o', each]), '-i', sshd.keyPath, '-p', String(relay.port)];
  const child = spawn('ssh', [...args, `${sshd.user}@127.0.0.1`, 'echo ready; cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = await new Promise<string>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())));
  expect(said).toBe('ready\n');
  relay.cut();
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(255);
  await relay.stop();
});
