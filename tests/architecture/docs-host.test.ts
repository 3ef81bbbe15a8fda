import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostConfigSchema, listSettings } from '@breakwater/host-config';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/host-configurator.md'), 'utf8');

test('docs/host-configurator.md lists every setting with its default', () => {
  const rows = listSettings(hostConfigSchema, hostConfigSchema.parse({}))
    .filter(({ isGroup, path }) => !isGroup && path[0] !== 'services')
    .map(({ defaultValue, description, path }) => `| \`${path.join('.')}\` | \`${JSON.stringify(defaultValue)}\` | ${description} |`);
  const [, listed = ''] = /<!-- settings: [^\n]* -->\n([\s\S]*)\n<!-- end of settings -->/.exec(page) ?? [];
  expect(listed.trim()).toBe(['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n'));
});
