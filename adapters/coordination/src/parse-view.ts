import { OpsError } from '@breakwater/kernel';
import type { SharedState, SharedView } from '@breakwater/resilience';

/** Longer texts are cut before they are written; whoever finds one all the same has not found ours. */
export const MAX_TEXT = 200;
/** A host name has up to 253 characters. */
export const MAX_NAME = 512;
/** A view with all its texts at their longest, every character escaped, is shorter. */
const MAX_MESSAGE = 8_192;

const STATES: ReadonlySet<string> = new Set<SharedState>(['closed', 'open', 'half-open', 'isolated', 'disabled']);

/** A reply or message that no version of this program writes. */
function malformed(what: string): OpsError {
  return new OpsError({ code: 'COORDINATION_MALFORMED', message: `The shared store holds ${what}, which this program did not write.` });
}

/** `fields`: state, cause, epoch, until, streak, reason, actor, hold. All empty when the store knows nothing of the breaker. */
function parseView(key: string, fields: unknown, atMs: number): SharedView {
  if (!Array.isArray(fields) || fields.length < 8) throw malformed('a breaker without its fields');
  const [state, cause, epoch, until, streak, reason, actor, hold] = fields as readonly unknown[];
  if (state === null) {
    return { key, epoch: 0, state: 'closed', cause: 'rule', untilMs: null, streak: 0, reason: '', actor: '', holdUntilMs: 0, atMs };
  }
  if (typeof state !== 'string' || !STATES.has(state)) throw malformed('a breaker in an unknown state');
  return {
    key,
    state: state as SharedState,
    cause: cause === 'hand' ? 'hand' : 'rule',
    epoch: toNumber(epoch),
    untilMs: until === '' ? null : toNumber(until),
    streak: toNumber(streak),
    reason: toText(reason),
    actor: toText(actor),
    holdUntilMs: toNumber(hold),
    atMs,
  };
}

/** Null for what no version of this program has written: one key that somebody has spoiled must not hide the others. */
export function parseFoundView(key: string, fields: unknown, atMs: number): SharedView | null {
  try {
    return parseView(key, fields, atMs);
  } catch {
    return null;
  }
}

/** What a script answers: the view and, last, the instant at which it was so. */
export function parseAnswer(
  key: string,
  answer: unknown,
): { readonly changed: boolean; readonly granted: boolean; readonly view: SharedView } {
  if (!Array.isArray(answer) || !Array.isArray(answer[2])) throw malformed('an answer of another shape');
  const fields = answer[2] as readonly unknown[];
  return { changed: answer[0] === 1, granted: answer[1] === 1, view: parseView(key, fields, toNumber(fields[8])) };
}

/** Null for what nobody of us has published: anybody may publish on any channel. */
export function parseMessage(message: string): SharedView | null {
  if (message.length > MAX_MESSAGE) return null;
  try {
    const parsed: unknown = JSON.parse(message);
    if (!Array.isArray(parsed) || typeof parsed[0] !== 'string' || parsed[0].length > MAX_NAME) return null;
    const [key, ...fields] = parsed as [string, ...unknown[]];
    return parseView(key, fields, toNumber(fields[8]));
  } catch {
    return null;
  }
}

export function toNumber(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw malformed('a breaker with a figure that is none');
  return number;
}

function toText(value: unknown): string {
  if (typeof value !== 'string') throw malformed('a breaker with a text that is none');
  return value.slice(0, MAX_TEXT);
}
