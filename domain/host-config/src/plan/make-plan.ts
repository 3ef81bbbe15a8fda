import { toOpsError } from '@breakwater/kernel';
import { hashBytes } from '../resources/file/saved-file.ts';
import type { HostFacts } from './host-facts.ts';
import type { Plan, PlannedModule, PlannedOutcome, PlannedStep } from './plan.ts';
import type { PlannableModule } from './plannable-module.ts';
import type { Step, StepContext } from './step.ts';

export interface MakePlanOptions {
  readonly modules: readonly PlannableModule[];
  readonly notes: readonly string[];
  readonly facts: HostFacts;
  readonly profile: string | null;
  readonly context: StepContext;
}

/** Reads the host and says what would change; writes nothing. Rejects only with the signal's reason. */
export async function makePlan(options: MakePlanOptions): Promise<Plan> {
  const { context, facts, notes, profile } = options;
  const modules: PlannedModule[] = [];
  for (const module of options.modules) {
    const steps: PlannedStep[] = [];
    for (const step of module.steps) {
      const planned = await planStep(module.name, step, context);
      steps.push(isFollowing(step, { module: module.name, steps }) ? { ...planned, outcome: toFollowing(step, planned.outcome) } : planned);
    }
    modules.push({
      name: module.name,
      description: module.description,
      dependsOn: module.dependsOn,
      isMandatory: module.isMandatory,
      isExclusive: module.isExclusive,
      services: module.services,
      findings: module.findings,
      steps,
    });
  }
  const plan = { hostId: context.host.hostId, profile, facts, notes, modules };
  return { ...plan, hash: await hashPlan(plan) };
}

function isFollowing({ follows }: Step, before: { readonly module: string; readonly steps: readonly PlannedStep[] }): boolean {
  const ids = follows?.steps.map((id) => `${before.module}/${id}`) ?? [];
  return before.steps.some(({ id, outcome }) => outcome.kind === 'change' && ids.includes(id));
}

function toFollowing({ follows }: Step, outcome: PlannedOutcome): PlannedOutcome {
  return outcome.kind === 'unchanged' && follows !== undefined ? { kind: 'change', change: follows.change } : outcome;
}

async function planStep(module: string, step: Step, context: StepContext): Promise<PlannedStep> {
  const { isOptional = false, lane, title } = step;
  return { id: `${module}/${step.id}`, title, lane, isOptional, outcome: await toOutcome(step, context) };
}

async function toOutcome(step: Step, context: StepContext): Promise<PlannedOutcome> {
  try {
    const change = await step.plan(context);
    return change === null ? { kind: 'unchanged' } : { kind: 'change', change };
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = toOpsError(error, { code: 'HOST_STEP_FAILED' });
    return { kind: 'problem', code, text: message };
  }
}

/** Free memory and disk move all the time and decide nothing, so they stay out of the hash. */
async function hashPlan(plan: Omit<Plan, 'hash'>): Promise<string> {
  const { rootFreeMib: _free, memoryMib: _memory, ...facts } = plan.facts;
  return await hashBytes(new TextEncoder().encode(JSON.stringify({ ...plan, facts })));
}
