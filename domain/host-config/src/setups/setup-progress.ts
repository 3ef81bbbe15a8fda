import type { HostSetupAct, HostSetupProgress } from '@breakwater/contract';
import type { HostEvent } from '../run/host-event.ts';
import { describeHostEvent } from './describe-host-event.ts';

const KEPT_LINES = 6;

/** What is told of a set-up that goes on, in a step of it: a connection, or what happens on the host. */
export type SetupEvent =
  | HostEvent
  | { readonly kind: 'setup.phase'; readonly phase: HostSetupProgress['phase'] }
  | { readonly kind: 'setup.told'; readonly line: string };

export function beginProgress(setupId: string, act: HostSetupAct): HostSetupProgress {
  return { setup_id: setupId, act, phase: 'waiting', steps_done: 0, steps_total: 0, module: null, step: null, lines: [], run_id: null };
}

export function advanceProgress(before: HostSetupProgress, event: SetupEvent): HostSetupProgress {
  switch (event.kind) {
    case 'setup.phase':
      return { ...before, phase: event.phase, ...(event.phase === 'over' ? { module: null, step: null } : {}) };
    case 'setup.told':
      return { ...before, lines: addLine(before.lines, event.line) };
    case 'run.started':
      return { ...before, phase: 'working', run_id: event.runId, steps_total: event.steps };
    case 'module.started':
      return { ...before, module: event.module };
    case 'step.started':
    case 'undo.started':
      return { ...before, module: toModule(event.stepId), step: event.title };
    case 'step.ended':
    case 'undo.ended':
      return { ...before, steps_done: before.steps_done + 1, lines: addLine(before.lines, describeHostEvent(event)) };
    case 'step.progressed':
    case 'module.ended':
    case 'run.ended':
    case 'network.started':
    case 'network.attempted':
    case 'network.retry-scheduled':
    case 'network.rescued':
    case 'network.succeeded':
    case 'network.failed':
    case 'network.repaired':
    case 'network.lock-waited':
    case 'network.dpkg-waited':
    case 'network.breaker-changed':
      return { ...before, lines: addLine(before.lines, describeHostEvent(event)) };
  }
}

export function toPercent({ steps_done: done, steps_total: total }: HostSetupProgress): number | null {
  return total === 0 ? null : Math.min(100, Math.round((done / total) * 100));
}

const addLine = (lines: HostSetupProgress['lines'], line: string | null): string[] =>
  line === null ? lines : [...lines, line].slice(-KEPT_LINES);

const toModule = (stepId: string): string => stepId.slice(0, stepId.indexOf('/'));
