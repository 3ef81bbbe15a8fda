import { styleText } from 'node:util';
import type { OutputRecord } from './output-record.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

const STYLES = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

/** Where a command writes. With `--json` everything on standard output is one JSON object per line, each with a `kind`. */
export interface Console {
  readonly isJson: boolean;
  /** For people only: nothing with `--json`. */
  print(line: string): void;
  /** For programs only: nothing without `--json`. */
  record(record: OutputRecord): void;
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
  return text.replaceAll('\t', '  ').replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}

/** Several lines, each printable. */
export function toPrintableLines(text: string): string {
  return text.split('\n').map(toPrintable).join('\n');
}

/** Columns padded to their widest cell; the last one is left as it is. */
export function toTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map(toPrintable));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
    .join('\n');
}

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export function toDurationText(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
