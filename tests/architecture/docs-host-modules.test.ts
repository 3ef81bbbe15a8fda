import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_IN_MODULES, BUILT_IN_PROFILES } from '@breakwater/host-config';
import { expect, test } from 'vitest';

const page = readFileSync(join(import.meta.dirname, '../../docs/host-modules.md'), 'utf8');
const sections = new Map(page.split(/^## /m).map((section) => [section.slice(0, section.indexOf('\n')), section]));
const rowsOf = (title: string): readonly string[] =>
  [...(sections.get(title) ?? '').matchAll(/^\| `([a-z0-9_-]+)` \|/gm)].map(([, key = '']) => key);

test.each(BUILT_IN_MODULES.map((module) => [module.name, module] as const))(
  'docs/host-modules.md names every key of %s and no other',
  (name, module) => {
    const { shape } = module.schema as unknown as { readonly shape: Readonly<Record<string, unknown>> };
    expect(rowsOf(name)).toEqual(Object.keys(shape));
  },
);

test('docs/host-modules.md names every profile', () => {
  expect(rowsOf('Profiles')).toEqual(BUILT_IN_PROFILES.map(({ name }) => name));
});
