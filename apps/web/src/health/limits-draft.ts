import type { LimitPreset, LimitsRequest, Resilience, ServerLimits } from '@breakwater/contract';
import { LIMIT_NAMES } from './limit-names.ts';

export const PRESET_NAMES = ['small', 'middle', 'large', 'huge', 'faster', 'stabler'] as const satisfies readonly LimitPreset[];

type LimitName = keyof ServerLimits;
type Ranges = Resilience['limit_ranges'];

/** What stands in the form: text as it is typed, and which preset it is, if any. */
export interface LimitsDraft {
  readonly preset: LimitPreset | 'numbers';
  readonly texts: Readonly<Record<LimitName, string>>;
}

export const toDraft = (limits: ServerLimits, preset: LimitsDraft['preset']): LimitsDraft => ({
  preset,
  texts: Object.fromEntries(LIMIT_NAMES.map((name) => [name, String(limits[name])])) as Record<LimitName, string>,
});

/** A number of one's own makes it no preset any more. */
export const changeLimit = (draft: LimitsDraft, name: LimitName, text: string): LimitsDraft => ({
  preset: 'numbers',
  texts: { ...draft.texts, [name]: text },
});

/** The limits whose text is no whole number within its range. */
export function findWrong(draft: LimitsDraft, ranges: Ranges): readonly LimitName[] {
  return LIMIT_NAMES.filter((name) => {
    const text = draft.texts[name].trim();
    const value = Number(text);
    const { min, max } = ranges[name];
    return !/^\d+$/.test(text) || value < min || value > max;
  });
}

export function toRequest(draft: LimitsDraft, minutes: number | null): LimitsRequest {
  if (draft.preset !== 'numbers') return { preset: draft.preset, minutes };
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, Number(draft.texts[name])])) as unknown as ServerLimits;
  return { limits, minutes };
}
