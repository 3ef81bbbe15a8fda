import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Pages whose examples are whole programs. */
const PAGES = ['foundation/resilience/README.md', ...globSync('docs/**/*.md', { cwd: root })];

const MISTAKE = "import { createPipeline } from '@breakwater/resilience';\ncreatePipeline({ deadline: 1 }, { key: 'a' });";

function findExamples(page: string): readonly { readonly file: string; readonly code: string }[] {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)];
  return blocks.map(([, code = ''], index) => ({ file: `${page.replaceAll('/', '-')}-${index + 1}.ts`, code }));
}

/** The places where the compiler finds a fault. */
function compile(codes: readonly { readonly file: string; readonly code: string }[]): readonly string[] {
  // Below node_modules, so that packages are found as a reader's program finds them.
  const parent = join(root, 'node_modules/.cache');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'docs-examples-'));
  try {
    for (const { file, code } of codes) writeFileSync(join(folder, file), `${code}\nexport {};\n`);
    const files = codes.map(({ file }) => file);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files }));
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
    return [...stdout.matchAll(/([^/\n]+\(\d+,\d+\)): error/g)].map(([, place = '']) => place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the examples of the pages compile, and one with a mistake does not', { timeout: 180_000 }, () => {
  const examples = PAGES.flatMap(findExamples);
  expect(examples.length).toBeGreaterThan(1);
  expect(compile([...examples, { file: 'mistake.ts', code: MISTAKE }])).toEqual(['mistake.ts(2,18)']);
});
