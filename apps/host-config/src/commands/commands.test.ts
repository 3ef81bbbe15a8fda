import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryDebian } from '@breakwater/host-config/testing';
import { ManualClock } from '@breakwater/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { createProgramBed, type ProgramBed } from '../testing/run-in-memory.ts';

let bed: ProgramBed;
beforeEach(() => {
  bed = createProgramBed();
});

describe('circuit-breaker', () => {
  const stateOf = async (service: string, clock: ManualClock): Promise<unknown> => {
    const { records } = await bed.run(['circuit-breaker', 'status', service, '--json'], { clock });
    return records[0]?.['state'];
  };

  test('shows each service of the settings, closed at first', async () => {
    const { exitCode, output } = await bed.run(['circuit-breaker', 'status', '--set', 'services.intranet.hosts=[files.lan]']);
    expect(exitCode).toBe(0);
    for (const service of ['apt_repository', 'github', 'docker_hub', 'microsoft_packages', 'external_downloads', 'intranet'])
      expect(output).toContain(service);
    expect(output).toContain('0/3');
    expect((await bed.run(['status', 'circuit-breakers'])).output).toContain('apt_repository');
  });

  test('opens one by hand for a time, for later calls too, and closes it again', async () => {
    const clock = new ManualClock();
    expect(await bed.run(['circuit-breaker', 'trip', 'github', '--for', '10m'], { clock })).toMatchObject({ exitCode: 0 });
    expect(await stateOf('github', clock)).toBe('open');
    expect(await stateOf('apt_repository', clock)).toBe('closed');
    expect((await bed.run(['circuit-breaker', 'reset', 'github', '--json'], { clock })).records).toEqual([
      { kind: 'breaker.changed', service: 'github', action: 'reset', by: 'tester' },
    ]);
    expect(await stateOf('github', clock)).toBe('closed');
    await bed.run(['circuit-breaker', 'trip', 'github', '--for', '1h'], { clock });
    expect(await bed.run(['reset', 'circuit-breaker', 'github'], { clock })).toMatchObject({ exitCode: 0 });
    expect(await stateOf('github', clock)).toBe('closed');
    await bed.run(['circuit-breaker', 'trip', 'github', '--for', '1h'], { clock });
    expect((await bed.run(['circuit-breaker', 'reset', '--all', '--json'], { clock })).records.length).toBeGreaterThan(4);
    expect(await stateOf('github', clock)).toBe('closed');
  });

  test('shows the threshold of the settings, for one service too', async () => {
    const set = [
      '--set',
      'performance.circuit_breaker.failure_threshold=7',
      'performance.circuit_breaker.services.github.failure_threshold=9',
    ];
    const { records } = await bed.run(['circuit-breaker', 'status', '--json', ...set]);
    const thresholds = Object.fromEntries(records.map(({ failure_threshold: threshold, service }) => [service, threshold]));
    expect(thresholds).toMatchObject({ apt_repository: 7, github: 9 });
  });

  test.each([
    ['a service that is not there', ['reset', 'gihub'], 'Did you mean github?'],
    ['neither a service nor --all', ['reset'], '--all'],
    ['both', ['reset', 'github', '--all'], '--all'],
    ['no duration', ['trip', 'github'], '--for'],
    ['a duration that is none', ['trip', 'github', '--for', 'soon'], 'not a duration'],
    ['a duration beyond all reason', ['trip', 'github', '--for', '90d'], '30 days'],
  ])('ends with 4 for %s', async (_what, args, text) => {
    const { exitCode, messages } = await bed.run(['circuit-breaker', ...args]);
    expect(messages).toContain(text);
    expect(exitCode).toBe(4);
  });
});

describe('config', () => {
  test('show tells each value and where it comes from', async () => {
    writeFileSync(join(bed.folder, 'system.yaml'), 'apt:\n  cache_valid: 5\n');
    writeFileSync(
      join(bed.folder, 'mine.yaml'),
      'performance: {max_workers: 2}\nmodules: {enabled: [packages], packages: {install: [jq]}}\n',
    );
    const { exitCode, records } = await bed.run(['config', 'show', '--origin', '--json', '--config', join(bed.folder, 'mine.yaml')], {
      settings: { VPSCFG_INSTALLATION__AUTO_ROLLBACK_ON_ERROR: 'false' },
    });
    expect(exitCode).toBe(0);
    const rows = Object.fromEntries(records.map(({ origin, path, value }) => [String(path), [value, origin]]));
    expect(rows['apt.cache_valid']).toEqual([5, join(bed.folder, 'system.yaml')]);
    expect(rows['performance.max_workers']).toEqual([2, join(bed.folder, 'mine.yaml')]);
    expect(rows['installation.auto_rollback_on_error']).toEqual([false, 'VPSCFG_INSTALLATION__AUTO_ROLLBACK_ON_ERROR']);
    expect(rows['performance.network_retry.max_retries']).toEqual([3, 'built-in']);
    expect(rows['modules.packages.install']).toEqual([[{ name: 'jq', hold: false }], join(bed.folder, 'mine.yaml')]);
    const plain = await bed.run(['config', 'show']);
    expect(plain.output).not.toContain('FROM');
  });

  test('validate names file, line and column', async () => {
    const file = join(bed.folder, 'wrong.yaml');
    writeFileSync(file, 'performance:\n  max_wrokers: 2\n');
    const { exitCode, messages } = await bed.run(['config', 'validate', file]);
    expect(exitCode).toBe(4);
    expect(messages).toContain(`${file}:2:16: performance.max_wrokers: there is no such key. Did you mean max_workers?`);
    expect(await bed.run(['config', 'validate'])).toMatchObject({ exitCode: 0 });
  });

  test('init writes a file that validates, and never over another one', async () => {
    const file = join(bed.folder, 'new.yaml');
    expect(await bed.run(['config', 'init', file])).toMatchObject({ exitCode: 0 });
    expect(await bed.run(['config', 'validate', file])).toMatchObject({ exitCode: 0 });
    writeFileSync(file, '# mine\n');
    expect(await bed.run(['config', 'init', file])).toMatchObject({ exitCode: 4 });
    expect(readFileSync(file, 'utf8')).toBe('# mine\n');
    expect((await bed.run(['config', 'init'])).output).toContain('cache_valid: 3600');
  });

  test('schema says what may stand in a file, the modules too', async () => {
    const schema = JSON.parse((await bed.run(['config', 'schema'])).output) as {
      properties: { modules: { properties: Record<string, unknown> } };
    };
    expect(Object.keys(schema.properties.modules.properties)).toEqual(expect.arrayContaining(['enabled', 'docker', 'firewall']));
  });
});

describe('what there is', () => {
  test('modules and profiles are listed and shown', async () => {
    expect((await bed.run(['modules', 'list', '--json'])).records).toHaveLength(12);
    const shown = await bed.run(['modules', 'show', 'docker']);
    expect(shown.output).toContain('modules.docker.source');
    expect(await bed.run(['modules', 'show', 'dokcer'])).toMatchObject({ exitCode: 4 });
    expect((await bed.run(['profiles', 'list', '--json'])).records.map(({ name }) => name)).toEqual([
      'minimal',
      'server',
      'docker-host',
      'dev',
    ]);
    expect((await bed.run(['profiles', 'show', 'dev'])).output).toContain('build-essential');
    expect(await bed.run(['profiles', 'show', 'none'])).toMatchObject({ exitCode: 4 });
    expect(await bed.run(['profiles', 'validate'])).toMatchObject({ exitCode: 0 });
  });

  test('facts are told', async () => {
    expect((await bed.run(['facts', '--json'])).records[0]).toMatchObject({ kind: 'facts', osId: 'debian' });
  });

  test('help names every command with its examples, and a slip gets a hint', async () => {
    const { exitCode, output } = await bed.run(['--help']);
    expect(exitCode).toBe(0);
    for (const command of [
      'plan',
      'apply',
      'verify',
      'rollback',
      'circuit-breaker',
      'history',
      'report',
      'modules',
      'profiles',
      'config',
      'facts',
      'doctor',
      'explain',
    ])
      expect(output).toContain(`\n  ${command}`);
    const slip = await bed.run(['aply']);
    expect(slip.exitCode).toBe(4);
    expect(slip.messages).toContain('Did you mean apply?');
    expect(await bed.run(['version'])).toMatchObject({ exitCode: 0, output: '0.0.0\n' });
  });

  test('looking at settings makes no state folder', async () => {
    await bed.run(['modules', 'list']);
    expect(existsSync(join(bed.folder, 'state'))).toBe(false);
  });
});

describe('doctor', () => {
  const answers = (overrides: Readonly<Record<string, { stdout?: string; exitCode?: number }>> = {}) =>
    createProgramBed(
      createMemoryDebian({
        facts: { rootFreeMib: 9_000, isRoot: true },
        scripts: [
          ({ argv: [program, second = ''] }) => {
            const key = program === 'dpkg' ? `dpkg ${second}` : program;
            return { timedatectl: { stdout: 'yes\n' }, getent: { stdout: '::1' }, lslocks: {}, 'dpkg --audit': {}, ...overrides }[key];
          },
        ],
      }),
    );

  test('finds nothing on a host that is well', async () => {
    const { exitCode, records } = await answers().run(['doctor', '--json']);
    expect(records.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(records.map(({ check }) => check)).toEqual([
      'rights',
      'system',
      'disk',
      'clock',
      'names',
      'locks',
      'packages',
      'sources',
      'state',
    ]);
    expect(exitCode).toBe(0);
  });

  test('names who holds a lock of apt', async () => {
    const stdout = JSON.stringify({ locks: [{ pid: 812, command: 'unattended-upgr', path: '/var/lib/dpkg/lock-frontend' }] });
    const { output } = await answers({ lslocks: { stdout } }).run(['doctor']);
    expect(output).toContain('unattended-upgr (process 812)');
  });

  test.each([
    ['names that are not found', { getent: { exitCode: 2 } }, 'resolv.conf'],
    ['half-installed packages', { 'dpkg --audit': { stdout: 'The following packages are only half configured:\n' } }, 'half configured'],
  ])('ends with 5 for %s', async (_what, overrides, text) => {
    const { exitCode, output } = await answers(overrides).run(['doctor']);
    expect(exitCode).toBe(5);
    expect(output).toContain(text);
  });
});
