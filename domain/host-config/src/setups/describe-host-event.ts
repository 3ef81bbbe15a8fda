import type { HostEvent } from '../run/host-event.ts';

const MAX_CHARACTERS = 200;

/** One line for people; null: it says nothing to them that they do not see anyway. */
export function describeHostEvent(event: HostEvent): string | null {
  const text = toText(event);
  // What tools print may hold anything; a line is a line.
  return text === null ? null : text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, MAX_CHARACTERS);
}

function toText(event: HostEvent): string | null {
  switch (event.kind) {
    case 'step.progressed':
      return event.text;
    case 'step.ended': {
      const { result, title } = event.report;
      if (result.kind === 'changed') return `Done: ${title}`;
      return result.kind === 'unchanged' ? null : `${result.kind === 'failed' ? 'Failed' : 'Left out'}: ${title}: ${result.reason}`;
    }
    case 'undo.ended':
      return event.problem === null ? `Taken back: ${event.title}` : `Not taken back: ${event.title}: ${event.problem}`;
    case 'network.retry-scheduled':
      return `${event.title}: ${event.explanation.cause} Again in ${Math.ceil(event.delayMs / 1_000)} s.`;
    case 'network.rescued':
      return `${event.title}: went well at attempt ${event.attempts}`;
    case 'network.failed':
      return `${event.title}: ${event.explanation.cause}`;
    case 'network.repaired':
      return `${event.title}: mended, once more`;
    case 'network.lock-waited':
      return `${event.title}: waiting for ${event.holder === null ? 'another program' : `${event.holder.name} (process ${event.holder.pid})`}`;
    case 'network.dpkg-waited':
      return `${event.title}: dpkg was asked to stop and is still at work after ${Math.round(event.waitedMs / 1_000)} s; it is not killed`;
    case 'network.breaker-changed':
      return event.state === 'open' ? `${event.service} is left alone for a while` : null;
    case 'run.started':
    case 'run.ended':
    case 'module.started':
    case 'module.ended':
    case 'step.started':
    case 'undo.started':
    case 'network.started':
    case 'network.attempted':
    case 'network.succeeded':
      return null;
  }
}
