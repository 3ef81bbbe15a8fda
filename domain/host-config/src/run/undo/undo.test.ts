import { describe, expect, test } from 'vitest';
import type { UndoRecord } from '../../plan/undo.ts';
import type { CommandScript } from '../../testing/memory-host.ts';
import { createStepBed } from '../../testing/step-bed.ts';
import { describeUndo } from './undo.ts';

const SAVED = { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtimeMs: 0, sha256: '0'.repeat(64), target: null } as const;

/** One of each kind, all about what is not there (any more). */
const RECORDS: readonly UndoRecord[] = [
  { kind: 'file', path: '/etc/nothing', before: null, after: SAVED },
  { kind: 'packages.installed', names: ['gone'] },
  { kind: 'packages.removed', versions: [] },
  { kind: 'packages.upgraded', versions: [{ name: 'gone', before: '1', after: '2' }] },
  { kind: 'packages.held', name: 'gone', before: 'install' },
  { kind: 'service.reloaded', unit: 'gone.service', verb: 'reload' },
  { kind: 'service', unit: 'gone.service', enabledBefore: 'disabled', activeBefore: 'inactive' },
  { kind: 'user.created', name: 'gone' },
  { kind: 'user.changed', name: 'gone', passwdLine: 'gone:x:1:1::/:/bin/sh', groups: [] },
  { kind: 'group.created', name: 'gone' },
  { kind: 'tree.created', path: '/opt/gone', commit: '0'.repeat(40) },
  { kind: 'tree.replaced', path: '/opt/gone', keptAt: '/opt/.gone.vpscfg-old-1' },
  { kind: 'command', argv: ['undo'], title: 'Undo', onlyIf: ['is-done'] },
];

describe('taking back', () => {
  test.each(RECORDS.map((record) => [record.kind, record] as const))('%s of what is gone does nothing', async (_kind, record) => {
    const bed = createStepBed({ scripts: [({ argv }) => (argv[0] === 'is-done' ? { exitCode: 1 } : undefined)] });
    const before = bed.snapshot();
    await bed.undo([record]);
    expect(bed.snapshot()).toEqual(before);
    const asking = ['dpkg-query', 'systemctl', 'is-done'];
    expect(bed.host.commands.filter(([program = '']) => !asking.includes(program))).toEqual([]);
    expect(describeUndo(record)).toMatch(/^[A-Z]/);
  });

  /** Packages of these tests: what dpkg says, and what apt is asked for. */
  const apt = (
    installed: string,
    options: { readonly isGone?: boolean } = {},
  ): { readonly asked: string[]; readonly script: CommandScript } => {
    const asked: string[] = [];
    return {
      asked,
      script({ argv }) {
        if (argv[0] === 'dpkg-query') return { stdout: installed };
        if (argv[0] !== 'apt-get') return undefined;
        if (argv.includes('-s'))
          return options.isGone === true && argv.some((each) => each.includes('=')) ? { exitCode: 100 } : { stdout: '' };
        asked.push(argv.slice(argv.findIndex((each) => /^(?:install|purge|remove)$/.test(each))).join(' '));
        return {};
      },
    };
  };

  test('an upgrade goes back to the version that was there', async () => {
    const { asked, script } = apt('a\t2.0\tinstall ok installed\nb\t1.0\tinstall ok installed\n');
    const versions = [
      { name: 'a', before: '1.0', after: '2.0' },
      { name: 'b', before: '1.0', after: '2.0' },
    ];
    await createStepBed({ scripts: [script] }).undo([{ kind: 'packages.upgraded', versions }]);
    expect(asked).toEqual(['install --allow-downgrades --no-remove a=1.0']);
  });

  test.each([
    ['the version that was there', false, 'install --no-remove a=1.0'],
    ['another one when that is gone from the mirrors', true, 'install --no-remove a'],
  ])('a removal installs %s', async (_title, isGone, expected) => {
    const { asked, script } = apt('', { isGone });
    await createStepBed({ scripts: [script] }).undo([{ kind: 'packages.removed', versions: [{ name: 'a', version: '1.0' }] }]);
    expect(asked).toEqual([expected]);
  });

  test('an installation purges what is new and leaves the configuration of what had one', async () => {
    const { asked, script } = apt('a\t1\tinstall ok installed\nb\t1\tinstall ok installed\n');
    await createStepBed({ scripts: [script] }).undo([{ kind: 'packages.installed', names: ['a', 'b'], hadConfiguration: ['b'] }]);
    expect(asked).toEqual(['remove --no-auto-remove b', 'purge --no-auto-remove a']);
  });
});
