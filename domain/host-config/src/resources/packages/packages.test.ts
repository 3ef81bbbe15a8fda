import { describe, expect, test } from 'vitest';
import { createStepBed } from '../../testing/step-bed.ts';
import { createDebconfStep } from './debconf-step.ts';
import { createHoldStep } from './hold-step.ts';
import { createPackagesStep } from './packages-step.ts';

const CATALOG = {
  editor: { version: '2.0', depends: ['library'] },
  library: { version: '1.0' },
  addon: { version: '1.0', depends: ['editor'] },
  rival: { version: '1.0', conflicts: ['editor'] },
};

describe('packages', () => {
  test('come with what they need, and go with it', async () => {
    const bed = createStepBed({ catalog: CATALOG });
    const before = bed.snapshot();
    const step = createPackagesStep({ names: ['editor'] });
    expect((await bed.plan(step))?.details).toEqual([{ kind: 'packages', install: ['editor', 'library'], upgrade: [], remove: [] }]);
    expect(bed.network.requests).toEqual([]);
    await bed.undo(await bed.apply(step));
    expect(bed.packages.installed().size).toBe(0);
    expect(bed.snapshot()).toEqual({ ...before, '/var/lib/dpkg/status': expect.any(String) as string });
  });

  test('that are there ask nothing of the network', async () => {
    const bed = createStepBed({ catalog: CATALOG, installed: ['editor'] });
    expect(await bed.plan(createPackagesStep({ names: ['editor', 'library'] }))).toBeNull();
    expect(bed.network.requests).toEqual([]);
  });

  test('in another version than wanted are a change', async () => {
    const bed = createStepBed({ catalog: CATALOG, installed: ['library'] });
    await expect(bed.plan(createPackagesStep({ names: ['library'], versions: { library: '9' } }))).rejects.toMatchObject({
      code: 'HOST_APT_SIMULATION_FAILED',
    });
    expect(await bed.plan(createPackagesStep({ names: ['library'], versions: { library: '1.0' } }))).toBeNull();
  });

  test('say what they would remove, are refused without leave, and bring it back', async () => {
    const bed = createStepBed({ catalog: CATALOG, installed: ['editor'] });
    const change = await bed.plan(createPackagesStep({ names: ['rival'] }));
    expect(change?.dangers).toEqual(['It removes editor, and is refused as long as removals are not allowed.']);
    await expect(bed.apply(createPackagesStep({ names: ['rival'] }))).rejects.toMatchObject({ code: 'HOST_PACKAGES_FAILED' });
    expect([...bed.packages.installed().keys()]).toContain('editor');
    const records = await bed.apply(createPackagesStep({ names: ['rival'], allowRemovals: true }));
    expect([...bed.packages.installed().keys()]).toEqual(['library', 'rival']);
    await bed.undo(records);
    expect([...bed.packages.installed().keys()]).toEqual(['editor', 'library']);
  });

  test('stay when something else has come to need them, unless it is told to go too', async () => {
    const bed = createStepBed({ catalog: CATALOG });
    const records = await bed.apply(createPackagesStep({ names: ['editor'] }));
    bed.packages.install(['addon']);
    await expect(bed.undo(records)).rejects.toMatchObject({ code: 'HOST_UNDO_CONFLICT' });
    expect(bed.packages.installed().size).toBe(3);
    await bed.undo(records, { whenChanged: 'overwrite' });
    expect(bed.packages.installed().size).toBe(0);
  });

  test('that nobody knows are a problem of the plan, but not before the first update or with a source to come', async () => {
    const step = createPackagesStep({ names: ['nosuch'] });
    await expect(createStepBed().plan(step)).rejects.toMatchObject({ code: 'HOST_APT_SIMULATION_FAILED' });
    expect(await createStepBed().plan(createPackagesStep({ names: ['nosuch'], isSourceComing: true }))).not.toBeNull();
    const fresh = createStepBed();
    fresh.host.erase('/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages');
    expect(await fresh.plan(step)).not.toBeNull();
  });

  test('are held, once they are there, and let go again', async () => {
    const bed = createStepBed({ catalog: CATALOG });
    await expect(bed.apply(createHoldStep('editor'))).rejects.toMatchObject({ code: 'HOST_PACKAGES_MISSING' });
    bed.packages.install(['editor']);
    const records = await bed.apply(createHoldStep('editor'));
    expect(bed.packages.installed().get('editor')?.mark).toBe('hold');
    await bed.undo(records);
    expect(bed.packages.installed().get('editor')?.mark).toBe('install');
  });
});

describe('an answer for debconf', () => {
  const DATABASE = '/var/cache/debconf/config.dat';
  const OTHER = 'Name: other/question\nValue: yes\n';
  const step = createDebconfStep({ owner: 'tzdata', question: 'tzdata/Areas', type: 'select', value: 'Europe' });

  const answering = (text: string) =>
    createStepBed({
      files: { [DATABASE]: text },
      scripts: [
        ({ argv, stdin }, host) => {
          const [, question = '', , value = ''] = new TextDecoder().decode(stdin).trim().split(' ');
          if (argv[0] === 'debconf-set-selections') host.put(DATABASE, `${OTHER}\nName: ${question}\nValue: ${value}\n`);
          else if (argv[0] === 'debconf-communicate') host.put(DATABASE, OTHER);
          else return undefined;
          return {};
        },
      ],
    });

  test('is given, and forgotten when there was none before', async () => {
    const bed = answering(OTHER);
    const records = await bed.apply(step);
    expect(records).toEqual([{ kind: 'debconf', owner: 'tzdata', question: 'tzdata/Areas', type: 'select', before: null }]);
    await bed.undo(records);
    expect(bed.host.text(DATABASE)).toBe(OTHER);
  });

  test('replaces another one, which comes back', async () => {
    const bed = answering(`${OTHER}\nName: tzdata/Areas\nValue: Asia\n`);
    await bed.undo(await bed.apply(step));
    expect(bed.host.text(DATABASE)).toContain('Name: tzdata/Areas\nValue: Asia\n');
  });
});

test('what is new goes before upgrades are taken back and before what went comes back', async () => {
  const simulation = 'Remv old [1.0]\nInst lib [1.0] (2.0 Debian:12 [amd64])\nInst app (1.0 Debian:12 [amd64])\n';
  let isDone = false;
  const bed = createStepBed({
    scripts: [
      ({ argv }) => {
        if (argv[0] === 'apt-get' && argv.includes('-s')) return { stdout: simulation };
        if (argv[0] !== 'dpkg-query') return undefined;
        const lines = [...(isDone ? ['app\t1.0'] : ['old\t1.0']), 'lib\t1.0'].map((line) => `${line}\tinstall ok installed\n`);
        return { stdout: lines.filter((line) => argv.includes(line.split('\t')[0] ?? '')).join('') };
      },
    ],
  });
  bed.network.aptInstallWithRetry = async () => {
    isDone = true;
    return { ok: true, value: { installed: {}, upgraded: {}, removed: [] }, attempts: 1, waitedMs: 0 };
  };
  const records = await bed.apply(createPackagesStep({ names: ['app'], allowRemovals: true }));
  expect(records).toEqual([
    { kind: 'packages.removed', versions: [{ name: 'old', version: '1.0' }] },
    { kind: 'packages.upgraded', versions: [{ name: 'lib', before: '1.0', after: '2.0' }] },
    { kind: 'packages.installed', names: ['app'], hadConfiguration: [] },
  ]);
});
