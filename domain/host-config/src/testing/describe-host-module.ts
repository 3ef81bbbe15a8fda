import { ManualClock } from '@breakwater/kernel';
import { describe, expect, test } from 'vitest';
import type { NetworkOperations } from '../network/network-operations.ts';
import type { HostFacts } from '../plan/host-facts.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { HostModule } from '../plan/module.ts';
import type { Plan } from '../plan/plan.ts';
import { type PlannableModule, toPlannableModule } from '../plan/plannable-module.ts';
import type { StepContext } from '../plan/step.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import type { RunReport } from '../ports/run-store.ts';
import { applyPlan } from '../run/apply-plan.ts';
import { type RollbackReport, rollBack } from '../run/roll-back.ts';
import { MemoryRun } from './memory-run.ts';

export interface HostModuleBed {
  readonly host: HostExecutor;
  readonly network: NetworkOperations;
  readonly facts: HostFacts;
  /** Everything that a rollback must put back, as text per path or name. */
  snapshot(): Promise<Readonly<Record<string, string>>>;
  /** What the network has been asked so far. */
  countRequests(): number;
}

export interface HostModuleSuite {
  /** A fresh host for each test, ready for the module: what it depends on has been done. */
  readonly open: () => Promise<HostModuleBed>;
  /** Titles to configurations, as a person writes them. */
  readonly configs: Readonly<Record<string, unknown>>;
}

/** What every module must hold to, built in or a plugin: check, apply, check again, take back. */
export function describeHostModule(module: HostModule, { configs, open }: HostModuleSuite): void {
  describe(`the module ${module.name}`, () => {
    test('has a strict configuration whose defaults are enough', () => {
      expect(module.schema.safeParse({ no_such_key: 1 }).success).toBe(false);
      expect(module.schema.safeParse({}).success).toBe(true);
    });

    test.each(Object.entries(configs))('%s: plans without writing or asking the network', async (_title, config) => {
      const bed = await open();
      const before = await bed.snapshot();
      const plan = await planOn(bed, [prepare(module, config, bed)]);
      expect(await bed.snapshot()).toEqual(before);
      expect(bed.countRequests()).toBe(0);
      expect(problemsOf(plan)).toEqual([]);
    });

    test.each(Object.entries(configs))('%s: does no more than it said, and nothing the second time', async (_title, config) => {
      const bed = await open();
      const modules = [prepare(module, config, bed)];
      const said = changesOf(await planOn(bed, modules));
      const first = await applyOn(bed, { modules, run: new MemoryRun() });
      expect(failuresOf(first)).toEqual([]);
      const done = first.steps.filter(({ result }) => result.kind === 'changed').map(({ stepId }) => stepId);
      expect(done.filter((id) => !said.includes(id))).toEqual([]);
      const [asked, after] = [bed.countRequests(), await bed.snapshot()];
      const second = await applyOn(bed, { modules, run: new MemoryRun() });
      expect(second.steps.filter(({ result }) => result.kind !== 'unchanged')).toEqual([]);
      expect(bed.countRequests()).toBe(asked);
      expect(await bed.snapshot()).toEqual(after);
    });

    test.each(Object.entries(configs))('%s: is taken back to the very same host', async (_title, config) => {
      const bed = await open();
      const before = await bed.snapshot();
      const run = new MemoryRun();
      await applyOn(bed, { modules: [prepare(module, config, bed)], run });
      const report = await rollBackOn(bed, run);
      expect(report.failed).toEqual([]);
      expect(await bed.snapshot()).toEqual(before);
      expect((await rollBackOn(bed, run)).undone).toEqual([]);
    });
  });
}

function prepare(module: HostModule, config: unknown, { facts }: HostModuleBed): PlannableModule {
  const prepared = toPlannableModule(module, module.schema.parse(config), facts);
  expect(prepared.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return prepared;
}

function toContext({ host, network }: HostModuleBed): StepContext {
  return { host, network, signal: new AbortController().signal, progress: () => undefined };
}

/** For tests of several modules together, as for one. */
export async function planOn(bed: HostModuleBed, modules: readonly PlannableModule[]): Promise<Plan> {
  return await makePlan({ modules, notes: [], facts: bed.facts, profile: null, context: toContext(bed) });
}

export async function applyOn(
  bed: HostModuleBed,
  { modules, run }: { readonly modules: readonly PlannableModule[]; readonly run: MemoryRun },
): Promise<RunReport> {
  const clock = new ManualClock();
  return await applyPlan({ modules, run, clock, context: toContext(bed), maxWorkers: 1, keepsGoing: false, onEvent: () => undefined });
}

export async function rollBackOn(bed: HostModuleBed, run: MemoryRun): Promise<RollbackReport> {
  const clock = new ManualClock();
  return await rollBack({ run, clock, context: toContext(bed), whenChanged: 'refuse', onEvent: () => undefined });
}

const stepsOf = (plan: Plan) => plan.modules.flatMap(({ steps }) => steps);

function changesOf(plan: Plan): readonly string[] {
  return stepsOf(plan)
    .filter(({ outcome }) => outcome.kind === 'change')
    .map(({ id }) => id);
}

function problemsOf(plan: Plan): readonly unknown[] {
  return stepsOf(plan)
    .filter(({ outcome }) => outcome.kind === 'problem')
    .map(({ id, outcome }) => ({ id, outcome }));
}

function failuresOf(report: RunReport): readonly unknown[] {
  return report.steps.filter(({ result }) => result.kind !== 'changed' && result.kind !== 'unchanged');
}
