import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A gate that cannot fail proves nothing: each has a file in tools/canary that it must refuse.
const root = join(import.meta.dirname, '../..');
const canaries = join(root, 'tools/canary');
let house = '';

/** A tiny house with the project's own settings and nothing wrong in it. */
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'breakwater-canary-'));
  for (const file of ['biome.json', '.gitignore', 'tsconfig.json', '.oxlintrc.json']) cpSync(join(root, file), join(house, file));
  cpSync(join(canaries, 'house'), house, { recursive: true });
  mkdirSync(join(house, 'node_modules/@breakwater'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@breakwater' && !name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(house, 'node_modules', name));
  }
  for (const name of ['kernel', 'contract']) symlinkSync(join(house, 'foundation', name), join(house, 'node_modules/@breakwater', name));
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

function runGate(program: string, args: readonly string[]): { readonly code: number | null; readonly output: string } {
  const result = spawnSync(join(root, 'node_modules/.bin', program), args, {
    cwd: house,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { code: result.status, output: result.stdout + result.stderr };
}

const gates = {
  biome: () => runGate('biome', ['check', '--vcs-enabled=false', '--error-on-warnings', '.']),
  oxlint: () => runGate('oxlint', ['--type-aware', '--deny-warnings', '.']),
  tsc: () => runGate('tsc', ['-p', '.']),
  knip: () => runGate('knip', []),
};

test.each(Object.entries(gates))('%s is green on the clean house', (_name, gate) => {
  const { code, output } = gate();
  expect(code, output).toBe(0);
});

test.each([
  ['biome', 'default-export.ts', 'noDefaultExport'],
  ['biome', 'environment.ts', 'noProcessEnv'],
  ['biome', 'real-time.ts', 'noRestrictedGlobals'],
  ['biome', 'undeclared.ts', 'noUndeclaredDependencies'],
  ['biome', 'enumeration.ts', 'noEnum'],
  ['biome', 'cycle.ts', 'noImportCycles'],
  ['biome', 'long.ts', 'noExcessiveLinesPerFile'],
  ['oxlint', 'floating.ts', 'no-floating-promises'],
  ['oxlint', 'misused.ts', 'no-misused-promises'],
  ['oxlint', 'switch.ts', 'switch-exhaustiveness-check'],
  ['oxlint', 'explicit-any.ts', 'no-explicit-any'],
  ['oxlint', 'focused.test.ts', 'no-focused-tests'],
  ['oxlint', 'disabled.test.ts', 'no-disabled-tests'],
  ['tsc', 'unchecked-index.ts', 'TS2322'],
  ['tsc', 'deep-import.ts', 'TS2307'],
  ['tsc', 'not-erasable.ts', 'TS1294'],
  ['knip', 'dead.ts', 'dead.ts'],
] as const)('%s refuses %s (%s)', (program, file, rule) => {
  const target = join(house, 'foundation/contract/src', file);
  cpSync(join(canaries, `${file}.txt`), target);
  const partner = join(house, 'foundation/contract/src/cycle-back.ts');
  if (file === 'cycle.ts') cpSync(join(canaries, 'cycle-back.ts.txt'), partner);
  if (file === 'long.ts') writeFileSync(target, Array.from({ length: 401 }, (_, line) => `export const line${line} = ${line};`).join('\n'));
  try {
    const { code, output } = gates[program]();
    expect(code).not.toBe(0);
    expect(output).toContain(rule);
  } finally {
    rmSync(target);
    rmSync(partner, { force: true });
  }
});
