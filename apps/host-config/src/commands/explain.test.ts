import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgramBed } from '../testing/run-in-memory.ts';

const { run: runInMemory } = createProgramBed();

const MISSPELT = 'Reading package lists...\nE: Unable to locate package ngnix\n';
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'explain-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('explain', () => {
  test('says class, code, cause and next step of a file, as one JSON object', async () => {
    const file = join(folder, 'apt.txt');
    writeFileSync(file, MISSPELT);
    const { exitCode, records } = await runInMemory(['explain', '--tool', 'apt', '--exit', '100', file, '--json']);
    expect(exitCode).toBe(0);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ kind: 'explanation', class: 'permanent', code: 'apt.pkg.notfound', tool: 'apt', exitCode: 100 });
    expect(records[0]?.['cause']).toContain('ngnix');
    expect(records[0]?.['hint']).not.toBe('');
  });

  test('reads standard input, and prints for people what the lines say without what they would do to a terminal', async () => {
    const input = "fatal: unable to access 'https://x.example/\u001b]0;title\u0007': Could not resolve host: x.example\n";
    const { exitCode, output } = await runInMemory(['explain', '--tool', 'git', '--exit', '128'], { input });
    expect(exitCode).toBe(0);
    expect(output).toContain('transient');
    expect(output).toContain('Next step: ');
    expect(output).not.toContain('\u001b');
    expect(output).not.toContain('\u0007');
  });

  test('looks at the end of an output of any length', async () => {
    const input = `${'Get:1 http://mirror.example/ x\n'.repeat(60_000)}${MISSPELT}`;
    const { output } = await runInMemory(['explain', '--tool', 'apt', '--exit', '100'], { input });
    expect(output).toContain('apt.pkg.notfound');
  });

  test.each([
    ['an unknown tool', ['--tool', 'yum', '--exit', '1']],
    ['no tool', ['--exit', '1']],
    ['no exit code', ['--tool', 'apt']],
    ['an exit code that no tool has', ['--tool', 'apt', '--exit', '256']],
    ['an exit code that is no number', ['--tool', 'apt', '--exit', 'x']],
    ['a file that is not there', ['--tool', 'apt', '--exit', '100', '/nowhere/out.txt']],
    ['two files', ['--tool', 'apt', '--exit', '100', 'a', 'b']],
  ])('ends with 4 for %s', async (_what, args) => {
    const { exitCode, messages, output } = await runInMemory(['explain', ...args], { input: MISSPELT });
    expect(exitCode).toBe(4);
    expect(messages).not.toBe('');
    expect(output).toBe('');
  });

  test('colours only where they are wanted', async () => {
    const args = ['explain', '--tool', 'apt', '--exit', '100'];
    expect((await runInMemory(args, { input: MISSPELT, isTerminal: true })).output).toContain('\u001b[');
    expect((await runInMemory([...args, '--no-color'], { input: MISSPELT, isTerminal: true })).output).not.toContain('\u001b[');
  });
});
