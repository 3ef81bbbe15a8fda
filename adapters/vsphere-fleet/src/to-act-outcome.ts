import type { ActOutcome } from '@breakwater/fleet';

/** Refusals after which the same act may succeed later: nothing was sent, or something else stood in the way for the moment. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'RESILIENCE_CIRCUIT_OPEN',
  'RESILIENCE_QUEUE_FULL',
  'RESILIENCE_DEADLINE',
  'RESILIENCE_CLOSED',
  'TRANSPORT_CLOSED',
  'TRANSPORT_DNS',
  'TRANSPORT_FAILED',
  'TRANSPORT_REFUSED',
  'TRANSPORT_RESET',
  'TRANSPORT_TIMEOUT',
  'TRANSPORT_TLS_FAILED',
  'TRANSPORT_UNREACHABLE',
  'VSPHERE_CLOSED',
  'VSPHERE_CONCURRENT_ACCESS',
  'VSPHERE_HOST_UNREACHABLE',
  'VSPHERE_SESSION_EXPIRED',
  'VSPHERE_TASK_IN_PROGRESS',
  'VSPHERE_UNAVAILABLE',
]);

/** The client's outcome, with what its code means for another try. */
export function toActOutcome(outcome: ActOutcome): ActOutcome {
  if (outcome.kind !== 'failed') return outcome;
  const { code, message } = outcome;
  return { kind: 'failed', code, message, cause: TRANSIENT.has(code) ? 'transient' : 'final' };
}
