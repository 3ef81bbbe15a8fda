import { OpsError } from '@breakwater/kernel';
import type { Outcome } from '../../network/network-operations.ts';

type Failed = Extract<Outcome<unknown>, { readonly ok: false }>;

/** The failure of a network operation as the failure of a step. `details.reason: breaker` and `timeout` mean: run it again later. */
export function toNetworkError(outcome: Failed, code: string): OpsError {
  const { attempts, explanation, reason, retryAfterMs, service } = outcome;
  const { cause, class: failureClass, hint } = explanation;
  return new OpsError({ code, message: cause, details: { hint, service, reason, failureClass, attempts, retryAfterMs } });
}
