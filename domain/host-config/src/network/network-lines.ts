import { type LogLine, toBeginLine, toDoneLine } from '@breakwater/resilience';
import type { NetworkEvent } from './network-operations.ts';

/** The event as spec 05 prints it; nothing where it is not worth a line. */
export function toNetworkLines(event: NetworkEvent): readonly LogLine[] {
  switch (event.kind) {
    case 'network.started':
      return [toBeginLine(event.doing)];
    case 'network.retry-scheduled':
      return [
        { level: 'warn', text: `⚠️  Attempt ${event.attempt} failed: ${toReason(event.explanation.cause)}` },
        {
          level: 'info',
          text: `🔄 Retrying in ${toSeconds(event.delayMs)}s... (${event.attemptsLeft} ${event.attemptsLeft === 1 ? 'retry' : 'retries'} left)`,
        },
      ];
    case 'network.rescued':
      return [{ level: 'info', text: `✅ Operation succeeded after ${event.attempts} attempts` }];
    case 'network.succeeded':
      return [toDoneLine(event.title)];
    case 'network.failed':
      return toFailureLines(event);
    case 'network.repaired':
      return [{ level: 'info', text: `🔧 Repaired before the next attempt: ${toReason(event.explanation.cause)}` }];
    case 'network.lock-waited': {
      const { holder } = event;
      const who = holder === null ? 'another process' : `${holder.name === '' ? 'process' : holder.name} (${holder.pid})`;
      return [{ level: 'info', text: `⏳ Waiting for the package lock, held by ${who}` }];
    }
    case 'network.dpkg-waited':
      return [{ level: 'warn', text: `⏳ Waiting for dpkg, which must not be cut off (${toSeconds(event.waitedMs)}s)` }];
    case 'network.breaker-changed':
      if (event.state === 'open') return [{ level: 'error', text: `🚨 Circuit breaker open: ${event.service}` }];
      return event.state === 'closed' ? [{ level: 'info', text: `✅ Circuit breaker closed: ${event.service}` }] : [];
    case 'network.attempted':
      return [];
  }
}

function toFailureLines(event: Extract<NetworkEvent, { kind: 'network.failed' }>): readonly LogLine[] {
  const cause = toReason(event.explanation.cause);
  if (event.reason === 'breaker') return [{ level: 'error', text: `🚨 Circuit breaker open: ${event.service}` }];
  if (event.attempts === 0) return [{ level: 'error', text: `❌ ${cause}` }];
  const last: LogLine = { level: 'warn', text: `⚠️  Attempt ${event.attempts} failed: ${cause}` };
  return event.attempts === 1 ? [last] : [last, { level: 'error', text: `❌ All ${event.attempts} attempts failed` }];
}

/** Foreign text stays inside its line. */
const toReason = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);

const toSeconds = (ms: number): string => (ms / 1_000).toFixed(1);
