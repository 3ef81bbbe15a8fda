import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileStep, type HostModule } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createProgramBed, type ProgramBed } from '../testing/run-in-memory.ts';

/** Writes one file; then does what a test wants of it. */
function createModule(name: string, act: () => Promise<void> = async () => undefined, changes: Partial<HostModule> = {}): HostModule {
  const path = `/etc/${name}.conf`;
  const file = createFileStep({ path, content: `${name}\n` });
  return {
    name,
    description: `The file of ${name}`,
    priority: 1,
    dependsOn: [],
    schema: z.strictObject({}),
    services: () => [],
    validate: () => [],
    steps: () => [
      file,
      {
        id: 'act',
        title: 'Act',
        lane: { kind: 'local' },
        plan: async ({ host }) => ((await host.files.stat(`${path}.done`)) === null ? { summary: 'act', details: [], dangers: [] } : null),
        async apply({ host }) {
          await act();
          await host.files.write(`${path}.done`, new Uint8Array(), { mode: 0o644, uid: 0, gid: 0 });
        },
      },
    ],
    ...changes,
  };
}

const fail =
  (details: Readonly<Record<string, unknown>> = {}) =>
  async (): Promise<void> => {
    throw new OpsError({ code: 'HOST_TEST_FAILED', message: 'It does not work.', details });
  };

let bed: ProgramBed;
beforeEach(() => {
  bed = createProgramBed();
});

describe('plan', () => {
  test('says what would change with 2, writes nothing, and says 0 when nothing would', async () => {
    const modules = [createModule('alpha')];
    const before = bed.debian.host.snapshot();
    const planned = await bed.run(['plan', '--module', 'alpha'], { modules });
    expect(planned.exitCode).toBe(2);
    expect(planned.output).toContain('+alpha');
    expect(planned.output).toContain('2 changes, 0 already so.');
    expect(bed.debian.host.snapshot()).toEqual(before);
    expect((await bed.run(['apply', '--yes', '--module', 'alpha'], { modules })).exitCode).toBe(0);
    const again = await bed.run(['plan', '--module', 'alpha', '--json'], { modules });
    expect(again.exitCode).toBe(0);
    expect(again.records.map(({ kind }) => kind)).toEqual(['plan', 'plan.ended']);
    expect(again.records[1]).toMatchObject({ changes: 0, unchanged: 2, problems: 0 });
  });

  test('takes the modules and settings of a profile', async () => {
    const { exitCode, output } = await bed.run(['plan', '--profile', 'minimal', '--set', 'modules.system_base.hostname=web1']);
    expect(output).toContain('+web1');
    expect(output).toContain('time_sync');
    expect(exitCode).toBe(2);
  });

  test.each([
    ['a profile that is not there', ['--profile', 'sevrer'], 'Did you mean server?'],
    ['a module that is not there', ['--module', 'dokcer'], 'dokcer'],
    ['a setting that is not there', ['--profile', 'minimal', '--set', 'apt.cache_vaild=1'], 'Did you mean cache_valid?'],
    ['no module at all', [], 'No module is chosen'],
    ['a file that is not there', ['--config', '/nowhere.yaml'], '/nowhere.yaml'],
    ['a host and a tree', ['--host', 'a@b', '--root', '/x'], 'exclude'],
    ['a kind of output that is not there', ['--ui', 'gold'], 'Allowed choices'],
    ['an option that is not there', ['--frce'], 'unknown option'],
  ])('ends with 4 for %s', async (_what, args, text) => {
    const { exitCode, messages } = await bed.run(['plan', ...args]);
    expect(messages).toContain(text);
    expect(exitCode).toBe(4);
  });
});

describe('apply', () => {
  test('asks first, and does nothing without a yes or when nobody is there', async () => {
    const modules = [createModule('alpha')];
    const before = bed.debian.host.snapshot();
    const nobody = await bed.run(['apply', '--module', 'alpha'], { modules });
    expect(nobody).toMatchObject({ exitCode: 4 });
    expect(nobody.messages).toContain('--yes');
    expect(await bed.run(['apply', '--module', 'alpha'], { modules, answer: 'no' })).toMatchObject({ exitCode: 1 });
    expect(bed.debian.host.snapshot()).toEqual(before);
    expect(await bed.run(['apply', '--module', 'alpha'], { modules, answer: 'yes' })).toMatchObject({ exitCode: 0 });
    expect(bed.debian.host.text('/etc/alpha.conf')).toBe('alpha\n');
  });

  test('tells each event as one line of JSON, and the end last', async () => {
    const { exitCode, records } = await bed.run(['apply', '--yes', '--module', 'alpha', '--json'], { modules: [createModule('alpha')] });
    expect(exitCode).toBe(0);
    const kinds = records.map(({ kind }) => kind);
    expect(kinds[0]).toBe('plan');
    expect(kinds).toContain('step.started');
    expect(kinds.filter((kind) => kind === 'step.ended')).toHaveLength(2);
    expect(records.at(-1)).toMatchObject({ kind: 'run.ended', end: 'succeeded' });
  });

  test('takes back what a failed module has done, keeps the others, and ends with 1', async () => {
    const modules = [createModule('alpha'), createModule('beta', fail())];
    const { exitCode, output } = await bed.run(['apply', '--yes', '--module', 'alpha', 'beta'], { modules });
    expect(exitCode).toBe(1);
    expect(output).toContain('HOST_TEST_FAILED');
    expect(bed.debian.host.text('/etc/alpha.conf')).toBe('alpha\n');
    expect(bed.debian.host.text('/etc/beta.conf')).toBeNull();
  });

  test('leaves a failed module as it is when that is wanted', async () => {
    const modules = [createModule('beta', fail())];
    const { exitCode } = await bed.run(['apply', '--yes', '--module', 'beta', '--no-auto-rollback'], { modules });
    expect(exitCode).toBe(1);
    expect(bed.debian.host.text('/etc/beta.conf')).toBe('beta\n');
  });

  test.each([
    ['75 when a service is down', { reason: 'breaker' }, 75],
    ['75 when all attempts went wrong', { reason: 'failed', failureClass: 'transient' }, 75],
    ['6 when another program has not let go of a lock', { reason: 'lock-timeout', failureClass: 'wait-lock' }, 6],
    ['1 when asking again cannot help', { reason: 'failed', failureClass: 'permanent' }, 1],
  ])('ends with %s', async (_what, details, expected) => {
    const { exitCode } = await bed.run(['apply', '--yes', '--module', 'beta'], { modules: [createModule('beta', fail(details))] });
    expect(exitCode).toBe(expected);
  });

  test('stops after a mandatory module has failed, unless it shall keep going', async () => {
    const modules = [createModule('alpha', fail(), { isMandatory: true }), createModule('beta', undefined, { priority: 2 })];
    const args = ['apply', '--yes', '--module', 'alpha', 'beta', '--max-parallel', '1'];
    expect((await bed.run(args, { modules })).exitCode).toBe(1);
    expect(bed.debian.host.text('/etc/beta.conf')).toBeNull();
    expect((await bed.run([...args, '--keep-going'], { modules })).exitCode).toBe(1);
    expect(bed.debian.host.text('/etc/beta.conf')).toBe('beta\n');
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 3],
  ])('works on %i modules side by side at most', async (allowed, expected) => {
    let running = 0;
    let most = 0;
    const act = async (): Promise<void> => {
      most = Math.max(most, ++running);
      // As many as may have begun; then a little more, for one that may not.
      for (let turn = 0; most < expected && turn < 200_000; turn++) await new Promise(setImmediate);
      for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
      running--;
    };
    const names = ['alpha', 'beta', 'gamma'];
    const modules = names.map((name) => createModule(name, act));
    const ran = await bed.run(['apply', '--yes', '--module', ...names, '--max-parallel', String(allowed)], { modules });
    expect(ran.exitCode).toBe(0);
    expect(most).toBe(expected);
  });

  test('ends with 3 when only optional parts are missing', async () => {
    const gamma = createModule('gamma', fail());
    const optional: HostModule = {
      ...gamma,
      steps: (config, facts) => gamma.steps(config, facts).map((step) => ({ ...step, isOptional: true })),
    };
    const { exitCode, output } = await bed.run(['apply', '--yes', '--module', 'gamma'], { modules: [optional] });
    expect(exitCode).toBe(3);
    expect(output).toContain('vps-configurator apply --module gamma');
  });

  test('ends with 130 after Ctrl-C, with a journal that --resume goes on with', async () => {
    let interrupt = (): void => undefined;
    const modules = [createModule('alpha', async () => interrupt()), createModule('beta', undefined, { dependsOn: ['alpha'] })];
    const args = ['apply', '--yes', '--module', 'alpha', 'beta'];
    const first = await bed.run(args, { modules, onStart: (press) => (interrupt = press) });
    expect(first.exitCode).toBe(130);
    expect(first.output).toContain('--resume');
    expect(bed.debian.host.text('/etc/beta.conf')).toBeNull();
    interrupt = () => undefined;
    const second = await bed.run([...args, '--resume'], { modules });
    expect(second.exitCode).toBe(0);
    expect(bed.debian.host.text('/etc/beta.conf')).toBe('beta\n');
    const { records } = await bed.run(['history', '--json']);
    expect(records).toMatchObject([{ kind: 'run', end: 'succeeded' }]);
    expect((await bed.run([...args, '--resume'], { modules })).messages).toContain('nothing to go on with');
  });

  test('says who works on the host, and ends with 6', async () => {
    const results: Awaited<ReturnType<ProgramBed['run']>>[] = [];
    const modules = [
      createModule(
        'alpha',
        async () => void results.push(await bed.run(['apply', '--yes', '--module', 'beta'], { modules: [createModule('beta')] })),
      ),
    ];
    expect((await bed.run(['apply', '--yes', '--module', 'alpha'], { modules })).exitCode).toBe(0);
    expect(results).toMatchObject([{ exitCode: 6 }]);
    expect(results[0]?.messages).toContain(`process ${process.pid}`);
  });

  test('does a plan that was looked at only while nothing has moved', async () => {
    const modules = [createModule('alpha')];
    const file = join(bed.folder, 'plan.json');
    await bed.run(['plan', '--module', 'alpha', '--out', file], { modules });
    bed.debian.host.put('/etc/alpha.conf', 'other\n');
    const moved = await bed.run(['apply', '--yes', '--module', 'alpha', '--plan', file], { modules });
    expect(moved).toMatchObject({ exitCode: 5 });
    expect(bed.debian.host.text('/etc/alpha.conf')).toBe('other\n');
    const { output } = await bed.run(['plan', '--module', 'alpha', '--json'], { modules });
    writeFileSync(file, output);
    expect(await bed.run(['apply', '--yes', '--module', 'alpha', '--plan', file], { modules })).toMatchObject({ exitCode: 0 });
    writeFileSync(file, 'nonsense');
    expect(await bed.run(['apply', '--yes', '--module', 'alpha', '--plan', file], { modules })).toMatchObject({ exitCode: 4 });
  });
});

describe('verify', () => {
  test('ends with 1 while the host is not as it shall be, and with 0 when it is', async () => {
    const verify: NonNullable<HostModule['verify']> = async () => [{ title: 'It answers', isOk: true, text: '' }];
    const modules = [createModule('alpha', undefined, { verify })];
    const before = await bed.run(['verify', '--module', 'alpha'], { modules });
    expect(before.exitCode).toBe(1);
    expect(before.output).toContain('2 differences');
    await bed.run(['apply', '--yes', '--module', 'alpha'], { modules });
    const after = await bed.run(['verify', '--module', 'alpha', '--json'], { modules });
    expect(after.exitCode).toBe(0);
    expect(after.records.filter(({ kind }) => kind === 'verified')).toHaveLength(3);
    const broken = createModule('alpha', undefined, { verify: async () => [{ title: 'It answers', isOk: false, text: 'no answer' }] });
    expect(await bed.run(['verify', '--module', 'alpha'], { modules: [broken] })).toMatchObject({ exitCode: 1 });
  });
});

describe('rollback', () => {
  const apply = (): Promise<unknown> => bed.run(['apply', '--yes', '--module', 'alpha'], { modules: [createModule('alpha')] });

  test('shows first, then takes the last run back, and has nothing left afterwards', async () => {
    await apply();
    const dry = await bed.run(['rollback', '--dry-run']);
    expect(dry).toMatchObject({ exitCode: 0 });
    expect(dry.output).toContain('/etc/alpha.conf');
    expect(bed.debian.host.text('/etc/alpha.conf')).toBe('alpha\n');
    expect(await bed.run(['rollback'])).toMatchObject({ exitCode: 4 });
    expect(await bed.run(['rollback', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(bed.debian.host.text('/etc/alpha.conf')).toBeNull();
    expect((await bed.run(['history', '--json'])).records).toMatchObject([{ end: 'rolled-back' }]);
    expect((await bed.run(['rollback', '--yes'])).messages).toContain('No run on this host can be taken back');
  });

  test('refuses what somebody else has changed since, unless forced', async () => {
    await apply();
    bed.debian.host.put('/etc/alpha.conf', 'by hand\n');
    const refused = await bed.run(['rollback', '--yes']);
    expect(refused.exitCode).toBe(1);
    expect(refused.messages).toContain('HOST_ROLLBACK_INCOMPLETE');
    expect(bed.debian.host.text('/etc/alpha.conf')).toBe('by hand\n');
    expect(await bed.run(['rollback', '--yes', '--force'])).toMatchObject({ exitCode: 0 });
    expect(bed.debian.host.text('/etc/alpha.conf')).toBeNull();
  });

  test('knows no run that is not there', async () => {
    expect(await bed.run(['rollback', '--yes', '../../etc'])).toMatchObject({ exitCode: 1 });
  });
});

describe('what was done', () => {
  test('is told in four formats, tomorrow as today', async () => {
    const modules = [createModule('alpha'), createModule('beta', fail())];
    await bed.run(['apply', '--yes', '--module', 'alpha', 'beta'], { modules });
    const text = await bed.run(['report']);
    expect(text.output).toContain('HOST_TEST_FAILED');
    expect(text.output).toContain('by tester');
    const json = JSON.parse((await bed.run(['report', '--format', 'json'])).output) as { readonly steps: readonly unknown[] };
    expect(json.steps).toHaveLength(4);
    const junit = (await bed.run(['report', '--format', 'junit'])).output;
    expect(junit).toContain('<testsuite name="beta" tests="2" failures="1"');
    expect((await bed.run(['report', '--format', 'md'])).output).toContain('| beta/act |');
    const history = await bed.run(['history']);
    expect(history.output).toContain('failed');
    expect((await bed.run(['history'])).output).toBe(history.output);
    const [run] = (await bed.run(['history', '--json'])).records;
    const events = readFileSync(join(bed.folder, 'state/runs', String(run?.['runId']), 'events.jsonl'), 'utf8');
    expect(events).toContain('"kind":"step.ended"');
  });

  test('is nothing at first', async () => {
    expect((await bed.run(['history'])).output).toContain('Nothing has been done');
    expect(await bed.run(['report'])).toMatchObject({ exitCode: 1 });
    expect(await bed.run(['report', '--format', 'pdf'])).toMatchObject({ exitCode: 4 });
  });
});
