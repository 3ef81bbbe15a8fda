import type { HostPlan, HostSetup, HostSetupRow, HostStepReport } from '@breakwater/contract';
import { countPlan, type Plan } from '../plan/plan.ts';
import type { ChangeDetail } from '../plan/step.ts';
import type { JournalEntry, StepReport, StepResult } from '../ports/run-store.ts';
import type { SetupRecord, SetupRowRecord } from '../ports/setup-repositories.ts';

type HostChangeDetail = Extract<HostPlan['modules'][number]['steps'][number]['outcome'], { kind: 'change' }>['details'][number];

/** Longer differences are cut: a person reads a page, and everything together must stay small enough for an answer. */
const MAX_DIFF_CHARACTERS = 20_000;
const MAX_DIFFS_CHARACTERS = 500_000;

export function toHostPlan(plan: Plan): HostPlan {
  const { changes, dangers, problems, unchanged } = countPlan(plan);
  const { hostname, osCodename, osId, osVersion } = plan.facts;
  const room = { characters: MAX_DIFFS_CHARACTERS };
  return {
    hash: plan.hash,
    hostname,
    os: `${osId} ${osVersion}${osCodename === '' ? '' : ` (${osCodename})`}`,
    notes: [...plan.notes],
    counts: { changes, unchanged, problems },
    dangers: [...dangers],
    modules: plan.modules.map(({ description, findings, isMandatory, name, steps }) => ({
      name,
      description,
      is_mandatory: isMandatory,
      findings: findings.map(({ hint, severity, text }) => ({ severity, text, hint })),
      steps: steps.map(({ id, isOptional, outcome, title }) => ({
        id,
        title,
        is_optional: isOptional,
        outcome:
          outcome.kind !== 'change'
            ? outcome
            : {
                kind: 'change' as const,
                summary: outcome.change.summary,
                dangers: [...outcome.change.dangers],
                details: outcome.change.details.map((detail) => toDetail(detail, room)),
              },
      })),
    })),
  };
}

function toDetail(detail: ChangeDetail, room: { characters: number }): HostChangeDetail {
  switch (detail.kind) {
    case 'file': {
      const diff = detail.diff.slice(0, Math.min(MAX_DIFF_CHARACTERS, room.characters));
      room.characters -= diff.length;
      return { kind: 'file', path: detail.path, action: detail.action, diff, is_cut: diff.length < detail.diff.length };
    }
    case 'packages':
      return { kind: 'packages', install: [...detail.install], upgrade: [...detail.upgrade], remove: [...detail.remove] };
    case 'command':
      return { kind: 'command', argv: [...detail.argv] };
    case 'attributes':
    case 'service':
    case 'account':
    case 'download':
      return detail;
  }
}

export function toStepReports(steps: readonly StepReport[]): HostStepReport[] {
  return steps.map(({ attempts, module, result, stepId, title, tookMs }) => ({
    step_id: stepId,
    module,
    title,
    ...toResult(result),
    took_ms: tookMs,
    attempts,
  }));
}

/** Of a run that came to no end: what its journal says is over. */
export function readStepReports(journal: readonly JournalEntry[], plan: HostPlan | null): HostStepReport[] {
  const titles = new Map(plan?.modules.flatMap(({ steps }) => steps.map(({ id, title }) => [id, title] as const)));
  const startedAtMs = new Map<string, number>();
  return journal.flatMap((entry) => {
    if (entry.kind === 'step.started') startedAtMs.set(entry.stepId, entry.atMs);
    if (entry.kind !== 'step.ended') return [];
    const { atMs, result, stepId } = entry;
    const [module = ''] = stepId.split('/');
    const tookMs = Math.max(0, atMs - (startedAtMs.get(stepId) ?? atMs));
    return [{ step_id: stepId, module, title: titles.get(stepId) ?? stepId, ...toResult(result), took_ms: tookMs, attempts: 1 }];
  });
}

function toResult(result: StepResult): Pick<HostStepReport, 'result' | 'reason' | 'code' | 'hint'> {
  switch (result.kind) {
    case 'changed':
    case 'unchanged':
      return { result: result.kind, reason: null, code: null, hint: null };
    case 'degraded':
      return { result: 'degraded', reason: result.reason, code: null, hint: result.finishWith };
    case 'skipped':
      return { result: 'skipped', reason: result.reason, code: null, hint: null };
    case 'failed':
      return { result: 'failed', reason: result.reason, code: result.code, hint: result.hint };
  }
}

export function toSetupRow(record: SetupRowRecord): HostSetupRow {
  const { act: _act, boot_wait_seconds: _wait, ...row } = record;
  return { ...row, actions: listActions(record) };
}

export function withoutBody({ config: _config, plan: _plan, steps: _steps, ...row }: SetupRecord): SetupRowRecord {
  return row;
}

export function toSetup(record: SetupRecord): HostSetup {
  const { act: _act, boot_wait_seconds: _wait, ...setup } = record;
  return { ...setup, actions: listActions(record) };
}

/** What makes sense now. */
export function listActions({ act, counts, run_id: runId, state }: SetupRowRecord): HostSetup['actions'] {
  switch (state) {
    case 'planning':
    case 'applying':
    case 'rolling_back':
      return ['cancel'];
    case 'planned':
      return counts !== null && counts.changes + counts.problems > 0 ? ['apply'] : [];
    case 'succeeded':
      return ['roll_back'];
    case 'degraded':
      return ['resume', 'roll_back'];
    case 'failed':
    case 'canceled':
    case 'interrupted':
      if (runId === null) return [];
      // Half taken back, it can only be taken back further.
      return act === 'roll_back' ? ['roll_back'] : ['resume', 'roll_back'];
    case 'plan_failed':
    case 'rolled_back':
      return [];
  }
}
