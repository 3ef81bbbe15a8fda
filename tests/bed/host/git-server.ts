import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBedFolder } from './bed-folder.ts';
import { type Answering, type BedAnswer, type FaultyServer, startFaultyServer } from './faulty-server.ts';
import { runTool } from './run-tool.ts';

export interface GitServer extends FaultyServer {
  /** URL of the one repository. */
  readonly repositoryUrl: string;
  /** The last commit of `main`. */
  commit(): string;
  /** Commits a file to a branch (default `main`) and gives the commit. */
  push(files: Readonly<Record<string, string>>, options?: { readonly branch?: string }): string;
}

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Bed',
  GIT_AUTHOR_EMAIL: 'bed@example.org',
  GIT_COMMITTER_NAME: 'Bed',
  GIT_COMMITTER_EMAIL: 'bed@example.org',
  GIT_CONFIG_NOSYSTEM: '1',
};

/** `git http-backend` behind the faulty server: one repository `app.git` with two branches, `main` and `next`. */
export async function startGitServer(options: { readonly tls?: { readonly key: string; readonly cert: string } } = {}): Promise<GitServer> {
  const folder = createBedFolder('git');
  const bare = join(folder.path, 'srv', 'app.git');
  const work = join(folder.path, 'work');
  mkdirSync(bare, { recursive: true });
  const git = (cwd: string, ...args: readonly string[]): string =>
    runTool(['git', ...args], { cwd, env: { ...IDENTITY, HOME: folder.path } }).trim();
  git(bare, 'init', '--quiet', '--bare', '--initial-branch=main', '.');
  for (const key of ['uploadpack.allowReachableSHA1InWant', 'uploadpack.allowAnySHA1InWant']) git(bare, 'config', key, 'true');
  git(folder.path, 'clone', '--quiet', bare, 'work');
  const push: GitServer['push'] = (files, { branch = 'main' } = {}) => {
    git(work, 'checkout', '--quiet', '-B', branch);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(work, name, '..'), { recursive: true });
      writeFileSync(join(work, name), text);
    }
    git(work, 'add', '--all');
    git(work, 'commit', '--quiet', '--message', `Change ${Object.keys(files).join(', ')}`);
    git(work, 'push', '--quiet', '--force', 'origin', branch);
    return git(work, 'rev-parse', 'HEAD');
  };
  push({ 'README.md': '# App\n', 'src/main.txt': `${'some content\n'.repeat(2_000)}` });
  push({ 'src/new.txt': 'soon\n' }, { branch: 'next' });
  git(work, 'checkout', '--quiet', 'main');
  const server = await startFaultyServer({ answer: createBackend(join(folder.path, 'srv')), ...options });
  return {
    ...server,
    repositoryUrl: `${server.url}/app.git`,
    commit: () => git(bare, 'rev-parse', 'main'),
    push,
    async stop() {
      await server.stop();
      folder.remove();
    },
  };
}

/** CGI of RFC 3875: the answer begins with headers, of which `Status` is the status line. */
function createBackend(projectRoot: string): Answering {
  return (request) =>
    new Promise<BedAnswer>((resolve, reject) => {
      const [path = '/', query = ''] = request.path.split('?');
      const child = spawn('git', ['http-backend'], {
        env: {
          PATH: '/usr/bin:/bin',
          HOME: projectRoot,
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'safe.directory',
          GIT_CONFIG_VALUE_0: '*',
          GIT_PROJECT_ROOT: projectRoot,
          GIT_HTTP_EXPORT_ALL: '1',
          REQUEST_METHOD: request.method,
          PATH_INFO: decodeURIComponent(path),
          QUERY_STRING: query,
          CONTENT_TYPE: request.headers['content-type'] ?? '',
          CONTENT_LENGTH: String(request.body.length),
          HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
          GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
          REMOTE_ADDR: '127.0.0.1',
        },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const parts: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => parts.push(part));
      child.stdin.on('error', () => undefined);
      child.once('error', reject);
      child.once('close', () => resolve(parseCgi(Buffer.concat(parts))));
      child.stdin.end(request.body);
    });
}

function parseCgi(output: Buffer): BedAnswer {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return { status: 500, headers: {}, body: Buffer.from('git http-backend gave no answer\n') };
  let status = 200;
  const headers: Record<string, string> = {};
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers, body: output.subarray(end + 4) };
}
