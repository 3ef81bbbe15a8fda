import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import {
  createHostFileError,
  type FileAttributes,
  type FileFacts,
  type HostFiles,
  requireDeepPath,
  requireHostPath,
} from '@breakwater/host-config';
import type { Clock } from '@breakwater/kernel';
import { ask } from './ask.ts';
import type { Link } from './link.ts';
import { quote } from './quote.ts';
import { type Job, type JobOrder, runJob } from './run-job.ts';

const DEFAULT_MAX_BYTES = 1_024 * 1_024;
/** One act with a file, repeated connecting included. */
const ACT_TIMEOUT_MS = 120_000;
/** What a link that was cut makes us send again, at most. */
const PIECE_BYTES = 4 * 1_024 * 1_024;

/** Exit codes of our scripts for what is no failure of a tool. */
const KIND = 41;
const NOT_EMPTY = 43;
const NOTHING = 44;

interface Act {
  readonly path: string;
  readonly script: string;
  readonly stdin?: Uint8Array;
  /** More output than this is not read. */
  readonly maxBytes?: number;
}

interface Done {
  readonly exitCode: number;
  readonly out: Buffer;
  readonly err: string;
}

/** Files of a host by the tools of every Debian: coreutils and findutils. Each act is a job, so a cut link repeats none of them; questions are no jobs. */
export class RemoteFiles implements HostFiles {
  readonly #link: Link;
  readonly #clock: Clock;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  async stat(path: string): Promise<FileFacts | null> {
    const script = `f=${quote(path)}\nstat -c '%f %u %g %s %.3Y' -- "$f" || exit 1\n[ -L "$f" ] && readlink -n -- "$f"\nexit 0\n`;
    const done = await this.#ask({ path, script });
    if (isNothingThere(done)) return null;
    requireDone(path, done);
    const text = done.out.toString();
    const lineEnd = text.indexOf('\n');
    const match = /^([0-9a-f]+) (\d+) (\d+) (\d+) (-?\d+)\.(\d{3})$/.exec(text.slice(0, lineEnd));
    if (match === null) throw createHostFileError('HOST_FILE_FAILED', { path, why: 'stat of the host answers in an unknown way' });
    const mode = Number.parseInt(match[1] ?? '', 16);
    // The highest of the four hexadecimal digits is the kind.
    const kind = (match[1]?.length === 4 ? KINDS.get(match[1].charAt(0)) : undefined) ?? 'other';
    return {
      kind,
      mode: mode & 0o7777,
      uid: Number(match[2]),
      gid: Number(match[3]),
      sizeBytes: Number(match[4]),
      mtimeMs: Number(match[5]) * 1_000 + Number(match[6]),
      target: kind === 'link' ? text.slice(lineEnd + 1) : null,
    };
  }

  async read(path: string, { maxBytes = DEFAULT_MAX_BYTES }: { readonly maxBytes?: number } = {}): Promise<Uint8Array | null> {
    const script = [
      `f=${quote(path)}`,
      `[ -L "$f" ] && exit ${KIND}`,
      // Only when there is no file, a process tells why; it may have come meanwhile.
      `[ -f "$f" ] || { stat -c %f -- "$f" >/dev/null || exit 1; [ -f "$f" ] || exit ${KIND}; }`,
      `exec head -c ${maxBytes + 1} -- "$f"`,
      '',
    ].join('\n');
    const done = await this.#ask({ path, script, maxBytes: maxBytes + 1 });
    if (isNothingThere(done)) return null;
    requireDone(path, done);
    if (done.out.length > maxBytes) throw createHostFileError('HOST_FILE_TOO_LARGE', { path, why: `it has more than ${maxBytes} bytes` });
    return new Uint8Array(done.out);
  }

  async write(path: string, content: Uint8Array, attributes: FileAttributes): Promise<void> {
    requireHostPath(path);
    const temporary = toTemporary(path);
    await this.#upload({ path, temporary, piece: content, offset: 0 });
    await this.#putInPlace({ path, temporary, attributes });
  }

  async install(localPath: string, path: string, attributes: FileAttributes): Promise<void> {
    requireHostPath(path);
    const temporary = toTemporary(path);
    await using source = await open(localPath, 'r');
    const piece = Buffer.alloc(PIECE_BYTES);
    let offset = 0;
    for (;;) {
      const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, offset);
      if (bytesRead === 0 && offset > 0) break;
      await this.#upload({ path, temporary, piece: piece.subarray(0, bytesRead), offset });
      offset += bytesRead;
      if (bytesRead === 0) break;
    }
    await this.#putInPlace({ path, temporary, attributes });
  }

  async setAttributes(path: string, attributes: Partial<FileAttributes>): Promise<void> {
    await this.#actWell({ path, script: `f=${quote(path)}\n${createAttributeScript(attributes)}` });
  }

  async makeDirectory(path: string, attributes: FileAttributes): Promise<void> {
    const script = [
      `f=${quote(path)}`,
      'if [ -d "$f" ] && [ ! -L "$f" ]; then :',
      `elif [ -e "$f" ] || [ -L "$f" ]; then exit ${KIND}`,
      'else mkdir -m 700 -- "$f" || exit 1; fi',
      createAttributeScript(attributes),
    ].join('\n');
    await this.#actWell({ path, script });
  }

  async makeLink(path: string, target: string): Promise<void> {
    await this.#actWell({ path, script: `ln -s -T -- ${quote(target)} ${quote(path)}\n` });
  }

  async rename(from: string, to: string): Promise<void> {
    requireHostPath(to);
    await this.#actWell({ path: from, script: `mv -f -T -- ${quote(from)} ${quote(to)}\n` });
  }

  async remove(path: string): Promise<void> {
    await this.#actWell({ path, script: `f=${quote(path)}\n[ -d "$f" ] && [ ! -L "$f" ] && exit ${KIND}\nrm -f -- "$f"\n` });
  }

  async removeDirectory(path: string): Promise<boolean> {
    const script = [
      `f=${quote(path)}`,
      '[ -e "$f" ] || [ -L "$f" ] || exit 0',
      `[ -d "$f" ] && [ ! -L "$f" ] || exit ${KIND}`,
      `[ -z "$(find "$f" -mindepth 1 -maxdepth 1 -printf x -quit)" ] || exit ${NOT_EMPTY}`,
      'rmdir -- "$f"',
      '',
    ].join('\n');
    const done = await this.#act({ path, script });
    if (done.exitCode === NOT_EMPTY) return false;
    requireDone(path, done);
    return true;
  }

  async removeTree(path: string): Promise<void> {
    requireDeepPath(path);
    await this.#actWell({ path, script: `rm -rf -- ${quote(path)}\n` });
  }

  async list(path: string): Promise<readonly string[] | null> {
    const script = `f=${quote(path)}\n[ -d "$f" ] && [ ! -L "$f" ] || exit ${NOTHING}\nfind "$f" -mindepth 1 -maxdepth 1 -printf '%f\\0'\n`;
    const done = await this.#ask({ path, script, maxBytes: 16 * 1_024 * 1_024 });
    if (done.exitCode === NOTHING) return null;
    requireDone(path, done);
    return done.out
      .toString()
      .split('\0')
      .filter((name) => name !== '')
      .toSorted();
  }

  /** Appends a piece to the temporary file; the first one makes it, and takes over nothing that is there already. */
  async #upload(order: {
    readonly path: string;
    readonly temporary: string;
    readonly piece: Uint8Array;
    readonly offset: number;
  }): Promise<void> {
    const { offset, path, piece, temporary } = order;
    const script = [
      `f=${quote(path)} t=${quote(temporary)}`,
      `[ -d "$f" ] && [ ! -L "$f" ] && exit ${KIND}`,
      offset === 0 ? 'set -C; umask 077; : >"$t" || exit 1; set +C' : `[ "$(wc -c <"$t")" -eq ${offset} ] || exit 1`,
      'cat >>"$t" || { rm -f -- "$t"; exit 1; }',
      '',
    ].join('\n');
    await this.#actWell({ path, script, stdin: Uint8Array.from(piece) });
  }

  async #putInPlace(order: { readonly path: string; readonly temporary: string; readonly attributes: FileAttributes }): Promise<void> {
    const { attributes, path, temporary } = order;
    const script = [
      `f=${quote(temporary)}`,
      `trap 'rm -f -- "$f"' EXIT`,
      createAttributeScript(attributes),
      `sync -- "$f" && mv -f -T -- "$f" ${quote(path)} && sync -- ${quote(path.slice(0, path.lastIndexOf('/')) || '/')}`,
      '',
    ].join('\n');
    await this.#actWell({ path, script });
  }

  async #actWell(act: Act): Promise<void> {
    requireDone(act.path, await this.#act(act));
  }

  #ask(act: Act): Promise<Done> {
    return this.#finish(act, (order) => ask(this.#link, order));
  }

  #act(act: Act): Promise<Done> {
    return this.#finish(act, (order) => runJob(this.#link, { ...order, mode: 'act', stdin: act.stdin }));
  }

  async #finish({ maxBytes = 64 * 1_024, path, script }: Act, begin: (order: Omit<JobOrder, 'mode'>) => Job): Promise<Done> {
    requireHostPath(path);
    const parts: Record<'out' | 'err', Buffer[]> = { out: [], err: [] };
    const left = { out: maxBytes, err: 8 * 1_024 };
    const untilMs = this.#clock.now() + ACT_TIMEOUT_MS;
    const job = begin({
      script,
      untilMs: () => untilMs,
      onBytes: (bytes, stream) => {
        const taken = Buffer.from(bytes.subarray(0, Math.max(0, left[stream])));
        left[stream] -= taken.length;
        parts[stream].push(taken);
      },
    });
    const end = await job.end;
    if (end.kind === 'not-sent' || end.kind === 'lost') throw end.error;
    if (end.kind === 'left') throw createHostFileError('HOST_FILE_FAILED', { path, why: 'nobody waits for it any longer' });
    this.#link.forget(job.id);
    return { exitCode: end.exitCode, out: Buffer.concat(parts.out), err: Buffer.concat(parts.err).toString() };
  }
}

const KINDS: ReadonlyMap<string, FileFacts['kind']> = new Map([
  ['8', 'file'],
  ['4', 'directory'],
  ['a', 'link'],
]);

const toTemporary = (path: string): string => `${path.slice(0, path.lastIndexOf('/'))}/.bw-${randomBytes(8).toString('hex')}`;

/** Owner before mode: a change of the owner takes the set-user-id bit away. Expects the path in `$f`. */
function createAttributeScript({ gid, mode, mtimeMs, uid }: Partial<FileAttributes>): string {
  const owner = `${uid ?? ''}${gid === undefined ? '' : `:${gid}`}`;
  return [
    ...(owner === '' ? [] : [`chown -h -- ${owner} "$f" || exit 1`]),
    ...(mode === undefined ? [] : [`[ -L "$f" ] || chmod -- ${mode.toString(8).padStart(5, '0')} "$f" || exit 1`]),
    ...(mtimeMs === undefined ? [] : [`touch -h -d @${(Math.floor(mtimeMs) / 1_000).toFixed(3)} -- "$f" || exit 1`]),
    '',
  ].join('\n');
}

const isNothingThere = ({ err, exitCode }: Done): boolean =>
  exitCode === 1 && /: (?:No such file or directory|Not a directory)\n?$/.test(err);

function requireDone(path: string, { err, exitCode }: Done): void {
  if (exitCode === 0) return;
  if (exitCode === KIND) throw createHostFileError('HOST_FILE_KIND', { path, why: 'it is of another kind' });
  const why = err.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  throw createHostFileError('HOST_FILE_FAILED', { path, why: why === '' ? `the host says no more than ${exitCode}` : why });
}
