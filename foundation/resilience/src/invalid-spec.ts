import { ResilienceError } from './resilience-error.ts';

export function invalidSpec(message: string): ResilienceError {
  return new ResilienceError({ code: 'RESILIENCE_SPEC_INVALID', message });
}
