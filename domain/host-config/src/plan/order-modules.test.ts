import { describe, expect, test } from 'vitest';
import { orderModules } from './order-modules.ts';

const node = (name: string, priority: number, ...dependsOn: string[]) => ({ name, priority, dependsOn });
const ALL = [
  node('base', 10),
  node('sources', 20, 'base'),
  node('docker', 50, 'sources'),
  node('shell', 5),
  node('x', 1, 'y'),
  node('y', 1, 'x'),
];

const order = (wanted: readonly string[], skipped: readonly string[] = []) => orderModules(ALL, { wanted, skipped });

describe('the order of modules', () => {
  test('brings what is needed along, and says so', () => {
    const { modules, notes } = order(['docker']);
    expect(modules.map(({ name }) => name)).toEqual(['base', 'sources', 'docker']);
    expect(notes).toHaveLength(2);
  });

  test('goes by priority among those that do not need each other', () => {
    expect(order(['docker', 'shell', 'sources', 'base']).modules.map(({ name }) => name)).toEqual(['shell', 'base', 'sources', 'docker']);
    expect(order(['docker', 'shell', 'sources', 'base']).notes).toEqual([]);
  });

  test('refuses unknown names, circles, and leaving out what is needed', () => {
    expect(() => order(['dokcer'])).toThrow('There is no module "dokcer"');
    expect(() => order(['base'], ['nosuch'])).toThrow('There is no module "nosuch"');
    expect(() => order(['x'])).toThrow('wait for each other');
    expect(() => order(['docker'], ['base'])).toThrow('cannot be skipped');
    expect(order(['docker', 'shell'], ['shell']).modules.map(({ name }) => name)).not.toContain('shell');
  });
});
