import type { RunRecord, StepReport } from '@breakwater/host-config';
import { formatInstant, OpsError } from '@breakwater/kernel';
import { toDurationText, toPrintable, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import type { HistoryRoom } from './history.ts';

export const REPORT_FORMATS = ['text', 'json', 'junit', 'md'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Null: the last run. */
export async function showReport(
  runId: string | null,
  room: HistoryRoom & { readonly format: ReportFormat; readonly write: (text: string) => void },
): Promise<number> {
  const { console, format, hostId, runs, write } = room;
  const wanted = runId ?? (await runs.list({ hostId, limit: 1 }))[0]?.runId;
  const record = wanted === undefined ? null : await runs.read(wanted);
  if (record === null) {
    throw new OpsError({
      code: 'HOST_RUN_UNKNOWN',
      message:
        wanted === undefined
          ? 'Nothing has been done on this host yet.'
          : `There is no run "${wanted.slice(0, 60)}". "vps-configurator history" lists them.`,
    });
  }
  if (console.isJson) console.record({ kind: 'report', ...toJson(record) });
  else write(`${FORMATS[format](record)}\n`);
  return EXIT.ok;
}

const FORMATS: Readonly<Record<ReportFormat, (record: RunRecord) => string>> = {
  text: toText,
  json: (record) => JSON.stringify(toJson(record), null, 2),
  junit: toJunit,
  md: toMarkdown,
};

function toJson(record: RunRecord): Readonly<Record<string, unknown>> {
  const { end, endedAtMs, hostId, kind, planHash, report, runId, startedAtMs, startedBy } = record;
  return {
    runId,
    hostId,
    runKind: kind,
    startedBy,
    startedAt: formatInstant(startedAtMs),
    endedAt: endedAtMs === null ? null : formatInstant(endedAtMs),
    end,
    planHash,
    steps: report?.steps ?? [],
  };
}

function stepsOf({ report }: RunRecord): readonly StepReport[] {
  return report?.steps ?? [];
}

/** Why a step did not go as it should; empty where it did. */
function reasonOf({ result }: StepReport): string {
  if (result.kind === 'failed') return `${result.reason} [${result.code}]${result.hint === null ? '' : ` ${result.hint}`}`;
  if (result.kind === 'degraded') return `${result.reason} Finish it later: ${result.finishWith}`;
  return result.kind === 'skipped' ? result.reason : '';
}

function headOf({ end, hostId, runId, startedAtMs, startedBy }: RunRecord): string {
  return `Run ${runId} on ${hostId}, begun ${formatInstant(startedAtMs)} by ${startedBy}: ${end ?? 'not ended'}`;
}

function toText(record: RunRecord): string {
  const steps = stepsOf(record);
  const rows = steps.map((step) => [
    step.stepId,
    step.result.kind,
    toDurationText(step.tookMs),
    String(step.attempts),
    toDurationText(step.waitedMs),
    reasonOf(step),
  ]);
  const rescued = steps.filter(({ isRescued }) => isRescued).map(({ stepId }) => stepId);
  return [
    toPrintable(headOf(record)),
    toTable(['STEP', 'RESULT', 'TOOK', 'ATTEMPTS', 'WAITED', 'WHY'], rows),
    ...(rescued.length === 0 ? [] : [`Worked only after another attempt: ${rescued.join(', ')}`]),
  ].join('\n');
}

function toMarkdown(record: RunRecord): string {
  const toCell = (text: string): string => toPrintable(text).replaceAll(/[\\|<>`*_[\]]/g, '\\$&');
  const rows = stepsOf(record).map((step) => {
    const cells = [step.stepId, step.title, step.result.kind, toDurationText(step.tookMs), String(step.attempts), reasonOf(step)];
    return `| ${cells.map(toCell).join(' | ')} |`;
  });
  return [`# ${toCell(headOf(record))}`, '', '| step | what | result | took | attempts | why |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

/** The dialect that CI servers read: a suite per module, a case per step. */
function toJunit(record: RunRecord): string {
  const suites = [...Map.groupBy(stepsOf(record), ({ module }) => module)].map(([module, steps]) => {
    const failures = steps.filter(({ result }) => result.kind === 'failed').length;
    const skipped = steps.filter(({ result }) => result.kind === 'skipped' || result.kind === 'degraded').length;
    const seconds = (steps.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1_000).toFixed(3);
    const head = `  <testsuite name="${toXml(module)}" tests="${steps.length}" failures="${failures}" skipped="${skipped}" time="${seconds}">`;
    return [head, ...steps.map(toTestCase), '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="${toXml(record.runId)}">`, ...suites, '</testsuites>'].join('\n');
}

function toTestCase(step: StepReport): string {
  const head = `    <testcase classname="${toXml(step.module)}" name="${toXml(step.stepId)}" time="${(step.tookMs / 1_000).toFixed(3)}"`;
  const { kind } = step.result;
  if (kind === 'failed') return `${head}><failure message="${toXml(reasonOf(step))}"/></testcase>`;
  if (kind === 'skipped' || kind === 'degraded') return `${head}><skipped message="${toXml(reasonOf(step))}"/></testcase>`;
  return `${head}/>`;
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Most control characters may not stand in XML at all. */
const toXml = (text: string): string => toPrintable(text).replaceAll(/[&<>"']/g, (character) => XML[character] ?? character);
