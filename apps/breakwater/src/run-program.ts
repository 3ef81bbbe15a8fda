import { isOpsError } from '@breakwater/kernel';
import { createProgram } from './program.ts';
import { createTerminal, toPrintable } from './terminal.ts';

const EXIT_FAILED = 1;
/** `EX_CONFIG` of sysexits: a supervisor should not restart what can only be mended by hand. */
const EXIT_CONFIG = 78;

/** Runs the command that the arguments name. An error of ours becomes a line for a person and an exit code. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  const terminal = createTerminal({ input: process.stdin, output: process.stdout, messages: process.stderr });
  // Whoever read our output has gone: a closed terminal, or a pipe into `head`. That must not cut off the work or the cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await createProgram(terminal).parseAsync(argv);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    process.stderr.write(`${error.message.split('\n').map(toPrintable).join('\n')} [${error.code}]\n`);
    process.exitCode = error.code === 'CLI_CONFIG_INVALID' ? EXIT_CONFIG : EXIT_FAILED;
  }
}
