import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listConfigRows } from '@breakwater/portal';
import { toMetricFamilies } from '@breakwater/resilience';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(root, path), 'utf8');
const PAGES = ['README.md', 'docs/api.md', 'docs/configuration.md', 'docs/errors.md', 'docs/operating.md'];

function readSources(folder: string): string {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readText(join(folder, path)))
    .join('\n');
}

const portal = readSources('apps/portal/src');

/** Everything on the page that looks like the pattern and that the program does not know. */
function findUnknown(page: string, options: { readonly pattern: RegExp; readonly isKnown: (name: string) => boolean }): readonly string[] {
  const names = [...readText(page).matchAll(options.pattern)].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => !options.isKnown(name));
}

test.each(PAGES)('%s names only addresses that the portal has', (page) => {
  const toShape = (path: string): string => path.replaceAll(/\{\w+\}|<\w+>|\$[A-Z]+/g, '*');
  const paths = new Set([...portal.matchAll(/path: '(\/api\/v1\/[^']*)'/g)].map(([, path = '']) => toShape(path)));
  expect(paths.size).toBeGreaterThan(30);
  expect(findUnknown(page, { pattern: /(\/api\/v1\/[\w$<>/-]*[\w>])/g, isKnown: (path) => paths.has(toShape(path)) })).toEqual([]);
});

test.each(PAGES)('%s names only settings that the program has', (page) => {
  const known = new Set(listConfigRows().flatMap(({ name, aliases }) => [name, ...aliases]));
  const pattern =
    /\b((?:ESXI|CB|BREAKWATER|THUMBNAIL|VM_LIST|BACKGROUND|WS|LOG|SESSION|TICKET|METRICS|TRUSTED|ALLOWED|PUBLIC)_[A-Z_]*[A-Z])\b/g;
  expect(findUnknown(page, { pattern, isKnown: (name) => known.has(name) })).toEqual([]);
});

test('docs/operating.md names only figures that /metrics has', () => {
  const pipelines = new Set(toMetricFamilies([], { prefix: 'portal_host' }).map(({ name }) => name));
  const toFamily = (name: string): string => name.replace(/_(sum|count|bucket)$/, '');
  const isKnown = (name: string): boolean => pipelines.has(toFamily(name)) || portal.includes(`'${toFamily(name)}'`);
  expect(findUnknown('docs/operating.md', { pattern: /\b(portal_[a-z_]+)/g, isKnown })).toEqual([]);
});

test('docs/operating.md quotes log lines as they are printed', () => {
  const sources = ['foundation/resilience/src', 'domain/fleet/src', 'apps/portal/src', 'apps/breakwater/src'].map(readSources).join('\n');
  const [, table = ''] = readText('docs/operating.md').split('| `msg` | Meaning |');
  const lines = (table.split('\n\n')[0] ?? '')
    .split('\n')
    .flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, line = '']) => line));
  expect(lines.length).toBeGreaterThan(10);
  const templates = [...sources.matchAll(/`((?:[^`\\]|\\.)+)`/g)].map(([, template = '']) => template.split(/\$\{[^}]*\}/));
  // A template that is nearly all placeholders would agree with any line.
  const shapes = templates
    .filter((words) => words.join('').length >= 12)
    .map((words) => new RegExp(`^${words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`));
  expect(lines.filter((line) => !sources.includes(`'${line}'`) && !shapes.some((shape) => shape.test(line)))).toEqual([]);
});

test('README.md and docs/operating.md show the same proxy', () => {
  const readProxy = (page: string): string => /```nginx\n([\s\S]*?)```/.exec(readText(page))?.[1] ?? page;
  expect(readProxy('README.md')).toBe(readProxy('docs/operating.md'));
});
