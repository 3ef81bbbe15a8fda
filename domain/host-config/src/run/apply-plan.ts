import type { Clock } from '@breakwater/kernel';
import type { PlannableModule } from '../plan/plannable-module.ts';
import type { StepContext } from '../plan/step.ts';
import type { OpenRun, RunEnd, RunReport, StepReport } from '../ports/run-store.ts';
import type { HostEventListener, ModuleResult } from './host-event.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { runStep } from './run-step.ts';

export interface ApplyPlanOptions {
  /** In the order of the plan. */
  readonly modules: readonly PlannableModule[];
  readonly run: OpenRun;
  readonly context: StepContext;
  readonly clock: Clock;
  /** Modules side by side: `performance.max_workers`, or 1 without `performance.parallel_execution`. */
  readonly maxWorkers: number;
  /** Goes on even when a mandatory module has failed. */
  readonly keepsGoing: boolean;
  readonly onEvent: HostEventListener;
}

/**
 * Does what the modules want. A failed module skips those that depend on it, and only a mandatory one ends the run; the others go on, because one dead
 * service must not keep a host from everything else. An abort ends in `interrupted` with a journal that can be resumed.
 */
export async function applyPlan(options: ApplyPlanOptions): Promise<RunReport> {
  const { clock, context, modules, onEvent, run } = options;
  const steps: StepReport[] = [];
  const results = new Map<string, ModuleResult>();
  const left = new Set(modules);
  const running = new Map<PlannableModule, Promise<void>>();
  const lanes = createLanes();
  let seq = run.journal.reduce((highest, entry) => (entry.kind === 'undo' ? Math.max(highest, entry.seq) : highest), 0);
  const nextSeq = (): number => ++seq;
  let isStopping = false;

  const start = (module: PlannableModule): void => {
    left.delete(module);
    const work = runModule(module, { ...options, lanes, nextSeq, steps, results }).then((result) => {
      results.set(module.name, result);
      running.delete(module);
      onEvent({ kind: 'module.ended', module: module.name, result });
      if (result === 'failed' && module.isMandatory && !options.keepsGoing) isStopping = true;
    });
    running.set(module, work);
  };

  try {
    while (left.size > 0 || running.size > 0) {
      if (!isStopping)
        for (const module of left) if (mayStart(module, { left, results, running, maxWorkers: options.maxWorkers })) start(module);
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    // What is still running sees the same signal; its last journal entries must be written before the run is let go.
    await Promise.allSettled(running.values());
  }
  for (const module of left) {
    results.set(module.name, 'skipped');
    skip(module, { steps, reason: context.signal.aborted ? 'The run was interrupted.' : 'A mandatory module failed before.' });
  }
  return { end: toEnd([...results.values()], context.signal), endedAtMs: clock.wall(), steps };
}

interface Schedule {
  readonly left: ReadonlySet<PlannableModule>;
  readonly results: ReadonlyMap<string, ModuleResult>;
  readonly running: ReadonlyMap<PlannableModule, unknown>;
  readonly maxWorkers: number;
}

function mayStart(module: PlannableModule, { left, maxWorkers, results, running }: Schedule): boolean {
  const names = new Set([...left, ...running.keys()].map(({ name }) => name));
  if (module.dependsOn.some((name) => names.has(name) && !results.has(name))) return false;
  if (running.size >= maxWorkers) return false;
  return running.size === 0 || (!module.isExclusive && ![...running.keys()].some(({ isExclusive }) => isExclusive));
}

interface ModuleRun extends ApplyPlanOptions {
  readonly lanes: Lanes;
  readonly nextSeq: () => number;
  readonly steps: StepReport[];
  readonly results: ReadonlyMap<string, ModuleResult>;
}

async function runModule(module: PlannableModule, moduleRun: ModuleRun): Promise<ModuleResult> {
  const { onEvent, results, steps } = moduleRun;
  const broken = module.dependsOn.find((name) => results.get(name) === 'failed' || results.get(name) === 'skipped');
  if (broken !== undefined) {
    skip(module, { steps, reason: `It depends on ${broken}, which was not done.` });
    return 'skipped';
  }
  const error = module.findings.find((finding) => finding.severity === 'error');
  if (error !== undefined) {
    const result = { kind: 'failed', code: 'HOST_MODULE_INVALID', reason: error.text, hint: error.hint } as const;
    steps.push({ ...emptyReport(module.name), stepId: `${module.name}/validate`, title: 'Check the configuration', result });
    return 'failed';
  }
  onEvent({ kind: 'module.started', module: module.name });
  let isDegraded = false;
  for (const [index, step] of module.steps.entries()) {
    const report = await runStep({ ...moduleRun, module: module.name, step });
    steps.push(report);
    if (report.result.kind === 'degraded') isDegraded = true;
    if (report.result.kind === 'failed') {
      const reason = `"${step.title}" failed before.`;
      for (const later of module.steps.slice(index + 1)) steps.push(toSkipped(module.name, later, reason));
      return 'failed';
    }
  }
  return isDegraded ? 'degraded' : 'done';
}

function skip(module: PlannableModule, why: { readonly steps: StepReport[]; readonly reason: string }): void {
  for (const step of module.steps) why.steps.push(toSkipped(module.name, step, why.reason));
}

function toSkipped(module: string, step: { readonly id: string; readonly title: string }, reason: string): StepReport {
  return { ...emptyReport(module), stepId: `${module}/${step.id}`, title: step.title, result: { kind: 'skipped', reason } };
}

function emptyReport(module: string): Pick<StepReport, 'module' | 'tookMs' | 'attempts' | 'isRescued' | 'waitedMs'> {
  return { module, tookMs: 0, attempts: 0, isRescued: false, waitedMs: 0 };
}

function toEnd(results: readonly ModuleResult[], signal: AbortSignal): RunEnd {
  if (signal.aborted) return 'interrupted';
  if (results.includes('failed')) return 'failed';
  return results.includes('degraded') || results.includes('skipped') ? 'degraded' : 'succeeded';
}
