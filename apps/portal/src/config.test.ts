import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeConfig, listConfigRows } from './config/describe-config.ts';
import { importServersJson } from './config/import-servers.ts';
import { type Config, formatConfig, readConfig } from './config.ts';

const files = {
  readText(path: string): string {
    if (path === '/run/secrets/token') return 'a-token-from-a-file-0123456789\n';
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  },
};

function read(env: Record<string, string>): Config {
  const result = readConfig(env, { files });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

function problemsOf(env: Record<string, string>): readonly string[] {
  const result = readConfig(env, { files });
  return result.ok ? [] : result.problems;
}

describe('readConfig', () => {
  it('has the documented defaults of spec 01 and spec 02', () => {
    expect(read({})).toMatchObject({
      port: 5_001,
      wsProxyPort: null,
      thumbnailCacheTtlMs: 120_000,
      vmListCacheTtlMs: 60_000,
      backgroundRefreshIntervalMs: 30_000,
      esxiMaxConcurrent: 4,
      esxiMinIntervalMs: 150,
      esxiRequestTimeoutMs: 30_000,
      esxiScreenshotTimeoutMs: 20_000,
      esxiPoolSize: 5,
      esxiConnectionTtlMs: 300_000,
      cbFailureThreshold: 5,
      cbRecoveryTimeoutMs: 30_000,
      cbSuccessThreshold: 3,
      sessionTimeoutMs: 180_000,
      ticketTimeoutMs: 60_000,
      metricsPublic: false,
    });
  });

  it('takes every value of the documents as it is written there', () => {
    const config = read({
      FLASK_PORT: '5002',
      WS_PROXY_PORT: '8765',
      THUMBNAIL_CACHE_TTL: '300',
      VM_LIST_CACHE_TTL: '90',
      BACKGROUND_REFRESH_INTERVAL: '45',
      ESXI_MAX_CONCURRENT: '12',
      ESXI_MIN_INTERVAL: '0.05',
      CB_FAILURE_THRESHOLD: '10',
      CB_RECOVERY_TIMEOUT: '1m',
    });
    expect(config).toMatchObject({
      port: 5_002,
      wsProxyPort: 8_765,
      thumbnailCacheTtlMs: 300_000,
      vmListCacheTtlMs: 90_000,
      backgroundRefreshIntervalMs: 45_000,
      esxiMaxConcurrent: 12,
      esxiMinIntervalMs: 50,
      cbFailureThreshold: 10,
      cbRecoveryTimeoutMs: 60_000,
    });
  });

  it('treats an empty value as unset, as compose files write it', () => {
    expect(read({ PORT: '', ESXI_MAX_CONCURRENT: ' ' })).toMatchObject({ port: 5_001, esxiMaxConcurrent: 4 });
  });

  it.each([
    ['PORT', 'http', 'PORT is "http"; it must be a whole number from 0 to 65535.'],
    ['PORT', '65536', 'PORT is "65536"; it must be a whole number from 0 to 65535.'],
    ['PORT', '-1', 'PORT is "-1"; it must be a whole number from 0 to 65535.'],
    ['ESXI_MAX_CONCURRENT', '0', 'ESXI_MAX_CONCURRENT is "0"; it must be a whole number from 1 to 64.'],
    ['ESXI_MAX_CONCURRENT', '4.5', 'ESXI_MAX_CONCURRENT is "4.5"; it must be a whole number from 1 to 64.'],
    ['CB_RECOVERY_TIMEOUT', 'soon', 'CB_RECOVERY_TIMEOUT is "soon"; it must be a time from 1 to 3600 seconds, such as 30, 250ms or 5m.'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud"; it must be one of debug, info, warn, error.'],
    ['METRICS_PUBLIC', 'maybe', 'METRICS_PUBLIC is "maybe"; it must be true or false.'],
    [
      'TRUSTED_PROXIES',
      '10.0.0.0/33',
      'TRUSTED_PROXIES is "10.0.0.0/33"; it must be IP addresses or ranges such as 10.0.0.0/8, separated by commas.',
    ],
    ['BASE_PATH', 'a b', 'BASE_PATH is "a b"; it must be a path such as /breakwater.'],
  ])('says in one line what is wrong with %s=%s', (name, value, line) => {
    expect(problemsOf({ [name]: value })).toEqual([line]);
  });

  it('names every problem at once', () => {
    expect(problemsOf({ PORT: 'x', LOG_LEVEL: 'y', ESXI_POOL_SIZE: 'z' })).toHaveLength(3);
  });

  it('stops at a name of ours that does not exist and says which one was meant', () => {
    expect(problemsOf({ ESXI_MAX_CONCURENT: '4' })).toEqual([
      'ESXI_MAX_CONCURENT is no variable of this program. Did you mean ESXI_MAX_CONCURRENT?',
    ]);
    expect(problemsOf({ BREAKWATER_WHATEVER_ELSE: '1' })).toEqual(['BREAKWATER_WHATEVER_ELSE is no variable of this program.']);
  });

  it.each(['THUMBNAIL_CACHE_TLL', 'VM_LIST_CACHE_TLL', 'BACKGROUND_REFRESH_INTERVALL', 'WS_PROXY_PROT'])('does so for %s, too', (name) => {
    expect(problemsOf({ [name]: '60' })[0]).toMatch(`${name} is no variable of this program. Did you mean `);
  });

  it('takes a password letter by letter, with the blanks around it', () => {
    const env = { ESXI_HOST: ' esx-01 ', ESXI_USER: 'root', ESXI_PASSWORD: ' two blanks ' };
    expect(read(env).esxiPassword?.reveal()).toBe(' two blanks ');
    expect(read(env).esxiHost).toBe('esx-01');
  });

  it('leaves alone what belongs to others, also what Kubernetes sets for a service of our name', () => {
    const env = { FLASK_DEBUG: '1', PATH: '/bin', BREAKWATER_SERVICE_HOST: '10.0.0.1', BREAKWATER_PORT_5001_TCP_ADDR: '10.0.0.1' };
    expect(problemsOf(env)).toEqual([]);
  });

  it('refuses two names of one thing that differ', () => {
    expect(problemsOf({ PORT: '1', FLASK_PORT: '2' })).toEqual(['PORT and FLASK_PORT mean the same but differ; set only PORT.']);
    expect(read({ PORT: '1', FLASK_PORT: '1' }).port).toBe(1);
  });

  it('reads a secret from the file that its twin names and drops the last line break', () => {
    const { apiToken } = read({ BREAKWATER_API_TOKEN_FILE: '/run/secrets/token' });
    expect(apiToken?.reveal()).toBe('a-token-from-a-file-0123456789');
  });

  it('prefers the variable to its file, and names a file that cannot be read', () => {
    const env = { BREAKWATER_API_TOKEN: 'x'.repeat(24), BREAKWATER_API_TOKEN_FILE: '/run/secrets/token' };
    expect(read(env).apiToken?.reveal()).toBe('x'.repeat(24));
    expect(problemsOf({ BREAKWATER_ADMIN_PASSWORD_FILE: '/nowhere' })).toEqual([
      'BREAKWATER_ADMIN_PASSWORD_FILE: /nowhere cannot be read (ENOENT).',
    ]);
  });

  it('shows no secret in a problem, a printed configuration or an inspected one', () => {
    const secret = 'hunter2-hunter2';
    expect(problemsOf({ BREAKWATER_API_TOKEN: secret }).join()).not.toContain(secret);
    const config = read({ BREAKWATER_ADMIN_PASSWORD: secret });
    expect(formatConfig(config)).toContain('BREAKWATER_ADMIN_PASSWORD=[secret]\n');
    expect(inspect(config) + JSON.stringify(config)).not.toContain(secret);
  });

  it('asks for the whole single host or none of it', () => {
    expect(problemsOf({ ESXI_HOST: 'esx-01' })).toEqual([
      'ESXI_HOST, ESXI_USER and ESXI_PASSWORD belong together; missing: ESXI_USER, ESXI_PASSWORD.',
    ]);
    expect(problemsOf({ ESXI_HOST: 'esx-01', ESXI_USER: 'root', ESXI_PASSWORD: 'secret' })).toEqual([]);
  });

  it('refuses a second door without a port or on the port of the page', () => {
    expect(problemsOf({ WS_PROXY_HOST: '0.0.0.0' })).toEqual(['WS_PROXY_HOST has no effect without WS_PROXY_PORT.']);
    expect(problemsOf({ WS_PROXY_PORT: '5001' })).toHaveLength(1);
  });

  it('drops the last slash of paths and addresses', () => {
    expect(read({ BASE_PATH: '/vm/', PUBLIC_URL: 'https://vm.example.org/' })).toMatchObject({
      basePath: '/vm',
      publicUrl: 'https://vm.example.org',
    });
  });

  it('prints a configuration that reads back as the same one', () => {
    const config = read({ ESXI_MIN_INTERVAL: '0.05', ALLOWED_HOSTS: 'a.example, .b.example' });
    const env = Object.fromEntries(
      formatConfig(config)
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(read(env)).toEqual(config);
  });
});

describe('describeConfig', () => {
  it('lists every variable once, with its aliases and the files of secrets', () => {
    const names = listConfigRows().flatMap((row) => [row.name, ...row.aliases]);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['PORT', 'FLASK_PORT', 'BREAKWATER_API_TOKEN_FILE', 'BREAKWATER_ADMIN_PASSWORD_FILE']));
  });

  it('has each variable in the help and in the documentation table', () => {
    const [text, markdown] = [describeConfig({ format: 'text' }), describeConfig({ format: 'markdown' })];
    for (const { name, meaning } of listConfigRows()) {
      expect(text).toContain(`  ${name} (`);
      expect(markdown).toContain(`| \`${name}\``);
      expect(meaning.length).toBeGreaterThan(10);
    }
  });
});

describe('importServersJson', () => {
  const entry = {
    name: 'Production ESXi',
    host: '192.168.1.10',
    port: 443,
    user: 'root',
    password: 'secret',
    verify_ssl: false,
    enabled: true,
  };

  it('takes the example of spec 02', () => {
    expect(importServersJson(JSON.stringify({ servers: { 'uuid-1': entry, 'uuid-2': { id: 'uuid-2', ...entry } } }))).toEqual({
      ok: true,
      servers: [
        { ...entry, pinned_sha256: null },
        { ...entry, pinned_sha256: null },
      ],
    });
  });

  it('names server and key of each fault', () => {
    const text = JSON.stringify({ servers: { a: { ...entry, host: 'https://x/' }, b: { ...entry, passwrod: 'x', password: undefined } } });
    const result = importServersJson(text);
    expect(result).toMatchObject({ ok: false });
    const problems = result.ok ? [] : result.problems;
    expect(problems[0]).toMatch(/^Server "a", "host": /);
    expect(problems.join('\n')).toMatch(/Server "b", "password": /);
    expect(problems.join('\n')).toMatch(/passwrod/);
  });

  it.each(['', '[]', '{"servers": []}', 'null', '{"servers": {"a": 1}}', '{'])('refuses %j', (text) => {
    expect(importServersJson(text)).toMatchObject({ ok: false });
  });

  it('does not repeat the text around a slip, because a password may stand there', () => {
    const result = importServersJson('{"servers": {"a": {"password": "hunter2" "port": 1}}}');
    expect(result.ok ? '' : result.problems.join()).toMatch(/at position 41/);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});
