import { open } from 'node:fs/promises';
import { explain, type FailureClass, type FailureTool } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { type Console, type Tone, toPrintable } from '../console.ts';

/** What decides stands at the end of an output; more than this is never looked at. */
const MAX_BYTES = 1_024 * 1_024;

const TONES: Readonly<Record<FailureClass, Tone>> = {
  ok: 'good',
  transient: 'warn',
  throttled: 'warn',
  'wait-lock': 'warn',
  repair: 'warn',
  unknown: 'warn',
  permanent: 'bad',
  security: 'bad',
  local: 'bad',
};

const MEANINGS: Readonly<Record<FailureClass, string>> = {
  ok: 'nothing to do',
  transient: 'try again; counts against the service',
  throttled: 'wait as long as the service asks, then try again',
  'wait-lock': 'wait for the other program; no attempt is used up',
  repair: 'repair this host first, then try again once',
  permanent: 'trying again cannot help',
  security: 'stop; never work around it',
  local: 'this host lacks something; trying again cannot help',
  unknown: 'try once more; no service is blamed',
};

export interface ExplainInput {
  readonly tool: FailureTool;
  readonly exitCode: number;
  /** Null: standard input. */
  readonly file: string | null;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** Says why a tool ended as it did, from what it printed. */
export async function explainOutput(console: Console, input: ExplainInput): Promise<void> {
  const { exitCode, file, stdin, tool } = input;
  const stdout = file === null ? await readTail(stdin) : await readFileTail(file);
  const explanation = explain({ tool, exitCode, stdout, stderr: '' });
  console.record({ kind: 'explanation', tool, exitCode, ...explanation });
  const { cause, class: failureClass, code, evidence, hint } = explanation;
  console.print(
    `${console.paint(TONES[failureClass], failureClass)} ${console.paint('strong', code)} ${console.paint('dim', `(${MEANINGS[failureClass]})`)}`,
  );
  console.print(toPrintable(cause));
  if (hint !== '') console.print(`Next step: ${toPrintable(hint)}`);
  if (evidence.length > 0) console.print(console.paint('dim', 'Decided by:'));
  for (const line of evidence) console.print(console.paint('dim', `  ${toPrintable(line)}`));
}

async function readFileTail(path: string): Promise<string> {
  try {
    await using handle = await open(path, 'r');
    const { size } = await handle.stat();
    const start = Math.max(0, size - MAX_BYTES);
    return await readTail(handle.createReadStream({ start, autoClose: false }));
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new OpsError({ code: 'HOST_USAGE_FILE', message: `${path} cannot be read (${why}).`, cause: error, details: { path } });
  }
}

async function readTail(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    kept.push(chunk);
    bytes += chunk.length;
    while (bytes - (kept[0]?.length ?? 0) >= MAX_BYTES) bytes -= kept.shift()?.length ?? 0;
  }
  return new TextDecoder().decode(Buffer.concat(kept));
}
