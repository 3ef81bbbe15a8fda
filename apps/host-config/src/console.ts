import { styleText } from 'node:util';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

const STYLES = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

export type JsonRecord = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** Where a command writes. With `--json` everything on standard output is one JSON object per line, each with a `kind`. */
export interface Console {
  readonly isJson: boolean;
  /** For people only: nothing with `--json`. */
  print(line: string): void;
  /** For programs only: nothing without `--json`. */
  record(record: JsonRecord): void;
  /** To standard error, for people, in both. */
  warn(line: string): void;
  paint(tone: Tone, text: string): string;
}

export interface ConsoleStreams {
  readonly output: { write(text: string): unknown };
  readonly messages: { write(text: string): unknown };
}

export function createConsole(streams: ConsoleStreams, options: { readonly isJson: boolean; readonly hasColors: boolean }): Console {
  const { hasColors, isJson } = options;
  return {
    isJson,
    print: (line) => void (isJson || streams.output.write(`${line}\n`)),
    record: (record) => void (isJson && streams.output.write(`${JSON.stringify(record)}\n`)),
    warn: (line) => void streams.messages.write(`${line}\n`),
    paint: (tone, text) => (hasColors ? styleText(STYLES[tone], text, { validateStream: false }) : text),
  };
}

/** Foreign texts may hold escape sequences that would move the cursor or recolour the terminal. */
export function toPrintable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}

/** Several lines, each printable. */
export function toPrintableLines(text: string): string {
  return text.split('\n').map(toPrintable).join('\n');
}
