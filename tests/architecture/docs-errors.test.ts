import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const FLOORS = ['foundation', 'devices', 'domain', 'adapters', 'apps'];
const CODE = /'((?:KERNEL|TRANSPORT|RESILIENCE|VSPHERE|FLEET|ACCESS|PORTAL|STORAGE|COORDINATION|HOST|CLI)_[A-Z0-9_]+)'/g;

/** Literals of this shape that are no codes. */
const NO_CODES: ReadonlySet<string> = new Set([
  // Beginning that two codes share.
  'TRANSPORT_CERTIFICATE_',
  'HOST_FILE_',
]);

function listSources(): readonly string[] {
  return FLOORS.flatMap((floor) =>
    readdirSync(join(root, floor)).flatMap((name) => {
      const folder = join(root, floor, name, 'src');
      return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
    }),
  ).filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path) && !path.includes('/testing/'));
}

const sorted = (values: Iterable<string>): readonly string[] => [...new Set(values)].toSorted();

const used = sorted(
  listSources()
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(CODE)].map(([, code = '']) => code))
    .filter((code) => !NO_CODES.has(code)),
);
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const rows = page.split('\n').flatMap((line) => /^\| `([A-Z0-9_]+)` \| .+\. \| .+[.)] \|$/.exec(line)?.[1] ?? []);

test('docs/errors.md explains every code of the sources, with a next step, and no other', () => {
  expect(used.length).toBeGreaterThan(100);
  expect(sorted(rows)).toEqual(used);
});

test('docs/errors.md names each code once, in order, under the heading of its area', () => {
  const areas = page.split(/^## /m).slice(1);
  for (const section of areas) {
    const [area = ''] = /^[A-Z]+/.exec(section) ?? [];
    const codes = section.split('\n').flatMap((line) => /^\| `([A-Z0-9_]+)`/.exec(line)?.[1] ?? []);
    expect(codes.filter((code) => !code.startsWith(`${area}_`))).toEqual([]);
    expect(codes).toEqual(codes.toSorted());
  }
  expect(rows).toHaveLength(new Set(rows).size);
});
