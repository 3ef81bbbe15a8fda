import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain } from './explain.ts';
import { FAILURE_CLASSES, type FailureClass, type FailureTool } from './failure.ts';

type Row = readonly [what: string, tool: FailureTool, exitCode: number, text: string, FailureClass, code: string];

const FETCH = 'E: Failed to fetch http://mirror.example/debian/';
const LISTS = 'E: Some index files failed to download. They have been ignored, or old ones used instead.';

const ROWS: readonly Row[] = [
  [
    'a refused connection',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  Could not connect to mirror.example:80 (192.0.2.7). - connect (111: Connection refused)\n${LISTS}`,
    'transient',
    'apt.connect',
  ],
  [
    'an address without a route',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  Cannot initiate the connection to mirror.example:80 (2001:db8::1). - connect (101: Network is unreachable)`,
    'transient',
    'apt.connect',
  ],
  [
    'a warning that hides a failure behind exit code 0',
    'apt',
    0,
    "W: Failed to fetch http://mirror.example/dists/x/InRelease  Temporary failure resolving 'mirror.example'\nW: Some index files failed to download.",
    'transient',
    'apt.dns.temp',
  ],
  [
    'an attempt that was made good',
    'apt',
    0,
    'Err:1 http://mirror.example x InRelease\n  503  Service Unavailable [IP: 192.0.2.7 80]\nGet:1 http://mirror.example x InRelease [1 kB]\nFetched 1 kB in 1s',
    'ok',
    'ok',
  ],
  [
    'a warning about an old keyring',
    'apt',
    0,
    'W: http://mirror.example/dists/x/InRelease: Key is stored in legacy trusted.gpg keyring (/etc/apt/trusted.gpg)',
    'ok',
    'ok',
  ],
  [
    'a run without a sandbox',
    'apt',
    0,
    "W: Download is performed unsandboxed as root as file '/root/a.deb' couldn't be accessed by user '_apt'. - pkgAcquire::Run (13: Permission denied)",
    'ok',
    'ok',
  ],
  [
    'too many requests',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  429  Too Many Requests [IP: 192.0.2.7 80]`,
    'throttled',
    'apt.http.throttle',
  ],
  [
    'a mirror in the middle of its update',
    'apt',
    100,
    `${FETCH}dists/x/main/Packages.gz  File has unexpected size (7 != 9). Mirror sync in progress? [IP: 192.0.2.7 80]`,
    'transient',
    'apt.mirror.sync',
  ],
  [
    'a sign-in page instead of the repository',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  Clearsigned file isn't valid, got 'NOSPLIT' (does the network require authentication?)\nE: The repository 'http://mirror.example x InRelease' is not signed.`,
    'transient',
    'apt.portal',
  ],
  [
    'a forbidden repository, which is not "not signed"',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  403  Forbidden [IP: 192.0.2.7 80]\nE: The repository 'http://mirror.example x InRelease' is not signed.`,
    'permanent',
    'apt.http.authz',
  ],
  [
    'a proxy that wants a password',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  407  Proxy Authentication Required [IP: 192.0.2.9 3128]`,
    'permanent',
    'apt.http.authz',
  ],
  ['an unsigned repository', 'apt', 100, "E: The repository 'http://mirror.example x Release' is not signed.", 'security', 'apt.unsigned'],
  [
    'a key that is not installed',
    'apt',
    100,
    "W: GPG error: http://mirror.example x InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0123456789ABCDEF\nE: The repository 'http://mirror.example x InRelease' is not signed.",
    'security',
    'apt.sig.nopubkey',
  ],
  [
    'a key that is not installed, told by apt 3',
    'apt',
    100,
    "Warning: OpenPGP signature verification failed: http://mirror.example x InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 0123456789ABCDEF0123456789ABCDEF01234567, which is needed to verify signature.\nError: The repository 'http://mirror.example x InRelease' is not signed.",
    'security',
    'apt.sig.nopubkey',
  ],
  [
    'a tampered index, told by apt 3',
    'apt',
    100,
    'Error: OpenPGP signature verification failed: http://mirror.example x InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Verifying signature: Message has been manipulated',
    'security',
    'apt.sig.bad',
  ],
  [
    'a key that apt 3 finds too weak',
    'apt',
    100,
    'Error: OpenPGP signature verification failed: http://mirror.example x InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Signing key on 0123456789ABCDEF0123456789ABCDEF01234567 is not bound:\n           No binding signature at time 2026-01-01T00:00:00Z\n  because: SHA1 is not considered secure',
    'security',
    'apt.sig.bad',
  ],
  [
    'a signature of tomorrow, told by apt 3',
    'apt',
    100,
    'Error: OpenPGP signature verification failed: http://mirror.example x InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Verifying signature: Not live until 2027-01-01T00:00:00Z',
    'repair',
    'apt.sig.future',
  ],
  [
    'a certificate that nobody vouches for, told by apt 3',
    'apt',
    100,
    `E: Failed to fetch https://mirror.example/dists/x/InRelease  SSL connection failed: error:0A000086:SSL routines::certificate verify failed / Success [IP: 192.0.2.7 443]`,
    'security',
    'apt.tls',
  ],
  [
    'TLS spoken to a plain port, told by apt 3',
    'apt',
    100,
    `E: Failed to fetch https://mirror.example/dists/x/InRelease  SSL connection failed: error:0A00010B:SSL routines::wrong version number / Success [IP: 192.0.2.7 80]`,
    'permanent',
    'apt.tls.plain',
  ],
  [
    'a TLS connection that was cut',
    'apt',
    100,
    `E: Failed to fetch https://mirror.example/dists/x/InRelease  Could not handshake: The TLS connection was non-properly terminated. [IP: 192.0.2.7 443]`,
    'transient',
    'apt.read',
  ],
  [
    'one source without trust and one that is down',
    'apt',
    100,
    `${FETCH}dists/x/InRelease  Connection timed out [IP: 192.0.2.7 80]\nW: GPG error: http://other.example x InRelease: The following signatures were invalid: BADSIG 0123456789ABCDEF name`,
    'security',
    'apt.sig.bad',
  ],
  [
    'a release out of support',
    'apt',
    100,
    "E: The repository 'http://mirror.example old Release' no longer has a Release file.",
    'permanent',
    'apt.norelease',
  ],
  [
    'a clock that is behind',
    'apt',
    100,
    'E: Release file for http://mirror.example/dists/x/InRelease is not valid yet (invalid for another 3h 2min 1s). Updates for this repository will not be applied.',
    'repair',
    'apt.release.future',
  ],
  [
    'a misspelt component',
    'apt',
    0,
    "W: Skipping acquire of configured file 'mian/binary-amd64/Packages' as repository 'http://mirror.example x InRelease' doesn't have the component 'mian' (component misspelt in sources.list?)",
    'permanent',
    'apt.component',
  ],
  [
    'a malformed list of sources',
    'apt',
    100,
    'E: Malformed stanza 1 in source list /etc/apt/sources.list.d/a.sources (type)\nE: The list of sources could not be read.',
    'permanent',
    'apt.sources',
  ],
  [
    'two keys for one source',
    'apt',
    100,
    'E: Conflicting values set for option Signed-By regarding source http://mirror.example/ x: /a.gpg != /b.gpg\nE: The list of sources could not be read.',
    'permanent',
    'apt.sources',
  ],
  ['a misspelt package', 'apt', 100, 'E: Unable to locate package ngnix', 'permanent', 'apt.pkg.notfound'],
  [
    'a package without a candidate, told by apt 3',
    'apt',
    100,
    "Error: Package 'nosuch' has no installation candidate",
    'permanent',
    'apt.pkg.notfound',
  ],
  [
    'a conflict, told by the solver of apt 3',
    'apt',
    100,
    'Error: Unable to satisfy dependencies. Reached two conflicting assignments:\n   1. a:amd64 is selected for install\n   2. a:amd64 is not selected for install because:',
    'permanent',
    'apt.unmet',
  ],
  [
    'dependencies that cannot be met',
    'apt',
    100,
    'The following packages have unmet dependencies:\n a : Depends: b but it is not installable\nE: Unable to correct problems, you have held broken packages.',
    'permanent',
    'apt.unmet',
  ],
  [
    'a half-broken host',
    'apt',
    100,
    "The following packages have unmet dependencies:\n a : Depends: b but it is not going to be installed\nE: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
    'repair',
    'apt.broken',
  ],
  [
    'a package that the mirror has dropped',
    'apt',
    100,
    `${FETCH}pool/a_1_all.deb  404  Not Found [IP: 192.0.2.7 80]\nE: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?`,
    'repair',
    'apt.stale-index',
  ],
  [
    'lists that are not there',
    'apt',
    100,
    `${FETCH}dists/x/main/Packages  404  Not Found [IP: 192.0.2.7 80]`,
    'permanent',
    'apt.http.notfound',
  ],
  [
    'a held lock',
    'apt',
    100,
    'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
    'wait-lock',
    'apt.lock',
  ],
  [
    'a lock that was waited for, then a misspelt package',
    'apt',
    100,
    'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt)...\nE: Unable to locate package x',
    'permanent',
    'apt.pkg.notfound',
  ],
  ['a lock of dpkg itself', 'apt', 2, 'dpkg: error: dpkg frontend lock was locked by another process with pid 99', 'wait-lock', 'apt.lock'],
  [
    'a lock of debconf',
    'apt',
    100,
    'debconf: DbDriver "config": /var/cache/debconf/config.dat is locked by another process: Resource temporarily unavailable\nE: Sub-process /usr/bin/dpkg returned an error code (1)',
    'wait-lock',
    'apt.lock',
  ],
  [
    'a missing right',
    'apt',
    100,
    'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?',
    'permanent',
    'apt.notroot',
  ],
  [
    'a failing script',
    'apt',
    100,
    'boom\ndpkg: error processing package a (--configure):\n installed a package post-installation script subprocess returned error exit status 3\nE: Sub-process /usr/bin/dpkg returned an error code (1)',
    'permanent',
    'dpkg.maintscript',
  ],
  [
    'a question about a configuration file',
    'apt',
    100,
    'dpkg: error processing package a (--configure):\n end of file on stdin at conffile prompt\nE: Sub-process /usr/bin/dpkg returned an error code (1)',
    'permanent',
    'dpkg.conffile',
  ],
  [
    'a full disk while unpacking',
    'apt',
    100,
    "dpkg: error processing archive a.deb (--unpack):\n cannot copy extracted data for './usr/a' to '/usr/a.dpkg-new': failed to write (No space left on device)\nE: Sub-process /usr/bin/dpkg returned an error code (1)",
    'local',
    'disk.full',
  ],
  [
    'a disk that is read-only',
    'apt',
    100,
    'E: Could not open file /var/cache/apt/pkgcache.bin - open (30: Read-only file system)',
    'local',
    'disk.readonly',
  ],
  [
    'damaged records of dpkg',
    'apt',
    100,
    "dpkg: error: parsing file '/var/lib/dpkg/status' near line 7 package 'a':\n duplicate value for 'Package' field",
    'permanent',
    'apt.status.corrupt',
  ],
  [
    'damaged lists',
    'apt',
    100,
    'E: Unable to parse package file /var/lib/apt/lists/mirror_Packages (1)\nE: The package lists or status file could not be parsed or opened.',
    'repair',
    'apt.cache.corrupt',
  ],
  [
    'packages without a signature',
    'apt',
    100,
    'E: There were unauthenticated packages and -y was used without --allow-unauthenticated',
    'security',
    'apt.unauthenticated',
  ],
  ['a translated failure', 'apt', 100, 'E: Не удалось найти пакет ngnix', 'unknown', 'unknown'],
  ['a limit in time', 'apt', 124, 'Get:1 http://mirror.example x InRelease', 'transient', 'timeout'],
  ['a kill', 'apt', 137, '', 'unknown', 'unknown'],

  [
    'a refused connection',
    'git',
    128,
    "fatal: unable to access 'https://git.example/a.git/': Failed to connect to git.example port 443 after 3 ms: Couldn't connect to server",
    'transient',
    'git.protocol',
  ],
  [
    'a stream that ended',
    'git',
    128,
    'error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)\nfatal: early EOF',
    'transient',
    'git.protocol',
  ],
  [
    'a garbled pack',
    'git',
    128,
    'error: inflate: data stream error (incorrect data check)\nfatal: pack has bad object at offset 12: inflate returned -3\nfatal: fetch-pack: invalid index-pack output',
    'transient',
    'git.protocol',
  ],
  [
    'a TLS connection that was cut',
    'git',
    128,
    "fatal: unable to access 'https://git.example/a.git/': gnutls_handshake() failed: The TLS connection was non-properly terminated.",
    'transient',
    'git.protocol',
  ],
  [
    'a server under load',
    'git',
    128,
    "fatal: unable to access 'https://git.example/a.git/': The requested URL returned error: 503",
    'throttled',
    'git.http.throttle',
  ],
  [
    'a server with a fault',
    'git',
    128,
    'error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502',
    'transient',
    'git.http.5xx',
  ],
  [
    'a certificate for another name',
    'git',
    128,
    "fatal: unable to access 'https://git.example/a.git/': SSL: no alternative certificate subject name matches target host name 'git.example'",
    'security',
    'git.tls',
  ],
  [
    'a repository that asks who is there',
    'git',
    128,
    "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
    'permanent',
    'git.auth',
  ],
  [
    'a missing repository',
    'git',
    128,
    "remote: Not Found\nfatal: repository 'https://git.example/a.git/' not found",
    'permanent',
    'git.notfound',
  ],
  [
    'a missing commit',
    'git',
    128,
    'fatal: remote error: upload-pack: not our ref 0123456789012345678901234567890123456789',
    'permanent',
    'git.notfound',
  ],
  [
    'a missing branch',
    'git',
    128,
    'warning: Could not find remote branch nosuch to clone.\nfatal: Remote branch nosuch not found in upstream origin',
    'permanent',
    'git.notfound',
  ],
  [
    'a missing branch, clone not shallow',
    'git',
    128,
    'fatal: Remote branch nosuch not found in upstream origin',
    'permanent',
    'git.notfound',
  ],
  [
    'a server without any branch, clone shallow',
    'git',
    128,
    '$ git clone --depth 1 --branch main https://git.example/a.git\nfatal: Remote branch main not found in upstream origin',
    'transient',
    'git.portal',
  ],
  [
    'an empty clone that calls itself a success',
    'git',
    0,
    "Cloning into 'a'...\nwarning: You appear to have cloned an empty repository.",
    'transient',
    'git.portal',
  ],
  ['a clone that went well', 'git', 0, "Cloning into 'a'...", 'ok', 'ok'],
  ['a folder in the way', 'git', 128, "fatal: destination path 'a' already exists and is not an empty directory.", 'permanent', 'git.dest'],
  [
    'a full disk',
    'git',
    128,
    'fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output',
    'local',
    'disk.full',
  ],
  [
    'a host key that has changed',
    'git',
    128,
    'Host key verification failed.\nfatal: Could not read from remote repository.',
    'security',
    'git.hostkey',
  ],
  [
    'a key that is not accepted',
    'git',
    128,
    'git@git.example: Permission denied (publickey).\nfatal: Could not read from remote repository.',
    'permanent',
    'git.auth',
  ],
  [
    'an index lock',
    'git',
    128,
    "fatal: Unable to create '/opt/a/.git/index.lock': File exists.\n\nAnother git process seems to be running in this repository",
    'wait-lock',
    'git.lock',
  ],

  ['a refused connection', 'ssh', 255, 'ssh: connect to host vm.example port 22: Connection refused', 'transient', 'ssh.transport'],
  [
    'a machine that is starting',
    'ssh',
    255,
    '"System is booting up. Unprivileged users are not permitted to log in yet."\nConnection closed by 192.0.2.7 port 22',
    'transient',
    'ssh.booting',
  ],
  ['a key that is not accepted', 'ssh', 255, 'root@vm.example: Permission denied (publickey,password).', 'permanent', 'ssh.auth'],
  [
    'too many keys offered',
    'ssh',
    255,
    'Received disconnect from 192.0.2.7 port 22:2: Too many authentication failures\nDisconnected from 192.0.2.7 port 22',
    'permanent',
    'ssh.auth',
  ],
  [
    'a host key that has changed',
    'ssh',
    255,
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.',
    'security',
    'ssh.hostkey',
  ],
  [
    'no algorithm in common',
    'ssh',
    255,
    'Unable to negotiate with 192.0.2.7 port 22: no matching host key type found. Their offer: ssh-rsa',
    'permanent',
    'ssh.algorithms',
  ],
  [
    'a host that is full',
    'ssh',
    255,
    'kex_exchange_identification: read: Connection reset by peer\nExceeded MaxStartups',
    'throttled',
    'ssh.throttle',
  ],
  ['a link that was cut', 'ssh', 255, 'client_loop: send disconnect: Broken pipe', 'transient', 'ssh.transport'],
  ['nothing at all', 'ssh', 255, '', 'unknown', 'unknown'],
  ['a remote command that failed', 'ssh', 7, 'Connection refused', 'unknown', 'ssh.remote-exit'],
  ['a remote command that went well', 'ssh', 0, 'Connection refused', 'ok', 'ok'],

  [
    'a refused connection',
    'http',
    7,
    "curl: (7) Failed to connect to host.example port 80 after 0 ms: Couldn't connect to server",
    'transient',
    'http.connect',
  ],
  [
    'a certificate that nobody vouches for',
    'http',
    60,
    'curl: (60) SSL certificate problem: self-signed certificate',
    'security',
    'http.tls',
  ],
  ['a partial file that cannot be continued', 'http', 22, 'curl: (22) The requested URL returned error: 416', 'repair', 'http.norange'],
  ['an exit code without a word', 'http', 28, '', 'transient', 'http.read'],
];

describe('explain', () => {
  test.each(ROWS)('%s (%s, exit %i)', (_what, tool, exitCode, text, failureClass, code) => {
    const streams = [
      { stdout: '', stderr: text },
      { stdout: text, stderr: '' },
    ];
    for (const { stderr, stdout } of streams) {
      const explained = explain({ tool, exitCode, stdout, stderr });
      expect({ class: explained.class, code: explained.code }).toEqual({ class: failureClass, code });
      expect(explained.hint === '').toBe(failureClass === 'ok');
    }
  });

  test('names the holder of a lock, the failed hosts and the lines that decided', () => {
    const lock = explain({
      tool: 'apt',
      exitCode: 100,
      stdout: '',
      stderr: 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)',
    });
    expect(lock.lockHolder).toEqual({ pid: 812, name: 'apt-get' });
    const fetch = explain({
      tool: 'apt',
      exitCode: 100,
      stdout: 'Hit:1 http://good.example x InRelease',
      stderr: 'E: Failed to fetch https://user:secret@Bad.example:8443/x/InRelease  Connection timed out [IP: 192.0.2.1 8443]',
    });
    expect(fetch.failedHosts).toEqual(['bad.example']);
    expect(fetch.evidence).toEqual([
      'E: Failed to fetch https://***@Bad.example:8443/x/InRelease  Connection timed out [IP: 192.0.2.1 8443]',
    ]);
  });

  test('reads through terminal colours and carriage returns', () => {
    const text = '\u001b[1;31mError: \u001b[0mUnable to locate package \u001b[1mngnix\u001b[0m\r\n';
    expect(explain({ tool: 'apt', exitCode: 100, stdout: '', stderr: text }).cause).toBe('No source has a package ngnix.');
  });

  test('asks for English where the words are foreign', () => {
    expect(explain({ tool: 'git', exitCode: 128, stdout: '', stderr: 'fatal: репозиторий не найден' }).hint).toContain('LC_ALL=C.UTF-8');
  });

  test('answers any output within its classes, and soon', () => {
    const word = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom(...ROWS.map((row) => row[3])));
    fc.assert(
      fc.property(
        fc.constantFrom<FailureTool>('apt', 'git', 'ssh', 'http'),
        fc.integer({ min: 0, max: 255 }),
        fc.array(word, { maxLength: 30 }),
        (tool, exitCode, words) => {
          const explained = explain({ tool, exitCode, stdout: words.join('\n'), stderr: words.toReversed().join(' ') });
          expect(FAILURE_CLASSES).toContain(explained.class);
          expect(explained.evidence.every((line) => line.length <= 300)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a megabyte of one foreign line does not hold it up', () => {
    const text = `E: Failed to fetch ${'http://a/'.repeat(120_000)}`;
    expect(explain({ tool: 'apt', exitCode: 100, stdout: text, stderr: text }).class).not.toBe('ok');
  });
});
