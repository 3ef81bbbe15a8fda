import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const tools = join(import.meta.dirname, '../../tools');
const shim = mkdtempSync(join(tmpdir(), 'breakwater-path-'));

afterAll(() => rmSync(shim, { recursive: true, force: true }));

/** Runs a few lines that import from `tools/`, as the scripts do, in a process of their own. */
function runTool(lines: string, env: NodeJS.ProcessEnv = process.env): { readonly code: number | null; readonly stderr: string } {
  const result = spawnSync(process.execPath, ['--input-type=module', '--eval', lines], { cwd: tools, encoding: 'utf8', env });
  return { code: result.status, stderr: result.stderr };
}

test('a machine without the packages of the tests, and without the right to install them, is told which and how', () => {
  const programs = ['which', 'test'].map((name) => ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find(existsSync) ?? '');
  for (const program of programs) symlinkSync(program, join(shim, program.split('/').at(-1) ?? ''));
  const { code, stderr } = runTool(
    `import { ensureSystemPackages } from './system-packages.mjs';
     await ensureSystemPackages().catch((error) => { console.error(error.message); process.exit(1); });`,
    { PATH: shim },
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^The tests need Debian packages that are not installed. Install them as root:\n {2}apt-get install .*golang-go .*chromium tigervnc-standalone-server redis-server postgresql gpg dpkg-dev openssh-client openssl\n$/,
  );
});

test.each([
  ['exit 3', 3],
  ['kill -TERM $$', 143],
  ['kill -INT $$', 130],
])('a script that ran "%s" ends with %d', (command, expected) => {
  expect(
    runTool(`import { run } from './processes.mjs'; process.exit(await run('/bin/sh', ['-c', ${JSON.stringify(command)}]));`).code,
  ).toBe(expected);
});
