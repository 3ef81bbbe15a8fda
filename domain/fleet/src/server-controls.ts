import { type Hand, type LimitPreset, limitPresetSchema, type ServerLimits, serverLimitsSchema } from '@breakwater/contract';
import { formatInstant } from '@breakwater/kernel';

/** What somebody set by hand, until it ends by itself; null: until somebody changes it. */
export interface HandControl {
  readonly actor: string;
  readonly sinceWallMs: number;
  readonly untilWallMs: number | null;
}

export type LimitOrigin = LimitPreset | 'numbers';

/** Everything that is set by hand about one server. Kept, so that a restart does not undo what has not ended. */
export interface ServerControls {
  readonly isolation: (HandControl & { readonly reason: string | null }) | null;
  readonly polling: HandControl | null;
  readonly limits: (HandControl & { readonly origin: LimitOrigin; readonly values: ServerLimits }) | null;
}

export type ControlName = keyof ServerControls;
export const CONTROL_NAMES = ['isolation', 'polling', 'limits'] as const satisfies readonly ControlName[];

export const NO_CONTROLS: ServerControls = { isolation: null, polling: null, limits: null };

export const toHand = ({ actor, sinceWallMs, untilWallMs }: HandControl): Hand => ({
  actor,
  since: formatInstant(sinceWallMs),
  until: untilWallMs === null ? null : formatInstant(untilWallMs),
});

/** Milliseconds it has left; null: it does not end by itself. */
export const toRestMs = ({ untilWallMs }: HandControl, nowWallMs: number): number | null =>
  untilWallMs === null ? null : Math.max(0, untilWallMs - nowWallMs);

/** What was kept, read back. Null for anything else: a control that nobody understands must not slow or isolate a server. */
export function parseControls(value: unknown): ServerControls | null {
  if (!isRecord(value)) return null;
  const isolation = value['isolation'] === null ? null : parseHand(value['isolation']);
  const polling = value['polling'] === null ? null : parseHand(value['polling']);
  const limits = value['limits'] === null ? null : parseHand(value['limits']);
  if (isolation === undefined || polling === undefined || limits === undefined) return null;
  const parsed = limits === null ? null : parseLimits(value['limits']);
  if (parsed === undefined) return null;
  return {
    isolation: isolation === null ? null : { ...isolation, reason: readReason(value['isolation']) },
    polling,
    limits: limits === null || parsed === null ? null : { ...limits, ...parsed },
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function parseHand(value: unknown): HandControl | undefined {
  if (!isRecord(value)) return undefined;
  const { actor, sinceWallMs, untilWallMs } = value;
  if (typeof actor !== 'string' || typeof sinceWallMs !== 'number') return undefined;
  return untilWallMs === null || typeof untilWallMs === 'number' ? { actor, sinceWallMs, untilWallMs } : undefined;
}

function readReason(value: unknown): string | null {
  const reason = isRecord(value) ? value['reason'] : null;
  return typeof reason === 'string' ? reason : null;
}

function parseLimits(value: unknown): { readonly origin: LimitOrigin; readonly values: ServerLimits } | undefined {
  if (!isRecord(value)) return undefined;
  const values = serverLimitsSchema.safeParse(value['values']);
  const origin = value['origin'] === 'numbers' ? 'numbers' : limitPresetSchema.safeParse(value['origin']).data;
  return values.success && origin !== undefined ? { origin, values: values.data } : undefined;
}
