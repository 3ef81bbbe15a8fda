import { parseDurationMs, Secret } from '@breakwater/kernel';

/** What a text from the environment becomes, or why it cannot. */
export type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly expected: string };

/** One row of the configuration table. */
export interface Variable<Value = unknown> {
  readonly name: string;
  /** Older names of the same thing; the first that is set counts. */
  readonly aliases: readonly string[];
  readonly fallback: Value;
  /** The fallback as a person writes it; empty when unset. */
  readonly shownDefault: string;
  readonly unit: string | null;
  readonly meaning: string;
  /** Written in seconds, held in milliseconds. */
  readonly isDuration: boolean;
  /** A secret is never shown, and `<NAME>_FILE` may name a file that holds it. */
  readonly isSecret: boolean;
  readonly parse: (text: string) => Parsed<Value>;
}

interface VariableTexts {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly meaning: string;
}

const accept = <Value>(value: Value): Parsed<Value> => ({ ok: true, value });
const refuse = (expected: string): Parsed<never> => ({ ok: false, expected });

const row = <Value>(
  texts: VariableTexts,
  rest: Pick<Variable<Value>, 'fallback' | 'shownDefault' | 'parse'> & {
    readonly unit?: string;
    readonly isSecret?: boolean;
    readonly isDuration?: boolean;
  },
): Variable<Value> => ({ aliases: [], unit: null, isSecret: false, isDuration: false, ...texts, ...rest });

export function integerVariable<Value extends number | null>(
  texts: VariableTexts & { readonly fallback: Value; readonly min: number; readonly max: number; readonly unit?: string },
): Variable<number | Value> {
  const { min, max, fallback, unit, ...rest } = texts;
  return row<number | Value>(rest, {
    fallback,
    shownDefault: fallback === null ? '' : String(fallback),
    ...(unit === undefined ? {} : { unit }),
    parse: (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? accept(value) : refuse(`a whole number from ${min} to ${max}`);
    },
  });
}

/** A duration: bare numbers are seconds, the unit of spec 01 and spec 02; the value is in milliseconds. */
export function durationVariable(
  texts: VariableTexts & { readonly fallbackS: number; readonly minS: number; readonly maxS: number },
): Variable<number> {
  const { fallbackS, minS, maxS, ...rest } = texts;
  return row<number>(rest, {
    fallback: fallbackS * 1_000,
    shownDefault: String(fallbackS),
    unit: 'seconds, or with ms, s, m, h, d',
    isDuration: true,
    parse: (text) => {
      const expected = `a time from ${minS} to ${maxS} seconds, such as 30, 250ms or 5m`;
      let valueMs: number;
      try {
        valueMs = parseDurationMs(text);
      } catch {
        return refuse(expected);
      }
      return valueMs >= minS * 1_000 && valueMs <= maxS * 1_000 ? accept(valueMs) : refuse(expected);
    },
  });
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['false', '0', 'no', 'off']);

export function booleanVariable(texts: VariableTexts & { readonly fallback: boolean }): Variable<boolean> {
  const { fallback, ...rest } = texts;
  return row<boolean>(rest, {
    fallback,
    shownDefault: String(fallback),
    parse: (text) => {
      const word = text.toLowerCase();
      if (TRUE_WORDS.has(word)) return accept(true);
      return FALSE_WORDS.has(word) ? accept(false) : refuse('true or false');
    },
  });
}

export function choiceVariable<const Choice extends string>(
  texts: VariableTexts & { readonly choices: readonly Choice[]; readonly fallback: NoInfer<Choice> },
): Variable<Choice> {
  const { choices, fallback, ...rest } = texts;
  return row<Choice>(rest, {
    fallback,
    shownDefault: fallback,
    parse: (text) => {
      const choice = choices.find((candidate) => candidate === text.toLowerCase());
      return choice === undefined ? refuse(`one of ${choices.join(', ')}`) : accept(choice);
    },
  });
}

export function textVariable<Fallback extends string | null>(
  texts: VariableTexts & {
    readonly fallback: Fallback;
    readonly pattern?: RegExp;
    readonly expected?: string;
    readonly unit?: string;
    readonly normalise?: (text: string) => string;
  },
): Variable<string | Fallback> {
  const { fallback, pattern, expected, unit, normalise, ...rest } = texts;
  return row<string | Fallback>(rest, {
    fallback,
    shownDefault: fallback ?? '',
    ...(unit === undefined ? {} : { unit }),
    parse: (text) => (pattern === undefined || pattern.test(text) ? accept(normalise?.(text) ?? text) : refuse(expected ?? 'another text')),
  });
}

/** Comma-separated; each item must match. */
export function listVariable(
  texts: VariableTexts & { readonly isItem: (item: string) => boolean; readonly expected: string },
): Variable<readonly string[]> {
  const { isItem, expected, ...rest } = texts;
  return row<readonly string[]>(rest, {
    fallback: [],
    shownDefault: '',
    parse: (text) => {
      const items = text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      return items.every(isItem) ? accept(items) : refuse(expected);
    },
  });
}

export function secretVariable(
  texts: VariableTexts & { readonly minLength?: number; readonly pattern?: RegExp; readonly expected?: string },
): Variable<Secret | null> {
  const { expected, minLength = 1, pattern, ...rest } = texts;
  return row<Secret | null>(rest, {
    fallback: null,
    shownDefault: '',
    isSecret: true,
    parse: (text) => {
      if (text.length < minLength) return refuse(`at least ${minLength} characters`);
      return pattern === undefined || pattern.test(text) ? accept(new Secret(text)) : refuse(expected ?? 'another text');
    },
  });
}
