import { describe, expect, test } from 'vitest';
import { createStepBed } from '../../testing/step-bed.ts';
import { createDirectoryStep } from './directory-step.ts';
import { createFileBlockStep } from './file-block-step.ts';
import { createFileStep } from './file-step.ts';
import { createJsonFileStep } from './json-file-step.ts';
import { createLinkStep } from './link-step.ts';

describe('a file', () => {
  test('is written with its folders, and goes with exactly those', async () => {
    const bed = createStepBed();
    const before = bed.snapshot();
    const step = createFileStep({ path: '/etc/a/b/c', content: 'c\n', attributes: { mode: 0o600 } });
    expect((await bed.plan(step))?.details).toMatchObject([{ kind: 'file', action: 'create' }]);
    expect(bed.snapshot()).toEqual(before);
    const records = await bed.apply(step);
    expect(await bed.host.files.stat('/etc/a/b/c')).toMatchObject({ mode: 0o600, uid: 0 });
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('of the right content and the wrong mode gets the mode, and the old one back', async () => {
    const bed = createStepBed({ files: { '/etc/x': 'x' } });
    const before = bed.snapshot();
    const step = createFileStep({ path: '/etc/x', content: 'x', attributes: { mode: 0o640, gid: 42 } });
    expect((await bed.plan(step))?.details).toEqual([{ kind: 'attributes', path: '/etc/x', before: '0644 0:0', after: '0640 0:42' }]);
    await bed.undo(await bed.apply(step));
    expect(bed.snapshot()).toEqual(before);
  });

  test('that its program rejects leaves the old one and no candidate', async () => {
    const bed = createStepBed({
      files: { '/etc/x': 'old' },
      scripts: [({ argv }) => (argv[0] === 'check' ? { exitCode: 1, stderr: `no: ${argv[1]}` } : undefined)],
    });
    const before = bed.snapshot();
    const step = createFileStep({ path: '/etc/x', content: 'new', validate: ['check', '{}'] });
    await expect(bed.apply(step)).rejects.toMatchObject({ code: 'HOST_FILE_REJECTED' });
    expect(bed.snapshot()).toEqual(before);
    expect(bed.host.commands.at(-1)).toEqual(['check', '/etc/x.vpscfg-candidate']);
  });

  test('with a secret shows nothing of it in the plan', async () => {
    const bed = createStepBed({ files: { '/etc/x': 'canary-old' } });
    const change = await bed.plan(createFileStep({ path: '/etc/x', content: 'canary-new', isSecret: true }));
    expect(JSON.stringify(change)).not.toContain('canary');
  });

  test('never takes the place of a directory', async () => {
    const bed = createStepBed({ files: { '/etc/x/y': '' } });
    await expect(bed.plan(createFileStep({ path: '/etc/x', content: '' }))).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
  });

  test('takes the place of a link, which comes back', async () => {
    const bed = createStepBed();
    await bed.host.files.makeLink('/etc/x', '/elsewhere');
    const before = bed.snapshot();
    const records = await bed.apply(createFileStep({ path: '/etc/x', content: 'x' }));
    expect(bed.host.text('/etc/x')).toBe('x');
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });
});

describe('a block in a file', () => {
  const block = (...lines: readonly string[]) => createFileBlockStep({ path: '/etc/fstab', name: 'swap', lines });

  test('is added, replaced in its place, and leaves what others wrote', async () => {
    const bed = createStepBed({ files: { '/etc/fstab': 'one\n' } });
    const before = bed.snapshot();
    const first = await bed.apply(block('a'));
    bed.host.put('/etc/fstab', `${bed.host.text('/etc/fstab')}two\n`);
    await bed.apply(block('b', 'c'));
    const marked = '# BEGIN vps-configurator swap\nb\nc\n# END vps-configurator swap\n';
    expect(bed.host.text('/etc/fstab')).toBe(`one\n${marked}two\n`);
    await expect(bed.undo(first)).rejects.toMatchObject({ code: 'HOST_UNDO_CONFLICT' });
    await bed.undo(first, { whenChanged: 'overwrite' });
    expect(bed.snapshot()).toEqual(before);
  });

  test('whose end is gone is added anew, and nothing is cut away', async () => {
    const bed = createStepBed({ files: { '/etc/fstab': '# BEGIN vps-configurator swap\ntheirs\n' } });
    await bed.apply(block('a'));
    expect(bed.host.text('/etc/fstab')).toContain('theirs\n# BEGIN vps-configurator swap\na\n');
  });
});

describe('keys of a JSON file', () => {
  const step = createJsonFileStep({ path: '/etc/daemon.json', values: { log: { size: 1 }, list: [1] } });

  test('are merged with what is there', async () => {
    const bed = createStepBed({ files: { '/etc/daemon.json': '{"log":{"size":9,"keep":true},"list":[3,4],"other":1}' } });
    await bed.apply(step);
    const value: unknown = JSON.parse(bed.host.text('/etc/daemon.json') ?? '');
    expect(value).toEqual({ log: { size: 1, keep: true }, list: [1], other: 1 });
  });

  test('that are there already leave the file in its own shape', async () => {
    const bed = createStepBed({ files: { '/etc/daemon.json': '{ "log":{"size":1},\n"list":[1]}' } });
    expect(await bed.plan(step)).toBeNull();
  });

  test.each(['{', '[]', 'null'])('are not written over what is no object: %s', async (text) => {
    const bed = createStepBed({ files: { '/etc/daemon.json': text } });
    await expect(bed.plan(step)).rejects.toMatchObject({ code: 'HOST_FILE_JSON' });
  });
});

describe('a directory and a link', () => {
  test('a directory gets its owner, keeps what is in it, and stays when others have put something in', async () => {
    const bed = createStepBed({ files: { '/srv/x/y': 'y' } });
    const before = bed.snapshot();
    const records = await bed.apply(createDirectoryStep({ path: '/srv/x', attributes: { uid: 5, mode: 0o700 } }));
    expect(bed.host.text('/srv/x/y')).toBe('y');
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
    const made = await bed.apply(createDirectoryStep({ path: '/srv/new' }));
    bed.host.put('/srv/new/theirs', '');
    await bed.undo(made);
    expect(bed.host.text('/srv/new/theirs')).toBe('');
  });

  test('a link takes the place of a file, which comes back', async () => {
    const bed = createStepBed({ files: { '/etc/localtime': 'TZif' } });
    const before = bed.snapshot();
    const step = createLinkStep({ path: '/etc/localtime', target: '/usr/share/zoneinfo/Etc/UTC' });
    await bed.undo(await bed.apply(step));
    expect(bed.snapshot()).toEqual(before);
    await expect(bed.plan(createLinkStep({ path: '/etc', target: '/x' }))).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
  });
});
