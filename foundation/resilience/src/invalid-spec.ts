import { ResilienceError } from './resilience-error.ts';

export function invalidSpec(message: string): ResilienceError {
  return new ResilienceError({ code: 'RESILIENCE_SPEC_INVALID', message });
}

export function requireAbove(value: number | undefined, name: string): void {
  if (value !== undefined && !(Number.isFinite(value) && value > 0)) throw invalidSpec(`${name} must be above 0, not ${value}.`);
}

export function requireAtLeast(value: number | undefined, least: number, name: string): void {
  if (value !== undefined && !(Number.isFinite(value) && value >= least))
    throw invalidSpec(`${name} must be ${least} or more, not ${value}.`);
}

export function requireCount(value: number | undefined, name: string): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1))
    throw invalidSpec(`${name} must be a whole number of 1 or more, not ${value}.`);
}
