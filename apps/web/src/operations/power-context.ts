import type { PowerVerb } from '@breakwater/contract';
import { createContext, use } from 'react';

/** The one power menu and the one confirmation of the whole page. */
export interface PowerControl {
  readonly openMenu: (machineKey: string, trigger: HTMLElement) => void;
  /** Asks first where something could be lost. */
  readonly request: (machineKey: string, verb: PowerVerb) => void;
}

export const PowerContext = createContext<PowerControl | null>(null);

export function usePower(): PowerControl {
  const control = use(PowerContext);
  if (control === null) throw new Error('PowerContext is missing');
  return control;
}
