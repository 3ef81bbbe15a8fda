import type { NetworkEvent } from '../network/network-operations.ts';
import type { RunEnd, StepReport } from '../ports/run-store.ts';

/** What is told while a run goes on: to the terminal, to `--json`, to the run's own record, to the portal. */
export type HostEvent =
  | { readonly kind: 'run.started'; readonly runId: string; readonly hostId: string; readonly steps: number }
  | { readonly kind: 'module.started'; readonly module: string }
  | { readonly kind: 'module.ended'; readonly module: string; readonly result: ModuleResult }
  | { readonly kind: 'step.started'; readonly stepId: string; readonly title: string }
  | { readonly kind: 'step.progressed'; readonly stepId: string; readonly text: string }
  | { readonly kind: 'step.ended'; readonly report: StepReport }
  | { readonly kind: 'undo.started'; readonly stepId: string; readonly title: string }
  | { readonly kind: 'undo.ended'; readonly stepId: string; readonly title: string; readonly problem: string | null }
  | (NetworkEvent & { readonly stepId: string })
  | { readonly kind: 'run.ended'; readonly runId: string; readonly end: RunEnd };

export type ModuleResult = 'done' | 'degraded' | 'failed' | 'skipped';

export type HostEventListener = (event: HostEvent) => void;
