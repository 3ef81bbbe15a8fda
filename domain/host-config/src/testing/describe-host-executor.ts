import { systemClock } from '@breakwater/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult, HostCommand, HostExecutor } from '../ports/host-executor.ts';

export interface ExecutorUnderTest {
  readonly host: HostExecutor;
  /** An empty folder of the host, removed by `close`. */
  readonly folder: string;
  close(): Promise<void>;
}

const NAMES = ['with space', "quo'te", 'dou"ble', 'line\nfeed', '-rf', '$HOME', '`id`', 'ümläut', '*', '\\back', 'a'.repeat(200)];
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes));

/** What every `HostExecutor` promises. Runs real commands of a Debian host, so it takes the time that they take. */
export function describeHostExecutor(name: string, openHost: () => Promise<ExecutorUnderTest>): void {
  describe(`as a host executor, ${name}`, { timeout: 60_000 }, () => {
    let under: ExecutorUnderTest;
    beforeAll(async () => {
      under = await openHost();
    });
    afterAll(() => under.close());

    const run = (argv: readonly [string, ...string[]], more: Partial<HostCommand> = {}): Promise<CommandResult> =>
      under.host.run({ argv, timeoutMs: 20_000, ...more }, { signal: new AbortController().signal });
    const sh = (script: string, more: Partial<HostCommand> = {}): Promise<CommandResult> => run(['sh', '-c', script], more);
    const attributes = async (): Promise<{ readonly mode: number; readonly uid: number; readonly gid: number }> => {
      const facts = await under.host.files.stat(under.folder);
      return { mode: 0o640, uid: facts?.uid ?? 0, gid: facts?.gid ?? 0 };
    };
    const isAlive = async (pidFile: string): Promise<boolean> => {
      const pid = decode(await under.host.files.read(`${under.folder}/${pidFile}`))?.trim() ?? '';
      expect(pid).toMatch(/^\d+$/);
      // A process that has ended but was not yet collected by its parent does nothing any more.
      return (await sh(`grep -q '^State:.[^ZX]' /proc/${pid}/status 2>/dev/null && echo alive`)).stdout === 'alive\n';
    };

    test('tells output and exit code, each stream by itself', async () => {
      expect(await sh('echo out; echo err >&2; exit 3')).toMatchObject({
        end: { kind: 'exited', exitCode: 3 },
        stdout: 'out\n',
        stderr: 'err\n',
        isTruncated: false,
      });
    });

    test('exit code 255 is an exit code', async () => {
      expect((await sh('exit 255')).end).toEqual({ kind: 'exited', exitCode: 255 });
    });

    test('an end by a signal is told by its name', async () => {
      expect((await sh('kill -KILL $$')).end).toEqual({ kind: 'signaled', signal: 'SIGKILL' });
    });

    test('a program that is not there has not started', async () => {
      expect((await run(['bed-no-such-program', '--help'])).end.kind).toBe('not-started');
      expect((await run(['true'], { cwd: `${under.folder}/nowhere` })).end.kind).toBe('not-started');
    });

    test('an exit code 127 of a program that did run stays one', async () => {
      expect((await sh('echo "sh: 1: x: not found" >&2; exit 127')).end).toEqual({ kind: 'exited', exitCode: 127 });
    });

    test('arguments arrive as they are', async () => {
      const { stdout } = await run(['printf', '%s\\n', ...NAMES, '']);
      expect(stdout).toBe(`${[...NAMES, ''].join('\n')}\n`);
    });

    test('the environment is small, English, and takes what is added', async () => {
      const { stdout } = await run(['env'], { env: { BED_WORD: "it's $HOME\nhere" } });
      expect(stdout).toContain("BED_WORD=it's $HOME\nhere\n");
      const names = stdout.split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
      expect(names.filter((each) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(each)).toSorted()).toEqual([
        'BED_WORD',
        'HOME',
        'LC_ALL',
        'PATH',
      ]);
      expect(stdout).toContain('LC_ALL=C.UTF-8\n');
    });

    test('what a command makes can be read by others', async () => {
      await sh(`echo open > ${under.folder}/made; mkdir ${under.folder}/made-folder`);
      expect((await under.host.files.stat(`${under.folder}/made`))?.mode).toBe(0o644);
      expect((await under.host.files.stat(`${under.folder}/made-folder`))?.mode).toBe(0o755);
    });

    test('works in the folder that is asked for', async () => {
      const cwd = `${under.folder}/${NAMES[1]}`;
      await under.host.files.makeDirectory(cwd, { ...(await attributes()), mode: 0o755 });
      expect((await run(['pwd'], { cwd })).stdout).toBe(`${cwd}\n`);
    });

    test('standard input is empty, or exactly the given bytes', async () => {
      expect((await sh('wc -c')).stdout.trim()).toBe('0');
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256);
      expect((await sh('sha256sum | cut -c1-64', { stdin: bytes })).stdout.trim()).toBe(await sha256(bytes));
    });

    test('a command that does not read its input ends as it wants to', async () => {
      expect((await sh('exit 4', { stdin: new Uint8Array(2_000_000) })).end).toEqual({ kind: 'exited', exitCode: 4 });
    });

    test('keeps the last 64 KiB of a large output and says that there was more', async () => {
      const result = await sh('seq 1 400000');
      expect(result.isTruncated).toBe(true);
      expect(result.stdout.endsWith('\n399999\n400000\n')).toBe(true);
      expect(result.stdout.length).toBe(65_536);
    });

    test('tells output while the command runs', async () => {
      const told: string[] = [];
      const result = await sh('echo first; echo trouble >&2; sleep 3; echo last', {
        weight: 'long',
        onOutput: (chunk, stream) => told.push(`${stream}:${chunk}`),
      });
      expect(result.stdout).toBe('first\nlast\n');
      expect(told.toSorted()).toEqual(['stderr:trouble\n', 'stdout:first\n', 'stdout:last\n']);
    });

    test('a glance tells output, errors, exit code, environment and folder like any command', async () => {
      const glance = { weight: 'glance', cwd: under.folder, env: { BED_WORD: "it's" } } as const;
      expect(await sh('echo "$BED_WORD"; pwd; printf "no line feed"; echo err >&2; exit 255', glance)).toMatchObject({
        end: { kind: 'exited', exitCode: 255 },
        stdout: `it's\n${under.folder}\nno line feed`,
        stderr: 'err\n',
      });
      expect((await sh('kill -KILL $$', glance)).end).toEqual({ kind: 'signaled', signal: 'SIGKILL' });
      expect((await run(['bed-no-such-program'], glance)).end.kind).toBe('not-started');
      expect((await run(['true'], { ...glance, cwd: `${under.folder}/nowhere` })).end.kind).toBe('not-started');
      expect((await sh('cat; wc -c', glance)).stdout.trim()).toBe('0');
      expect((await sh('cat', { ...glance, stdin: encode('given') })).stdout).toBe('given');
      const told: string[] = [];
      const flood = await sh('seq 1 400000', { ...glance, onOutput: (chunk) => told.push(chunk) });
      expect([flood.isTruncated, flood.stdout.length, told.join('').length]).toEqual([true, 65_536, 2_688_895]);
      const results = await Promise.all(Array.from({ length: 20 }, (_, index) => sh(`echo ${index}; exit ${index}`, glance)));
      expect(results.map(({ end, stdout }) => [end, stdout])).toEqual(
        Array.from({ length: 20 }, (_, index) => [{ kind: 'exited', exitCode: index }, `${index}\n`]),
      );
    });

    test('a glance keeps its time limit and can be called off', async () => {
      const startedMs = systemClock.now();
      const late = await sh(`sleep 300 & echo $! > ${under.folder}/glanced; echo begun; wait`, { weight: 'glance', timeoutMs: 1_000 });
      expect(late).toMatchObject({ end: { kind: 'timed-out', exitCode: null }, stdout: 'begun\n' });
      expect(await isAlive('glanced')).toBe(false);
      const deaf = `trap '' TERM; echo $$ > ${under.folder}/deafened; while :; do sleep 0.2; done`;
      expect((await sh(deaf, { weight: 'glance', timeoutMs: 500, graceMs: 300 })).end).toEqual({ kind: 'timed-out', exitCode: null });
      expect(await isAlive('deafened')).toBe(false);
      const abort = new AbortController();
      const command: HostCommand = {
        argv: ['sh', '-c', `echo $$ > ${under.folder}/called; sleep 300`],
        timeoutMs: 60_000,
        weight: 'glance',
      };
      const refusal = under.host.run(command, { signal: abort.signal }).catch((error: unknown) => error);
      await waitFor(async () => (await under.host.files.read(`${under.folder}/called`))?.length !== undefined);
      abort.abort(new Error('not wanted any more'));
      expect(await refusal).toMatchObject({ message: 'not wanted any more' });
      expect(await isAlive('called')).toBe(false);
      expect(systemClock.now() - startedMs).toBeLessThan(10_000);
    });

    test('twenty commands at a time get their own answers', async () => {
      const results = await Promise.all(Array.from({ length: 20 }, (_, index) => sh(`sleep 0.1; echo ${index}; exit ${index}`)));
      expect(results.map(({ end, stdout }) => [end, stdout])).toEqual(
        Array.from({ length: 20 }, (_, index) => [{ kind: 'exited', exitCode: index }, `${index}\n`]),
      );
    });

    test('a time limit ends the command and its children', async () => {
      const startedMs = systemClock.now();
      const result = await sh(`sleep 300 & echo $! > ${under.folder}/child; echo begun; wait`, { timeoutMs: 1_500 });
      expect(result.end).toEqual({ kind: 'timed-out', exitCode: null });
      expect(result.stdout).toBe('begun\n');
      expect(systemClock.now() - startedMs).toBeLessThan(1_500 + 2_000);
      expect(await isAlive('child')).toBe(false);
    });

    test('what does not listen to TERM is killed after the grace time', async () => {
      const startedMs = systemClock.now();
      const script = `trap '' TERM; (trap '' TERM; echo $(exec sh -c 'echo $PPID') > ${under.folder}/deaf; while :; do sleep 0.2; done) & wait; while :; do sleep 0.2; done`;
      const result = await sh(script, { timeoutMs: 1_000, graceMs: 500 });
      expect(result.end).toEqual({ kind: 'timed-out', exitCode: null });
      expect(systemClock.now() - startedMs).toBeLessThan(1_500 + 2_000);
      expect(await isAlive('deaf')).toBe(false);
    });

    test('a grandchild that holds the pipe holds up nobody, and lives on', async () => {
      const startedMs = systemClock.now();
      const result = await sh(`(sleep 20; :) & echo $! > ${under.folder}/daemon; echo done`);
      expect(result).toMatchObject({ end: { kind: 'exited', exitCode: 0 }, stdout: 'done\n' });
      expect(systemClock.now() - startedMs).toBeLessThan(5_000);
      expect(await isAlive('daemon')).toBe(true);
      await sh(`kill $(cat ${under.folder}/daemon)`);
    });

    test('an interrupted command comes to its own end', async () => {
      const result = await sh("trap 'echo finishing; sleep 0.3; echo finished; exit 7' INT; while :; do sleep 0.1; done", {
        timeoutMs: 1_000,
        graceMs: 10_000,
        onTimeout: 'interrupt',
      });
      expect(result.end).toEqual({ kind: 'timed-out', exitCode: 7 });
      expect(result.stdout).toBe('finishing\nfinished\n');
    });

    test('a command that does not listen to INT is left running after the grace time', async () => {
      const script = `trap '' INT; echo $$ > ${under.folder}/stubborn; n=0; while [ $n -lt 40 ]; do sleep 0.2; echo tick; n=$((n+1)); done`;
      const result = await sh(script, { timeoutMs: 800, graceMs: 800, onTimeout: 'interrupt' });
      expect(result.end).toEqual({ kind: 'timed-out', exitCode: null });
      expect(await isAlive('stubborn')).toBe(true);
      await sh(`kill -KILL $(cat ${under.folder}/stubborn)`);
    });

    test('an abort ends the command and rejects with its reason', async () => {
      const abort = new AbortController();
      const command: HostCommand = { argv: ['sh', '-c', `echo $$ > ${under.folder}/aborted; sleep 300`], timeoutMs: 60_000 };
      const running = under.host.run(command, { signal: abort.signal });
      const refusal = running.catch((error: unknown) => error);
      await waitFor(async () => (await under.host.files.read(`${under.folder}/aborted`)) !== null);
      abort.abort(new Error('not wanted any more'));
      expect(await refusal).toMatchObject({ message: 'not wanted any more' });
      expect(await isAlive('aborted')).toBe(false);
      await expect(under.host.run(command, { signal: abort.signal })).rejects.toThrow('not wanted any more');
    });

    test('files are written in one step, with their attributes, and read back', async () => {
      const path = `${under.folder}/file`;
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256);
      await under.host.files.write(path, bytes, { ...(await attributes()), mtimeMs: 1_700_000_000_123 });
      expect(await under.host.files.read(path)).toEqual(bytes);
      expect(await under.host.files.stat(path)).toEqual({
        ...(await attributes()),
        kind: 'file',
        sizeBytes: 70_000,
        mtimeMs: 1_700_000_000_123,
        target: null,
      });
      await under.host.files.write(path, new Uint8Array(), { ...(await attributes()), mode: 0o4755 });
      expect(await under.host.files.read(path)).toEqual(new Uint8Array());
      expect((await under.host.files.stat(path))?.mode).toBe(0o4755);
      expect((await under.host.files.list(under.folder))?.filter((each) => each.startsWith('.bw-'))).toEqual([]);
    });

    test('hostile names are names', async () => {
      const folder = `${under.folder}/names`;
      await under.host.files.makeDirectory(folder, { ...(await attributes()), mode: 0o755 });
      for (const each of NAMES) {
        await under.host.files.write(`${folder}/${each}`, encode(each), await attributes());
        expect(decode(await under.host.files.read(`${folder}/${each}`))).toBe(each);
        expect((await under.host.files.stat(`${folder}/${each}`))?.kind).toBe('file');
      }
      expect(await under.host.files.list(folder)).toEqual(NAMES.toSorted());
      await under.host.files.rename(`${folder}/-rf`, `${folder}/-i`);
      await under.host.files.setAttributes(`${folder}/-i`, { mode: 0o600, mtimeMs: 1_600_000_000_001 });
      expect(await under.host.files.stat(`${folder}/-i`)).toMatchObject({ mode: 0o600, mtimeMs: 1_600_000_000_001 });
      for (const each of ['-i', ...NAMES]) await under.host.files.remove(`${folder}/${each}`);
      expect(await under.host.files.list(folder)).toEqual([]);
    });

    test('links are told and not followed', async () => {
      const { files } = under.host;
      const link = `${under.folder}/link`;
      await files.write(`${under.folder}/aim`, encode('aim'), await attributes());
      await files.makeLink(link, "aim 'of\nit");
      expect(await files.stat(link)).toMatchObject({ kind: 'link', target: "aim 'of\nit" });
      await expect(files.read(link)).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
      await expect(files.makeLink(link, 'aim')).rejects.toMatchObject({ code: 'HOST_FILE_FAILED' });
      await files.write(link, encode('a file now'), await attributes());
      expect((await files.stat(link))?.kind).toBe('file');
      expect(decode(await files.read(`${under.folder}/aim`))).toBe('aim');
    });

    test('folders are made, listed, and removed only when asked for what they hold', async () => {
      const { files } = under.host;
      const folder = `${under.folder}/tree`;
      await files.makeDirectory(folder, { ...(await attributes()), mode: 0o750 });
      expect(await files.stat(folder)).toMatchObject({ kind: 'directory', mode: 0o750 });
      await files.makeDirectory(folder, { ...(await attributes()), mode: 0o700 });
      expect(await files.stat(folder)).toMatchObject({ mode: 0o700 });
      await files.write(`${folder}/kept`, encode('kept'), await attributes());
      await files.makeLink(`${folder}/out`, under.folder);
      expect(await files.removeDirectory(folder)).toBe(false);
      await expect(files.remove(folder)).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
      await expect(files.write(folder, encode('x'), await attributes())).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
      expect(await files.list(folder)).toEqual(['kept', 'out']);
      await files.removeTree(folder);
      expect(await files.stat(folder)).toBeNull();
      expect(await files.stat(under.folder)).not.toBeNull();
      expect(await files.removeDirectory(folder)).toBe(true);
    });

    test('what is not there is null, or nothing to remove', async () => {
      const { files } = under.host;
      const path = `${under.folder}/nothing`;
      expect([await files.stat(path), await files.read(path), await files.list(path)]).toEqual([null, null, null]);
      expect(await files.stat(`${under.folder}/file/below`)).toBeNull();
      await files.remove(path);
      await files.removeTree(path);
      await expect(files.write(`${path}/file`, encode('x'), await attributes())).rejects.toMatchObject({
        code: 'HOST_FILE_FAILED',
        details: { path: `${path}/file` },
      });
      await expect(files.rename(path, `${path}2`)).rejects.toMatchObject({ code: 'HOST_FILE_FAILED' });
    });

    test('limits and dangerous paths are refused', async () => {
      const { files } = under.host;
      await files.write(`${under.folder}/large`, new Uint8Array(2_000), await attributes());
      await expect(files.read(`${under.folder}/large`, { maxBytes: 1_999 })).rejects.toMatchObject({ code: 'HOST_FILE_TOO_LARGE' });
      expect(await files.read(`${under.folder}/large`, { maxBytes: 2_000 })).toHaveLength(2_000);
      for (const path of ['/', '/etc', '//etc/', 'etc/x', '/etc/../tmp/x', '/tmp/a\0b']) {
        await expect(files.removeTree(path)).rejects.toMatchObject({ code: 'HOST_FILE_REFUSED' });
      }
    });
  });
}

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (await isSo()) return;
    await new Promise<void>((resolve) => systemClock.after(50, resolve, { keepAlive: true }));
  }
  throw new Error('It has not come true within ten seconds.');
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
