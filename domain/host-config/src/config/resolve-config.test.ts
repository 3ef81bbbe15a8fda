import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { parseAssignment, parseConfigFile, readConfigVariables } from './config-layer.ts';
import { resolveConfig } from './resolve-config.ts';

const greeting: HostModule<{ readonly text: string; readonly times: number }> = {
  name: 'greeting',
  description: 'Says hello.',
  priority: 1,
  dependsOn: [],
  schema: z.strictObject({ text: z.string(), times: z.int().default(1) }),
  services: () => [],
  validate: () => [],
  steps: () => [],
};

const file = (text: string, origin = 'my.yaml') => parseConfigFile(text, { origin });
const set = (text: string) => parseAssignment(text, { origin: '--set' });
const resolve = (...layers: Parameters<typeof resolveConfig>[0]['layers']) => resolveConfig({ layers, modules: [greeting] });
const problemsOf = (act: () => unknown): readonly string[] => {
  try {
    act();
  } catch (error) {
    return (error as { details: { problems: readonly string[] } }).details.problems;
  }
  throw new Error('Nothing was refused.');
};

describe('sources of the configuration', () => {
  test('win over each other in their order, key by key, and each value knows where it is from', () => {
    const { config, originOf } = resolve(
      file('performance: {max_workers: 5, circuit_breaker: {timeout: 30, failure_threshold: 9}}', 'profile dev'),
      file('performance:\n  circuit_breaker:\n    timeout: 40\napt:\n', '/etc/x.yaml'),
      ...readConfigVariables({
        VPSCFG_PERFORMANCE__CIRCUIT_BREAKER__TIMEOUT: '50',
        VPSCFG_SECURITY__ALLOWED_HOSTS: '[a.example]',
        HOME: '/',
      }),
      set('performance.circuit_breaker.timeout=60.5'),
    );
    expect(config.performance).toMatchObject({ max_workers: 5, circuit_breaker: { timeout: 60.5, failure_threshold: 9, enabled: true } });
    expect(config.apt).toMatchObject({ cache_valid: 3600 });
    expect(config.security.allowed_hosts).toEqual(['a.example']);
    expect(originOf(['performance', 'circuit_breaker', 'timeout'])).toBe('--set');
    expect(originOf(['performance', 'circuit_breaker', 'failure_threshold'])).toBe('profile dev');
    expect(originOf(['security', 'allowed_hosts'])).toBe('VPSCFG_SECURITY__ALLOWED_HOSTS');
    expect(originOf(['apt', 'cache_valid'])).toBe('built-in');
  });

  test('add services to the known ones and change known ones in part', () => {
    const { config } = resolve(file('services: {intranet: {hosts: [files.lan]}, github: {health_url: null}}'));
    expect(Object.keys(config.services)).toContain('external_downloads');
    expect(config.services['intranet']).toEqual({ hosts: ['files.lan'], health_url: null });
    expect(config.services['github']).toMatchObject({ health_url: null, hosts: expect.arrayContaining(['github.com']) });
  });

  test('give each module its own part with its defaults', () => {
    const { moduleConfigs } = resolve(file('modules: {enabled: [greeting], greeting: {text: hello}}'));
    expect(moduleConfigs.get('greeting')).toEqual({ text: 'hello', times: 1 });
    expect(resolve().moduleConfigs.has('greeting')).toBe(false);
  });
});

describe('a wrong configuration', () => {
  test('is told with file, line, column and what was probably meant', () => {
    expect(problemsOf(() => resolve(file('apt:\n  cache_vaild: 5\n')))).toEqual([
      'my.yaml:2:16: apt.cache_vaild: there is no such key. Did you mean cache_valid?',
    ]);
    expect(problemsOf(() => resolve(file('performence: {}\n')))[0]).toContain('Did you mean performance?');
    expect(problemsOf(() => resolve(file('performance:\n  timeouts:\n    download: soon\n')))).toEqual([
      expect.stringMatching(/^my\.yaml:3:15: performance\.timeouts\.download: .*\(it is "soon"\)$/),
    ]);
    expect(problemsOf(() => file('a: [1\nb: 2'))[0]).toMatch(/^my\.yaml:\d+:\d+: /);
  });

  test('names every problem at once, whatever source it is from', () => {
    const problems = problemsOf(() =>
      resolve(
        file('modules: {enabled: [greeting], greting: {}}'),
        set('performance.max_workers=0'),
        ...readConfigVariables({ VPSCFG_APT__CACHE: '1' }),
      ),
    );
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toContain('Did you mean greeting?');
    expect(problems.join('\n')).toContain('modules.greeting.text');
    expect(problems.join('\n')).toContain('--set: performance.max_workers');
    expect(problems.join('\n')).toContain('VPSCFG_APT__CACHE: apt.cache');
  });

  test('is refused where values do not go together', () => {
    expect(problemsOf(() => resolve(set('performance.network_retry.max_delay=0.5')))[0]).toContain('must not be less than initial_delay');
    expect(problemsOf(() => resolve(set('performance.circuit_breaker.timeout=900')))[0]).toContain('must not be less than timeout');
  });

  test.each([
    ['no key', 'apt'],
    ['an empty level', 'apt..x=1'],
    ['a key that would change every object', '__proto__.polluted=1'],
    ['a value that is no YAML', 'security.allowed_hosts=[1'],
    ['levels without end', `${'a.'.repeat(40)}b=1`],
  ])('is refused for --set with %s', (_what, text) => {
    expect(() => set(text)).toThrow('The configuration is wrong');
    expect('polluted' in {}).toBe(false);
  });

  test.each([
    ['a list', '- 1\n'],
    ['one key twice', 'apt: {}\napt: {}\n'],
    ['a key that would change every object', '{"__proto__": {"polluted": 1}}'],
    ['nesting without end', `a: ${'['.repeat(20_000)}`],
    ['nesting that is only deep', `${'{a: '.repeat(30)}1${'}'.repeat(30)}`],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
    ],
    ['more than 1 MiB', `# ${'x'.repeat(1_100_000)}`],
  ])('is refused for a file that holds %s', (_what, text) => {
    expect(() => resolve(file(text))).toThrow('The configuration is wrong');
    expect('polluted' in {}).toBe(false);
  });

  test('is no empty file', () => {
    expect(resolve(file('')).config).toEqual(resolve().config);
  });
});
