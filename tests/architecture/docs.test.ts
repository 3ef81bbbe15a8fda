import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describeConfig, importServersJson, listConfigRows, readConfig } from '@breakwater/portal';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = {
  readText: (path: string): string => {
    throw new Error(`${path} must not be read here`);
  },
};

describe('docs/configuration.md', () => {
  const page = readText('docs/configuration.md');

  test('holds the table that the program prints', () => {
    const [, generated = ''] = /<!-- settings: [^\n]* -->\n([\s\S]*)\n<!-- end of settings -->/.exec(page) ?? [];
    expect(generated.trim()).toBe(describeConfig({ format: 'markdown' }).trim());
  });

  test('proposes settings that the program accepts', () => {
    const [, sizes = ''] = page.split('## Sizes');
    const rows = sizes.split('\n').filter((line) => line.includes('=') && line.startsWith('|'));
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      const settings = Object.fromEntries([...row.matchAll(/`([A-Z_]+)=([\d.]+)`/g)].map(([, name = '', value]) => [name, value]));
      const known = new Set(listConfigRows().map(({ name }) => name));
      expect(Object.keys(settings).filter((name) => !known.has(name))).toEqual([]);
      expect(readConfig(settings, { files })).toMatchObject({ ok: true });
    }
  });

  test('shows a servers.json that can be imported', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(importServersJson(example)).toMatchObject({ ok: true, servers: [{ name: 'Production ESXi' }] });
  });
});

describe('.env.example', () => {
  const text = readText('.env.example');
  const known = new Set(listConfigRows().flatMap(({ name, aliases }) => [name, ...aliases]));

  test('changes nothing when it is copied as it is', () => {
    expect(readConfig(parseEnv(text), { files })).toEqual(readConfig({}, { files }));
  });

  test('proposes only names and values that the program accepts', () => {
    const everything = parseEnv(text.replaceAll(/^#(?=[A-Z_]+=)/gm, ''));
    expect(Object.keys(everything).length).toBeGreaterThan(Object.keys(parseEnv(text)).length);
    expect(Object.keys(everything).filter((name) => !known.has(name))).toEqual([]);
    const secrets = { readText: () => 'a secret of more than enough characters\n' };
    expect(readConfig(everything, { files: secrets })).toMatchObject({ ok: true });
  });
});

test('config/servers.json.example can be imported', () => {
  expect(importServersJson(readText('config/servers.json.example'))).toMatchObject({ ok: true, servers: [{ port: 443 }, { port: 443 }] });
});

test('every link from one page to another leads to a file', () => {
  const pages = [
    'README.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`),
  ].filter((path) => path.endsWith('.md'));
  const broken = pages.flatMap((page) =>
    [...readText(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, target = '']) => join(page, '..', target))
      .filter((target) => !readdirSync(join(root, target, '..')).includes(target.split('/').at(-1) ?? ''))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
