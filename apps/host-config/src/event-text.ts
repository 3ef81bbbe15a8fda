import type { HostEvent, StepReport } from '@breakwater/host-config';
import { type Console, type Tone, toDurationText, toPrintable } from './console.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface EventLine {
  readonly level: LogLevel;
  readonly text: string;
}

/** One line for a person about an event, or null where there is nothing to say. */
export function toEventLine(event: HostEvent, console: Console): EventLine | null {
  switch (event.kind) {
    case 'run.started':
      return { level: 'info', text: console.paint('dim', `Run ${event.runId}`) };
    case 'module.started':
      return { level: 'debug', text: console.paint('dim', `${event.module} begins`) };
    case 'module.ended':
      return { level: 'debug', text: console.paint('dim', `${event.module}: ${event.result}`) };
    case 'step.started':
      return { level: 'debug', text: console.paint('dim', `. ${event.stepId}: ${toPrintable(event.title)}`) };
    case 'step.progressed':
      return { level: 'debug', text: console.paint('dim', `  ${event.stepId}: ${toPrintable(event.text)}`) };
    case 'step.ended':
      return toStepLine(event.report, console);
    case 'undo.started':
      return { level: 'debug', text: console.paint('dim', `. taking back: ${toPrintable(event.title)}`) };
    case 'undo.ended':
      return event.problem === null
        ? { level: 'info', text: `${console.paint('good', '<')} taken back: ${toPrintable(event.title)}` }
        : {
            level: 'error',
            text: `${console.paint('bad', 'x')} not taken back: ${toPrintable(event.title)}: ${toPrintable(event.problem)}`,
          };
    case 'network.started':
    case 'network.succeeded':
      return null;
    case 'network.failed':
      return { level: 'warn', text: console.paint('warn', `  ${toPrintable(event.title)}: ${toPrintable(event.explanation.cause)}`) };
    case 'network.repaired':
      return {
        level: 'warn',
        text: console.paint('warn', `  ${toPrintable(event.title)}: repaired (${toPrintable(event.explanation.cause)})`),
      };
    case 'network.attempted':
      return event.attempt === 1
        ? null
        : { level: 'debug', text: console.paint('dim', `  ${toPrintable(event.title)}: attempt ${event.attempt} of ${event.attempts}`) };
    case 'network.retry-scheduled': {
      const { attempt, attemptsLeft, delayMs, explanation, title } = event;
      const when = `again in ${toDurationText(delayMs)}, ${attemptsLeft} left`;
      return {
        level: 'warn',
        text: console.paint('warn', `  ${toPrintable(title)}: attempt ${attempt} failed (${toPrintable(explanation.cause)}); ${when}`),
      };
    }
    case 'network.rescued':
      return { level: 'info', text: `  ${toPrintable(event.title)}: worked after ${event.attempts} attempts` };
    case 'network.lock-waited': {
      const holder = event.holder === null ? 'another program' : `${event.holder.name} (process ${event.holder.pid})`;
      return {
        level: 'warn',
        text: console.paint('warn', `  ${toPrintable(event.title)}: waiting for ${toPrintable(holder)}, which holds the lock`),
      };
    }
    case 'network.dpkg-waited': {
      const text = `  dpkg was asked to stop and must not be cut off; waiting for it since ${toDurationText(event.waitedMs)}`;
      return { level: 'warn', text: console.paint('warn', text) };
    }
    case 'network.breaker-changed':
      return { level: 'warn', text: console.paint('warn', `  circuit breaker of ${event.service}: ${event.state}`) };
    case 'run.ended':
      return null;
  }
}

const MARKS: Readonly<Record<StepReport['result']['kind'], readonly [mark: string, tone: Tone, level: LogLevel]>> = {
  changed: ['+', 'good', 'info'],
  unchanged: ['=', 'dim', 'debug'],
  degraded: ['!', 'warn', 'warn'],
  skipped: ['-', 'warn', 'warn'],
  failed: ['x', 'bad', 'error'],
};

function toStepLine({ attempts, result, stepId, title, tookMs }: StepReport, console: Console): EventLine {
  const [mark, tone, level] = MARKS[result.kind];
  const tries = attempts > 1 ? `, ${attempts} attempts` : '';
  const head = `${console.paint(tone, mark)} ${stepId}: ${toPrintable(title)} ${console.paint('dim', `(${toDurationText(tookMs)}${tries})`)}`;
  const why = describeResult(result);
  return { level, text: why === '' ? head : `${head}\n    ${toPrintable(why)}` };
}

function describeResult(result: StepReport['result']): string {
  switch (result.kind) {
    case 'changed':
    case 'unchanged':
      return '';
    case 'degraded':
      return `${result.reason} Finish it later: ${result.finishWith}`;
    case 'skipped':
      return result.reason;
    case 'failed':
      return `${result.reason} [${result.code}]${result.hint === null ? '' : ` ${result.hint}`}`;
  }
}
