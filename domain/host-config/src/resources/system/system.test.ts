import { describe, expect, test } from 'vitest';
import { createStepBed } from '../../testing/step-bed.ts';
import { createCommandStep } from '../command/command-step.ts';
import { createReloadStep } from '../service/reload-step.ts';
import { createServiceStep } from '../service/service-step.ts';
import { createSwapfileSteps } from './swapfile-steps.ts';
import { createSysctlSteps } from './sysctl-steps.ts';

const UNIT = 'demo.service';
const CATALOG = { demo: { version: '1', units: [UNIT] } };

describe('a service', () => {
  test('is stopped and disabled, and both come back', async () => {
    const bed = createStepBed({ catalog: CATALOG, installed: ['demo'] });
    const before = bed.snapshot();
    const step = createServiceStep({ unit: UNIT, isEnabled: false, isActive: false, hasSystemd: true });
    expect((await bed.plan(step))?.summary).toBe('demo.service: enabled, active → disabled, inactive');
    const records = await bed.apply(step);
    expect(bed.host.text(`/run/active/${UNIT}`)).toBeNull();
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('is only enabled where systemd does not run', async () => {
    const bed = createStepBed({ catalog: CATALOG, installed: ['demo'] });
    bed.host.erase(`/etc/systemd/system/multi-user.target.wants/${UNIT}`);
    await bed.apply(createServiceStep({ unit: UNIT, isEnabled: true, isActive: true, hasSystemd: false }));
    expect(bed.host.commands.map(([, verb]) => verb)).not.toContain('start');
    expect(bed.host.commands.map(([, verb]) => verb)).not.toContain('is-active');
  });

  test.each(['static', 'indirect', 'alias'])('that is "%s" cannot be enabled, and that is fine', async (word) => {
    const bed = createStepBed({ scripts: [({ argv }) => (argv[1] === 'is-enabled' ? { stdout: `${word}\n` } : undefined)] });
    expect(await bed.plan(createServiceStep({ unit: UNIT, isEnabled: true, isActive: true, hasSystemd: false }))).toBeNull();
    expect(await bed.plan(createServiceStep({ unit: UNIT, isEnabled: false, isActive: false, hasSystemd: false }))).toBeNull();
  });

  test('is nothing to enable in a tree without systemd', async () => {
    const bed = createStepBed({ scripts: [({ argv }) => (argv[0] === 'systemctl' ? { isMissing: true } : undefined)] });
    expect(await bed.plan(createServiceStep({ unit: UNIT, isEnabled: true, isActive: true, hasSystemd: false }))).toBeNull();
    expect(await bed.plan(createServiceStep({ unit: UNIT, isEnabled: true, isActive: true, hasSystemd: true }))).not.toBeNull();
  });

  test('that is masked is unmasked first, and masked again', async () => {
    let state = 'masked';
    const bed = createStepBed({
      scripts: [
        ({ argv: [program, verb = ''] }) => {
          if (program !== 'systemctl') return undefined;
          if (verb === 'is-enabled') return { stdout: `${state}\n` };
          if (verb === 'enable' && state === 'masked') return { exitCode: 1, stderr: 'Unit is masked.' };
          state = { unmask: 'disabled', enable: 'enabled', mask: 'masked' }[verb] ?? state;
          return {};
        },
      ],
    });
    const records = await bed.apply(createServiceStep({ unit: UNIT, isEnabled: true, isActive: true, hasSystemd: false }));
    expect(state).toBe('enabled');
    await bed.undo(records);
    expect(state).toBe('masked');
  });

  test('reads files that are newer than it, once, after its own check', async () => {
    let isGood = false;
    const bed = createStepBed({
      catalog: CATALOG,
      installed: ['demo'],
      scripts: [({ argv }) => (argv[0] === 'demo-check' ? { exitCode: isGood ? 0 : 1 } : undefined)],
    });
    await bed.context.host.run({ argv: ['systemctl', 'restart', UNIT], timeoutMs: 1 }, { signal: bed.context.signal });
    const step = createReloadStep({
      unit: UNIT,
      verb: 'reload',
      reads: ['/etc/demo'],
      follows: [],
      hasSystemd: true,
      check: ['demo-check'],
    });
    expect(await bed.plan(step)).toBeNull();
    bed.host.put('/etc/demo/a.conf', '');
    await expect(bed.apply(step)).rejects.toMatchObject({ code: 'HOST_SERVICE_REJECTED' });
    expect(bed.host.commands.filter(([, verb]) => verb === 'reload')).toEqual([]);
    isGood = true;
    expect(await bed.apply(step)).toEqual([{ kind: 'service.reloaded', unit: UNIT, verb: 'reload' }]);
    expect(await bed.plan(step)).toBeNull();
  });
});

describe('kernel parameters', () => {
  const steps = createSysctlSteps({ name: '60-test', values: { 'vm.swappiness': '10', 'no.such': '1' }, isLive: true });

  test('are set at once, and set back; those that this kernel has not are left to the next', async () => {
    const bed = createStepBed({ scripts: [({ argv }) => (argv[0] === 'sysctl' && argv[2] === 'no.such' ? { exitCode: 255 } : undefined)] });
    const before = bed.snapshot();
    const records = [];
    for (const step of steps) records.push(...(await bed.apply(step)));
    expect(bed.host.text('/run/sysctl/vm.swappiness')).toBe('10');
    expect(bed.host.text('/etc/sysctl.d/60-test.conf')).toBe('vm.swappiness = 10\nno.such = 1\n');
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });
});

describe('a swap file', () => {
  test('is made for root only, used, named in fstab, and goes', async () => {
    const bed = createStepBed();
    const before = bed.snapshot();
    const records = [];
    for (const step of createSwapfileSteps({ path: '/swapfile', sizeMib: 1, isLive: true })) records.push(...(await bed.apply(step)));
    expect(await bed.host.files.stat('/swapfile')).toMatchObject({ mode: 0o600, sizeBytes: 1_048_576 });
    expect(bed.host.text('/etc/fstab')).toContain('/swapfile none swap sw 0 0');
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('of another size is not replaced', async () => {
    const bed = createStepBed({ files: { '/swapfile': 'x' } });
    const [step] = createSwapfileSteps({ path: '/swapfile', sizeMib: 1, isLive: true });
    await expect(step?.plan(bed.context)).rejects.toMatchObject({ code: 'HOST_SWAP_EXISTS' });
  });
});

describe('a command', () => {
  test('needs to be told when it is done already', () => {
    expect(() => createCommandStep({ id: 'x', title: 'x', argv: ['x'] })).toThrow('needs "creates" or "unless"');
  });

  test('is run once, and taken back only while there is something to take back', async () => {
    const bed = createStepBed({
      scripts: [
        ({ argv: [program] }, host) => {
          if (program === 'make') host.put('/made', '');
          else if (program === 'unmake') host.erase('/made');
          else if (program === 'is-made') return { exitCode: host.text('/made') === null ? 1 : 0 };
          else return undefined;
          return {};
        },
      ],
    });
    const step = createCommandStep({
      id: 'x',
      title: 'x',
      argv: ['make'],
      creates: '/made',
      undo: { argv: ['unmake'], title: 'u', onlyIf: ['is-made'] },
    });
    const records = await bed.apply(step);
    await bed.undo(records);
    await bed.undo(records);
    expect(bed.host.commands.filter(([program]) => program === 'unmake')).toHaveLength(1);
  });

  test('that fails says what it said', async () => {
    const bed = createStepBed({ scripts: [({ argv }) => (argv[0] === 'make' ? { exitCode: 3, stderr: 'no room' } : undefined)] });
    const step = createCommandStep({ id: 'x', title: 'x', argv: ['make'], creates: '/made' });
    await expect(bed.apply(step)).rejects.toThrow('"make" failed (exit code 3): no room');
  });
});
