import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BUILT_IN_MODULES } from '../modules/built-in-modules.ts';
import type { HostModule } from '../plan/module.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { describeHostModule } from '../testing/describe-host-module.ts';
import { createMemoryDebian } from '../testing/memory-debian.ts';
import { loadPlugins } from './load-plugins.ts';

const banner: HostModule<{ readonly text: string }> = {
  name: 'banner',
  description: 'Says hello',
  priority: 100,
  dependsOn: [],
  schema: z.strictObject({ text: z.string().default('hello') }),
  services: () => [],
  validate: () => [],
  steps: ({ text }) => [createFileStep({ path: '/etc/motd', content: `${text}\n` })],
};

const load = async (exports: Readonly<Record<string, unknown>>) =>
  await loadPlugins({
    paths: Object.keys(exports),
    known: BUILT_IN_MODULES,
    door: {
      async load(path) {
        const exported = exports[path];
        if (exported instanceof Error) throw exported;
        return exported;
      },
    },
  });

describe('plugins', () => {
  test('are taken as they are, in their order', async () => {
    const other = { ...banner, name: 'other' };
    expect(await load({ '/p/b.mjs': banner, '/p/a.mjs': other })).toEqual([banner, other]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no schema', { ...banner, schema: {} }],
    ['no steps', { ...banner, steps: undefined }],
    ['a name in capitals', { ...banner, name: 'Banner' }],
    ['the name of a built-in module', { ...banner, name: 'docker' }],
    ['an error', new Error('Cannot find module')],
  ])('with %s are refused by the name of their file', async (_title, exported) => {
    await expect(load({ '/p/x.mjs': exported })).rejects.toMatchObject({
      code: 'HOST_PLUGIN_INVALID',
      message: expect.stringContaining('/p/x.mjs') as string,
    });
  });

  test('of one name are refused', async () => {
    await expect(load({ '/p/a.mjs': banner, '/p/b.mjs': banner })).rejects.toThrow('the name banner is taken (/p/a.mjs)');
  });
});

describeHostModule(banner, {
  configs: { 'nothing said': {}, 'a text': { text: 'welcome' } },
  async open() {
    const { facts, host, network } = createMemoryDebian();
    return { host, network, facts, snapshot: async () => host.snapshot(), countRequests: () => network.requests.length };
  },
});
