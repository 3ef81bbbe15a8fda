import { readFile } from 'node:fs/promises';
import { countPlan, findMissingFetches, type OpenRun, type Plan, type RunEnd, type RunReport, recordRun } from '@breakwater/host-config';
import { type Clock, OpsError } from '@breakwater/kernel';
import { askForConsent } from '../ask-for-consent.ts';
import { type Console, toPrintable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { type Planned, planSession, type Session, type SessionFlags } from '../open-session.ts';
import type { OpenedRuns } from '../parts.ts';
import { count, printPlan } from '../plan-text.ts';
import type { ProgressView } from '../progress-view.ts';

export interface ApplyFlags extends SessionFlags {
  readonly yes: boolean;
  readonly plan?: string;
  readonly keepGoing: boolean;
  readonly resume: boolean;
}

export interface ApplyRoom {
  readonly console: Console;
  readonly session: Session;
  readonly runs: OpenedRuns;
  readonly clock: Clock;
  readonly view: ProgressView;
  readonly startedBy: string;
  readonly ask: (question: string) => Promise<string | null>;
}

/** Runs of each host that are kept. */
const KEPT_RUNS = 20;

export async function applyToHost(flags: ApplyFlags, room: ApplyRoom): Promise<number> {
  const { console, session } = room;
  const planned = await planSession(session, flags);
  const { changes, dangers, problems } = countPlan(planned.plan);
  if (flags.plan !== undefined) await refuseMoved(flags.plan, planned.plan);
  console.record({ kind: 'plan', plan: planned.plan });
  printPlan(console, planned.plan);
  checkBundle(room, planned.plan);
  if (changes === 0 && problems === 0 && !flags.resume) return EXIT.ok;
  await warnOfServices(flags, { console, session }, planned.plan);
  const warning = dangers.length === 0 ? '' : ' Look at what is marked with !.';
  await askForConsent(`Do this (${count(changes, 'change')})?${warning}`, { isGiven: flags.yes, ask: room.ask });
  const run = await openRun(flags, room, planned.plan);
  const report = await runAndRecord(flags, { ...room, run, planned });
  printEnd(console, run.runId, report);
  await room.runs.prune({ keep: KEPT_RUNS });
  return toExitCodeOf(report);
}

/** What an optional step misses is only told; without what another one needs, nothing is begun. */
function checkBundle({ console, session }: Pick<ApplyRoom, 'console' | 'session'>, plan: Plan): void {
  if (session.bundle === null) return;
  const { optional, required } = findMissingFetches(plan, session.bundle.manifest);
  for (const what of optional) console.warn(`! not in the bundle, and optional: ${toPrintable(what)}`);
  if (required.length === 0) return;
  throw new OpsError({
    code: 'HOST_PREFLIGHT_BUNDLE_INCOMPLETE',
    message: `The bundle has not all that is needed. Nothing was changed. Make one with the same settings on a host like this. Missing:\n${required.map((each) => `  - ${each}`).join('\n')}`,
    details: { missing: required.slice(0, 100) },
  });
}

/** What is down is told before anything begins; the run goes on, because much of it may not need what is down. */
async function warnOfServices(
  { offline }: ApplyFlags,
  { console, session }: Pick<ApplyRoom, 'console' | 'session'>,
  plan: Plan,
): Promise<void> {
  const { check_on_startup: isWanted, enabled, services } = session.settings.resolved.config.performance.health_checks;
  if (!enabled || !isWanted || offline === true) return;
  const needed = plan.modules
    .filter(({ steps }) => steps.some(({ outcome }) => outcome.kind === 'change'))
    .flatMap((module) => module.services);
  if (needed.length === 0) return;
  for (const health of await session.network.checkHealth({ services: [...new Set([...needed, ...services])] })) {
    console.record({ kind: 'health', ...health });
    if (health.status !== 'healthy')
      console.print(console.paint('warn', `! ${health.service} is ${health.status}: ${toPrintable(health.cause ?? 'it is slow')}`));
  }
}

/** A plan that was looked at may only be done while the host is as it was then. */
async function refuseMoved(path: string, plan: Plan): Promise<void> {
  let stored: unknown;
  try {
    const text = await readFile(path, 'utf8');
    // Either the file of `plan --out`, or the lines of `plan --json`.
    stored = parsePlan(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OpsError({ code: 'HOST_USAGE_FILE', message: `The plan ${path} cannot be read: ${why}`, cause: error });
  }
  const hash = typeof stored === 'object' && stored !== null && 'hash' in stored ? stored.hash : null;
  if (hash === plan.hash) return;
  throw new OpsError({
    code: 'HOST_PREFLIGHT_PLAN_MOVED',
    message: `The host or the settings are no longer as they were when ${path} was made. Nothing was done. Make a new plan and look at it.`,
    details: { planned: typeof hash === 'string' ? hash : null, now: plan.hash },
  });
}

function parsePlan(text: string): unknown {
  try {
    const whole: unknown = JSON.parse(text);
    return typeof whole === 'object' && whole !== null && 'plan' in whole ? whole.plan : whole;
  } catch {
    const lines = text.split('\n').filter((line) => line.startsWith('{"kind":"plan",'));
    if (lines.length === 1) return (JSON.parse(lines[0] ?? '') as { readonly plan: unknown }).plan;
    throw new Error('it holds no plan');
  }
}

async function openRun(flags: ApplyFlags, { runs, session, startedBy }: ApplyRoom, plan: Plan): Promise<OpenRun> {
  const { hostId } = session.host;
  if (!flags.resume) return await runs.begin({ hostId, kind: 'apply', startedBy, plan, planHash: plan.hash });
  const [last] = await runs.list({ hostId, limit: 1 });
  if (last === undefined || last.end === 'succeeded' || last.end === 'rolled-back') {
    throw new OpsError({
      code: 'HOST_RUN_NOTHING_TO_RESUME',
      message: 'The last run on this host has ended, so there is nothing to go on with. Leave out --resume.',
    });
  }
  return await runs.reopen(last.runId, 'resume');
}

interface Running extends ApplyRoom {
  readonly run: OpenRun;
  readonly planned: Planned;
}

async function runAndRecord(flags: ApplyFlags, { clock, console, planned, run, session, view }: Running): Promise<RunReport> {
  try {
    const { report, takenBack } = await recordRun({
      run,
      modules: planned.modules,
      config: session.settings.resolved.config,
      context: session.context,
      clock,
      keepsGoing: flags.keepGoing,
      onEvent: (event) => view.show(event),
    });
    if (takenBack !== null && takenBack.failed.length > 0) {
      const names = takenBack.modules.join(', ');
      console.warn(`${count(takenBack.failed.length, 'change')} of ${names} could not be taken back; see "rollback".`);
    }
    return report;
  } finally {
    view.close();
  }
}

const END_TEXTS: Readonly<Record<RunEnd, readonly [text: string, tone: 'good' | 'warn' | 'bad']>> = {
  succeeded: ['Done.', 'good'],
  degraded: ['Done, except for what is marked above.', 'warn'],
  failed: ['Failed.', 'bad'],
  interrupted: ['Interrupted. Go on with: vps-configurator apply --resume', 'warn'],
  'rolled-back': ['Taken back.', 'good'],
};

function printEnd(console: Console, runId: string, { end, steps }: RunReport): void {
  const changed = steps.filter(({ result }) => result.kind === 'changed').length;
  const rescued = steps.filter(({ isRescued }) => isRescued).length;
  const [text, tone] = END_TEXTS[end];
  const more = rescued === 0 ? '' : `, ${rescued} only after another attempt`;
  console.print(`${console.paint(tone, text)} ${count(changed, 'step')} changed${more}. Report: vps-configurator report ${runId}`);
}

function toExitCodeOf({ end, steps }: RunReport): number {
  switch (end) {
    case 'succeeded':
    case 'rolled-back':
      return EXIT.ok;
    case 'degraded':
      return EXIT.degraded;
    case 'interrupted':
      return EXIT.interrupted;
    case 'failed': {
      const reasons = steps.flatMap(({ result }) => (result.kind === 'failed' ? [result.temporary] : []));
      if (reasons.length === 0 || reasons.includes(undefined)) return EXIT.failed;
      return reasons.includes('service') ? EXIT.temporary : EXIT.lockWaitExpired;
    }
  }
}
