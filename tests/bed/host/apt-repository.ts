import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { APT_PACKAGES, type BedPackage, SLOW_POSTINST_SECONDS } from './apt-packages.ts';
import { createBedFolder } from './bed-folder.ts';
import { type FaultyServer, startFaultyServer } from './faulty-server.ts';
import { runTool } from './run-tool.ts';
import { serveFolder } from './serve-files.ts';

/** `nopubkey`: signed by a key that nobody has; `future`: not valid yet; `badsig`: changed after it was signed. */
export type AptSuite = 'stable' | 'nopubkey' | 'expired' | 'future' | 'unsigned' | 'badsig';

export interface AptRepository extends FaultyServer {
  /** The public key, binary, as `signed-by` takes it. */
  readonly keyPath: string;
  /** 40 hexadecimal digits, upper case. */
  readonly fingerprint: string;
  /** Of `pool/…`, below `url`. */
  poolPath(name: string, version: string): string;
  /** One line for `sources.list`. */
  sourceLine(suite?: AptSuite): string;
  /** Takes a version away from index and pool, as a mirror does after an update; lists that were fetched before are old then. */
  withdraw(name: string, version: string): void;
}

export interface AptRepositoryOptions {
  readonly host?: string;
  /** Of the package `bed-slowpost`. */
  readonly slowPostinstSeconds?: number;
}

interface Key {
  readonly home: string;
  readonly fingerprint: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A signed repository with tiny packages, served over HTTP. Needs `dpkg-deb` and `gpg`. */
export async function startAptRepository(options: AptRepositoryOptions = {}): Promise<AptRepository> {
  const folder = createBedFolder('apt');
  const site = join(folder.path, 'site');
  const key = createKey(join(folder.path, 'k1'));
  const stranger = createKey(join(folder.path, 'k2'));
  const keyPath = join(folder.path, 'bed.gpg');
  writeFileSync(keyPath, exportKey(key));
  const slow = String(options.slowPostinstSeconds ?? SLOW_POSTINST_SECONDS);
  let stanzas = APT_PACKAGES.map((each) => buildPackage(each, { site, work: join(folder.path, 'w'), slow }));
  const startedAtMs = Date.now();
  let publications = 0;
  // Each is a minute newer than the one before: apt asks by date, and would take a second one of the same second for the first.
  const publish = (): void => {
    const atMs = startedAtMs - HOUR_MS + MINUTE_MS * publications++;
    writeSuites({ site, stanzas: stanzas.map(({ text }) => text), key, stranger, atMs });
  };
  publish();
  const server = await startFaultyServer({
    answer: serveFolder(site),
    ...(options.host === undefined ? {} : { host: options.host }),
  });
  return {
    ...server,
    keyPath,
    fingerprint: key.fingerprint,
    poolPath,
    sourceLine: (suite = 'stable') => `deb [signed-by=${keyPath}] ${server.url} ${suite} main`,
    withdraw: (name, version) => {
      rmSync(join(site, poolPath(name, version)), { force: true });
      stanzas = stanzas.filter((each) => each.name !== name || each.version !== version);
      publish();
    },
    async stop() {
      await server.stop();
      for (const { home } of [key, stranger]) runTool(['gpgconf', '--homedir', home, '--kill', 'all']);
      folder.remove();
    },
  };
}

const poolPath = (name: string, version: string): string => `pool/${name}_${version}_all.deb`;

function buildPackage(
  each: BedPackage,
  { site, slow, work }: { readonly site: string; readonly work: string; readonly slow: string },
): { readonly name: string; readonly version: string; readonly text: string } {
  const { fields = {}, name, version } = each;
  rmSync(work, { recursive: true, force: true });
  const control = {
    Package: name,
    Version: version,
    Architecture: 'all',
    Maintainer: 'Bed <bed@example.org>',
    Section: 'misc',
    Priority: 'optional',
    ...fields,
    Description: `${name} of the test bed`,
  };
  const text = Object.entries(control)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
  mkdirSync(join(work, 'DEBIAN'), { recursive: true });
  writeFileSync(join(work, 'DEBIAN/control'), text);
  for (const [path, content] of Object.entries(each.files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), typeof content === 'string' ? content : randomBytes(content.randomBytes));
  }
  if (each.conffiles !== undefined) writeFileSync(join(work, 'DEBIAN/conffiles'), each.conffiles.map((path) => `/${path}\n`).join(''));
  if (each.postinst !== undefined) {
    writeFileSync(join(work, 'DEBIAN/postinst'), `#!/bin/sh\nset -e\n${each.postinst.replaceAll('%SLOW%', slow)}\n`, { mode: 0o755 });
  }
  const file = join(site, poolPath(name, version));
  mkdirSync(dirname(file), { recursive: true });
  runTool(['dpkg-deb', '--root-owner-group', '-Znone', '--build', work, file]);
  rmSync(work, { recursive: true, force: true });
  const deb = readFileSync(file);
  return { name, version, text: `${text}Filename: ${poolPath(name, version)}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n` };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function writeSuites(order: {
  readonly site: string;
  readonly stanzas: readonly string[];
  readonly key: Key;
  readonly stranger: Key;
  readonly atMs: number;
}): void {
  const { atMs, key, site, stanzas, stranger } = order;
  const architecture = runTool(['dpkg', '--print-architecture']).trim();
  const index = Buffer.from(stanzas.join('\n'));
  const files = new Map([
    [`main/binary-${architecture}/Packages`, index],
    [`main/binary-${architecture}/Packages.gz`, gzipSync(index)],
  ]);
  const release = (suite: AptSuite, dates: { readonly atMs: number; readonly untilMs?: number }): string =>
    [
      'Origin: Bed',
      'Label: Bed',
      `Suite: ${suite}`,
      `Codename: ${suite}`,
      `Date: ${toReleaseDate(dates.atMs)}`,
      ...(dates.untilMs === undefined ? [] : [`Valid-Until: ${toReleaseDate(dates.untilMs)}`]),
      `Architectures: ${architecture} all`,
      'Components: main',
      'Description: Packages of the test bed',
      'SHA256:',
      ...[...files].map(([name, bytes]) => ` ${sha256(bytes)} ${bytes.length} ${name}`),
      '',
    ].join('\n');
  const write = (suite: AptSuite, content: { readonly release: string; readonly inRelease: string | null }): void => {
    const folder = join(site, 'dists', suite);
    rmSync(folder, { recursive: true, force: true });
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    writeFileSync(join(folder, 'Release'), content.release);
    if (content.inRelease !== null) writeFileSync(join(folder, 'InRelease'), content.inRelease);
    for (const name of [...files.keys(), ...readdirSync(folder)]) utimesSync(join(folder, name), atMs / 1_000, atMs / 1_000);
  };
  const stable = release('stable', { atMs });
  const nopubkey = release('nopubkey', { atMs });
  const expired = release('expired', { atMs: atMs - 72 * HOUR_MS, untilMs: atMs - 48 * HOUR_MS });
  const future = release('future', { atMs: atMs + 48 * HOUR_MS });
  const unsigned = release('unsigned', { atMs });
  const badsig = release('badsig', { atMs });
  write('stable', { release: stable, inRelease: sign(key, stable) });
  write('nopubkey', { release: nopubkey, inRelease: sign(stranger, nopubkey) });
  write('expired', { release: expired, inRelease: sign(key, expired) });
  write('future', { release: future, inRelease: sign(key, future) });
  write('unsigned', { release: unsigned, inRelease: null });
  write('badsig', { release: badsig, inRelease: sign(key, badsig).replace('Label: Bed', 'Label: Bad') });
}

/** RFC 2822 with a numeric zone, as Release files have it. */
const toReleaseDate = (ms: number): string => new Date(ms).toUTCString().replace('GMT', '+0000');

function createKey(home: string): Key {
  mkdirSync(home, { mode: 0o700 });
  const gpg = ['gpg', '--homedir', home, '--batch', '--quiet'] as const;
  runTool([...gpg, '--passphrase', '', '--quick-generate-key', 'Bed <bed@example.org>', 'ed25519', 'sign', 'never']);
  const listing = runTool([...gpg, '--with-colons', '--list-keys']);
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1];
  if (fingerprint === undefined) throw new Error(`gpg made no key:\n${listing}`);
  return { home, fingerprint };
}

function exportKey({ fingerprint, home }: Key): Buffer {
  const armored = runTool(['gpg', '--homedir', home, '--batch', '--armor', '--export', fingerprint]);
  const body = armored.split('\n\n')[1]?.split('\n=')[0] ?? '';
  return Buffer.from(body, 'base64');
}

const sign = ({ fingerprint, home }: Key, text: string): string =>
  runTool(['gpg', '--homedir', home, '--batch', '--quiet', '--local-user', fingerprint, '--clearsign'], { input: text });
