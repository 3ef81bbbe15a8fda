import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createBedFolder } from './bed-folder.ts';
import { findSshd } from './find-sshd.ts';
import { runTool } from './run-tool.ts';

export interface SshServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The only user whom it lets in: whoever runs the tests. */
  readonly user: string;
  /** Private key, 0600. */
  readonly keyPath: string;
  /** `ssh-ed25519 AAAA…` of the server, for a known_hosts file. */
  readonly hostKey: string;
  /** A known_hosts file for `[127.0.0.1]:port`. */
  readonly knownHostsPath: string;
  log(): string;
  /** Ends the server and every session, as a power cut does; commands go on if they can. */
  kill(): Promise<void>;
  /** The same port, the same keys. */
  start(): Promise<void>;
  /** Gives it another host key. Takes effect at the next `start`. */
  changeHostKey(): void;
  stop(): Promise<void>;
}

/** A private sshd on the loopback. As root it runs in a mount namespace, where `/run/sshd` and the user `sshd` exist. */
export async function startSshServer(options: { readonly config?: readonly string[] } = {}): Promise<SshServer> {
  const folder = createBedFolder('ssh');
  const at = (name: string): string => join(folder.path, name);
  const { libraries, program } = findSshd();
  const port = await findFreePort();
  const user = userInfo().username;
  const makeKey = (name: string): string => {
    runTool(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bed', '-f', at(name)]);
    return readFileSync(at(`${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  };
  const hostKey = makeKey('host-1');
  writeFileSync(at('authorized_keys'), `${makeKey('user')}\n`, { mode: 0o600 });
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  writeFileSync(at('log'), '');
  const writeConfig = (hostKeyName: string): void =>
    writeFileSync(
      at('sshd_config'),
      [
        'ListenAddress 127.0.0.1',
        `Port ${port}`,
        `HostKey ${at(hostKeyName)}`,
        `AuthorizedKeysFile ${at('authorized_keys')}`,
        `AllowUsers ${user}`,
        'PermitRootLogin prohibit-password',
        'PubkeyAuthentication yes',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'UsePAM no',
        'StrictModes no',
        'PidFile none',
        'PrintMotd no',
        'UseDNS no',
        'MaxStartups 50',
        // bash then reads no .bashrc, so that what the user of this machine does in it has no part in any test, nor in its time.
        'SetEnv SHLVL=1',
        ...(options.config ?? []),
        '',
      ].join('\n'),
    );
  writeConfig('host-1');
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const sshd = [program, '-D', '-e', '-f', at('sshd_config')];
    const argv = process.getuid?.() === 0 ? ['unshare', '--mount', 'sh', writeNamespaceScript(at), ...sshd] : sshd;
    const started = spawn(argv[0] ?? program, argv.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...(libraries === null ? {} : { LD_LIBRARY_PATH: libraries }) },
    });
    started.stderr?.on('data', (chunk: Buffer) => appendFileSync(at('log'), chunk));
    child = started;
    await waitForPort(
      port,
      () => started.exitCode !== null,
      () => readFileSync(at('log'), 'utf8'),
    );
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending?.pid === undefined || ending.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    // The processes of sessions are in the group of the listener as long as they have no session of their own.
    try {
      process.kill(-ending.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await ended;
    // Sessions that live on hold the other end, and the log may be gone by then.
    ending.stderr?.destroy();
  };
  await start();
  return {
    host: '127.0.0.1',
    port,
    user,
    keyPath: at('user'),
    hostKey,
    knownHostsPath: at('known_hosts'),
    log: () => readFileSync(at('log'), 'utf8'),
    kill,
    start,
    changeHostKey: () => {
      makeKey('host-2');
      writeConfig('host-2');
    },
    async stop() {
      await kill();
      folder.remove();
    },
  };
}

/** sshd as root wants a user and a folder of its own, which a machine without openssh-server does not have. */
function writeNamespaceScript(at: (name: string) => string): string {
  const passwd = readFileSync('/etc/passwd', 'utf8');
  writeFileSync(at('passwd'), passwd.includes('\nsshd:') ? passwd : `${passwd}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n`);
  writeFileSync(
    at('enter.sh'),
    [
      'set -e',
      `mount --bind ${at('passwd')} /etc/passwd`,
      'if [ ! -d /run/sshd ]; then mount -t tmpfs -o mode=755 tmpfs /run; mkdir -m 755 /run/sshd; fi',
      'exec "$@"',
      '',
    ].join('\n'),
  );
  return at('enter.sh');
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function waitForPort(port: number, hasEnded: () => boolean, readLog: () => string): Promise<void> {
  const until = Date.now() + 15_000;
  while (Date.now() < until && !hasEnded()) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sshd does not listen on port ${port}:\n${readLog()}`);
}
