import { expect, it } from 'vitest';
import { toActOutcome } from './to-act-outcome.ts';

it.each([
  ['RESILIENCE_CIRCUIT_OPEN', 'transient'],
  ['VSPHERE_TASK_IN_PROGRESS', 'transient'],
  ['TRANSPORT_REFUSED', 'transient'],
  ['VSPHERE_NO_PERMISSION', 'final'],
  ['VSPHERE_INVALID_LOGIN', 'final'],
  ['TRANSPORT_CERTIFICATE_CHANGED', 'final'],
] as const)('takes %s for a %s failure', (code, cause) => {
  expect(toActOutcome({ kind: 'failed', code, message: 'm' })).toEqual({ kind: 'failed', code, message: 'm', cause });
});

it('leaves other outcomes as they are', () => {
  const unknown = { kind: 'unknown', code: 'VSPHERE_ANSWER_LOST', message: 'm' } as const;
  expect([toActOutcome(unknown), toActOutcome({ kind: 'succeeded' })]).toEqual([unknown, { kind: 'succeeded' }]);
});
