import { runProgram } from '../run-program.ts';

export interface RanInMemory {
  readonly exitCode: number;
  readonly output: string;
  readonly messages: string;
  /** The lines of the output as JSON; only with `--json`. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** One call of the program without a process. */
export async function runInMemory(
  args: readonly string[],
  options: { readonly input?: string; readonly hasColors?: boolean } = {},
): Promise<RanInMemory> {
  const written = { output: '', messages: '' };
  const exitCode = await runProgram(args, {
    input: toChunks(options.input ?? ''),
    output: { write: (text) => (written.output += text) },
    messages: { write: (text) => (written.messages += text) },
    hasColors: options.hasColors ?? false,
  });
  const lines = args.includes('--json') ? written.output.split('\n').filter((line) => line !== '') : [];
  return { exitCode, ...written, records: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

async function* toChunks(text: string): AsyncIterable<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}
