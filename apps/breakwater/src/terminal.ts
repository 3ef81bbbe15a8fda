import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { OpsError, Secret } from '@breakwater/kernel';

export interface Terminal {
  print(line: string): void;
  /** False when nobody can answer, for example in a script. */
  readonly isInteractive: boolean;
  ask(question: string): Promise<string>;
  /** Asks without showing what is typed; reads one line from standard input when nobody is there to ask. */
  askSecret(question: string): Promise<Secret>;
}

export function createTerminal(streams: {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly messages: NodeJS.WriteStream;
}): Terminal {
  const { input, output, messages } = streams;
  return {
    print: (line) => void output.write(`${line}\n`),
    isInteractive: input.isTTY === true && messages.isTTY === true,
    async ask(question) {
      const reader = createInterface({ input, output: messages });
      try {
        return await reader.question(question);
      } finally {
        reader.close();
      }
    },
    async askSecret(question) {
      if (input.isTTY !== true) return new Secret(await readFirstLine(input));
      messages.write(question);
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      const reader = createInterface({ input, output: nowhere, terminal: true });
      try {
        return new Secret(await reader.question(''));
      } finally {
        reader.close();
        messages.write('\n');
      }
    },
  };
}

async function readFirstLine(input: NodeJS.ReadStream): Promise<string> {
  const reader = createInterface({ input });
  try {
    for await (const line of reader) return line;
  } finally {
    reader.close();
  }
  throw new OpsError({ code: 'CLI_INPUT_MISSING', message: 'A password was expected on standard input, and there was none.' });
}

/** Columns padded to their widest cell; the last one is left as it is. */
export function toTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
    .join('\n');
}

/** Foreign names may hold escape sequences that would move the cursor or recolour the terminal. */
export function toPrintable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
