import { ManualClock, OpsError } from '@breakwater/kernel';
import { describe, expect, test } from 'vitest';
import type { NetworkOperations } from '../network/network-operations.ts';
import type { HostFacts } from '../plan/host-facts.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { PlannableModule } from '../plan/plannable-module.ts';
import type { Step, StepContext } from '../plan/step.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { MemoryHost } from '../testing/memory-host.ts';
import { MemoryRun } from '../testing/memory-run.ts';
import { applyPlan } from './apply-plan.ts';
import type { HostEvent } from './host-event.ts';
import { rollBack } from './roll-back.ts';

const FACTS = { hostname: 'h', rootFreeMib: 1, memoryMib: 1 } as HostFacts;

/** No step of these tests uses the network. */
const NO_NETWORK = { observedBy: () => NO_NETWORK } as unknown as NetworkOperations;

function createModule(name: string, steps: readonly Step[], more: Partial<PlannableModule> = {}): PlannableModule {
  return {
    name,
    description: name,
    priority: 1,
    dependsOn: [],
    isMandatory: false,
    isExclusive: false,
    services: [],
    findings: [],
    steps,
    ...more,
  };
}

function failing(id: string, options: { readonly isOptional?: boolean } = {}): Step {
  return {
    id,
    title: `Fail ${id}`,
    lane: { kind: 'local' },
    ...options,
    plan: async () => ({ summary: id, details: [], dangers: [] }),
    apply: async () => {
      throw new OpsError({ code: 'HOST_TEST', message: 'It cannot be.', details: { hint: 'Leave it.' } });
    },
  };
}

function createBed(files: Readonly<Record<string, string>> = {}) {
  const host = new MemoryHost({ files });
  const abort = new AbortController();
  const context: StepContext = { host, network: NO_NETWORK, signal: abort.signal, progress: () => undefined };
  const run = new MemoryRun();
  const events: HostEvent[] = [];
  const options = {
    run,
    context,
    clock: new ManualClock(),
    maxWorkers: 3,
    keepsGoing: false,
    onEvent: (event: HostEvent) => void events.push(event),
  };
  return { abort, context, events, host, options, run };
}

const motd = (text: string): Step => createFileStep({ path: '/etc/motd', content: text });

describe('a run', () => {
  test('brings files about, and a second one changes nothing', async () => {
    const { host, options } = createBed({ '/etc/motd': 'old\n' });
    const modules = [createModule('a', [motd('new\n'), createFileStep({ path: '/opt/x/y/z', content: 'z' })])];
    const first = await applyPlan({ ...options, modules });
    expect(first.end).toBe('succeeded');
    expect(host.text('/etc/motd')).toBe('new\n');
    expect(host.text('/opt/x/y/z')).toBe('z');
    const before = host.snapshot();
    const second = await applyPlan({ ...options, run: new MemoryRun(), modules });
    expect(second.steps.map(({ result }) => result.kind)).toEqual(['unchanged', 'unchanged']);
    expect(host.snapshot()).toEqual(before);
  });

  test('is taken back to the very same tree', async () => {
    const { host, options } = createBed({ '/etc/motd': 'old\n' });
    const before = host.snapshot();
    await applyPlan({
      ...options,
      modules: [createModule('a', [motd('new\n'), motd('newer\n'), createFileStep({ path: '/opt/x/y', content: 'z' })])],
    });
    expect(host.snapshot()).not.toEqual(before);
    const report = await rollBack({ ...options, whenChanged: 'refuse' });
    expect(report.failed).toEqual([]);
    expect(host.snapshot()).toEqual(before);
    const again = await rollBack({ ...options, whenChanged: 'refuse' });
    expect(again.undone).toEqual([]);
  });

  test('leaves what somebody else has changed since, unless told to overwrite it', async () => {
    const { host, options } = createBed({ '/etc/motd': 'old\n' });
    await applyPlan({ ...options, modules: [createModule('a', [motd('new\n')])] });
    host.put('/etc/motd', 'theirs\n');
    const refused = await rollBack({ ...options, whenChanged: 'refuse' });
    expect(refused.failed.map(({ code }) => code)).toEqual(['HOST_UNDO_CONFLICT']);
    expect(host.text('/etc/motd')).toBe('theirs\n');
    await rollBack({ ...options, whenChanged: 'overwrite' });
    expect(host.text('/etc/motd')).toBe('old\n');
  });

  test('writes the way back before each change', async () => {
    const { host, options, run } = createBed({ '/etc/motd': 'old\n' });
    run.fail = new Error('disk full');
    await expect(applyPlan({ ...options, modules: [createModule('a', [motd('new\n')])] })).rejects.toThrow('disk full');
    expect(host.text('/etc/motd')).toBe('old\n');
  });

  test('goes on with what does not depend on a failed module', async () => {
    const { options } = createBed();
    const modules = [
      createModule('a', [failing('one'), motd('never\n')]),
      createModule('b', [createFileStep({ path: '/b', content: 'b' })], { dependsOn: ['a'] }),
      createModule('c', [createFileStep({ path: '/c', content: 'c' })]),
    ];
    const report = await applyPlan({ ...options, modules });
    expect(report.end).toBe('failed');
    const results = Object.fromEntries(report.steps.map(({ result, stepId }) => [stepId, result.kind]));
    expect(results).toEqual({ 'a/one': 'failed', 'a/file:/etc/motd': 'skipped', 'b/file:/b': 'skipped', 'c/file:/c': 'changed' });
    expect(report.steps[0]?.result).toEqual({ kind: 'failed', code: 'HOST_TEST', reason: 'It cannot be.', hint: 'Leave it.' });
  });

  test('stops after a mandatory module has failed, or not if told so', async () => {
    const modules = [createModule('a', [failing('one')], { isMandatory: true }), createModule('c', [motd('c\n')], { isExclusive: true })];
    const stopped = createBed();
    expect((await applyPlan({ ...stopped.options, modules })).steps.at(-1)?.result.kind).toBe('skipped');
    const going = createBed();
    expect((await applyPlan({ ...going.options, modules, keepsGoing: true })).steps.at(-1)?.result.kind).toBe('changed');
  });

  test('is degraded by an optional step, and says how to finish it', async () => {
    const { options } = createBed();
    const report = await applyPlan({ ...options, modules: [createModule('a', [failing('one', { isOptional: true }), motd('x\n')])] });
    expect(report.end).toBe('degraded');
    expect(report.steps.map(({ result }) => result.kind)).toEqual(['degraded', 'changed']);
    expect(report.steps[0]?.result).toMatchObject({ finishWith: 'vps-configurator apply --module a' });
  });

  test('does not believe a step that would have to be done again', async () => {
    const { options } = createBed();
    const idle: Step = { ...failing('idle'), apply: async () => undefined };
    const report = await applyPlan({ ...options, modules: [createModule('a', [idle])] });
    expect(report.steps[0]?.result).toMatchObject({ kind: 'failed', code: 'HOST_STEP_NOT_CONVERGED' });
  });

  test('that is interrupted can be resumed, and its rollback knows both parts', async () => {
    const { abort, host, options, run } = createBed({ '/etc/motd': 'old\n' });
    const before = host.snapshot();
    const interrupting: Step = {
      ...failing('stop'),
      async apply() {
        abort.abort(new Error('Ctrl-C'));
        options.context.signal.throwIfAborted();
      },
    };
    const first = await applyPlan({ ...options, modules: [createModule('a', [motd('new\n'), interrupting])] });
    expect(first.end).toBe('interrupted');
    expect(run.entries.filter(({ kind }) => kind === 'step.started')).toHaveLength(2);
    expect(run.entries.filter(({ kind }) => kind === 'step.ended')).toHaveLength(1);
    const context = { ...options.context, signal: new AbortController().signal };
    const second = await applyPlan({
      ...options,
      context,
      modules: [createModule('a', [motd('new\n'), createFileStep({ path: '/z', content: 'z' })])],
    });
    expect(second.steps.map(({ result }) => result.kind)).toEqual(['unchanged', 'changed']);
    const seqs = run.entries.flatMap((entry) => (entry.kind === 'undo' ? [entry.seq] : []));
    expect(new Set(seqs).size).toBe(seqs.length);
    await rollBack({ ...options, context, whenChanged: 'refuse' });
    expect(host.snapshot()).toEqual(before);
  });
});

describe('a plan', () => {
  test('writes nothing, shows the difference, and has one hash as long as nothing moves', async () => {
    const { context, host } = createBed({ '/etc/motd': 'old\n' });
    const before = host.snapshot();
    const modules = [createModule('a', [motd('new\n')])];
    const make = async (facts: HostFacts) => await makePlan({ modules, notes: [], facts, profile: null, context });
    const plan = await make(FACTS);
    expect(host.snapshot()).toEqual(before);
    const [step] = plan.modules[0]?.steps ?? [];
    expect(step?.outcome).toMatchObject({ kind: 'change', change: { summary: 'change /etc/motd' } });
    expect(JSON.stringify(step)).toContain('-old\\n+new');
    expect((await make({ ...FACTS, rootFreeMib: 2 })).hash).toBe(plan.hash);
    expect((await make({ ...FACTS, hostname: 'other' })).hash).not.toBe(plan.hash);
    host.put('/etc/motd', 'moved\n');
    expect((await make(FACTS)).hash).not.toBe(plan.hash);
  });
});
