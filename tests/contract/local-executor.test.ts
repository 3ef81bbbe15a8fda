import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeHostExecutor } from '@breakwater/host-config/testing';
import { createLocalExecutor } from '@breakwater/local-host';
import { describe, expect, test } from 'vitest';
import { createBedFolder } from '../bed/host/bed-folder.ts';

const never = new AbortController().signal;
const isRoot = process.getuid?.() === 0;

describeHostExecutor('this machine', async () => {
  const folder = createBedFolder('local');
  return { host: createLocalExecutor(), folder: realpathSync(folder.path), close: async () => folder.remove() };
});

describe('in a tree', () => {
  test('files never leave it, whatever links say', async () => {
    const folder = createBedFolder('tree');
    const outside = join(folder.path, 'outside');
    const root = join(folder.path, 'root');
    for (const each of [outside, root, join(root, 'etc')]) mkdirSync(each);
    writeFileSync(join(outside, 'secret'), 'outside');
    symlinkSync(outside, join(root, 'absolute'));
    symlinkSync('../../../../../../..', join(root, 'etc/up'));
    symlinkSync('/etc', join(root, 'inside'));
    symlinkSync('loop', join(root, 'loop'));
    const { files } = createLocalExecutor({ root });
    const attributes = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    expect(await files.read('/absolute/secret')).toBeNull();
    await expect(files.write('/absolute/secret', new Uint8Array(), attributes)).rejects.toMatchObject({ code: 'HOST_FILE_FAILED' });
    await expect(files.stat('/loop/x')).rejects.toMatchObject({ code: 'HOST_FILE_FAILED' });
    await files.write('/etc/up/written', new TextEncoder().encode('in the tree'), attributes);
    await files.write('/inside/conf', new TextEncoder().encode('in the tree'), attributes);
    expect(readFileSync(join(root, 'written'), 'utf8')).toBe('in the tree');
    expect(readFileSync(join(root, 'etc/conf'), 'utf8')).toBe('in the tree');
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('outside');
    folder.remove();
  });

  test.runIf(isRoot)('commands see the tree as the root of everything', async () => {
    const folder = createBedFolder('chroot');
    const root = folder.path;
    mkdirSync(join(root, 'work'));
    copyWithLibraries(root, ['/usr/bin/env', '/bin/sh', '/usr/bin/cat']);
    writeFileSync(join(root, 'work/here'), 'inside\n');
    const host = createLocalExecutor({ root });
    const run = (argv: readonly [string, ...string[]], cwd?: string) =>
      host.run({ argv, timeoutMs: 10_000, ...(cwd === undefined ? {} : { cwd }) }, { signal: never });
    expect(await run(['cat', 'here'], '/work')).toMatchObject({ end: { kind: 'exited', exitCode: 0 }, stdout: 'inside\n' });
    expect((await run(['cat', '/etc/passwd'])).end).toEqual({ kind: 'exited', exitCode: 1 });
    expect((await run(['no-such-program'])).end.kind).toBe('not-started');
    expect((await run(['cat'], '/nowhere')).end.kind).toBe('not-started');
    expect((await run(['sh', '-c', 'exit 127'])).end).toEqual({ kind: 'exited', exitCode: 127 });
    folder.remove();
  });
});

function copyWithLibraries(root: string, programs: readonly string[]): void {
  const files = new Set(programs);
  for (const program of programs) {
    for (const [path] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/\S+/g)) files.add(path);
  }
  for (const file of files) {
    execFileSync('install', ['-D', realpathSync(file), join(root, file)]);
  }
}
