import { isOpsError } from '@breakwater/kernel';
import { CommanderError } from 'commander';
import { toPrintableLines } from './console.ts';
import { EXIT, toExitCode } from './exit-codes.ts';
import { createProgram } from './program.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs the command that the arguments name, and answers with the exit code. An error of ours becomes a line for a person. */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const ending = { exitCode: EXIT.ok as number };
  try {
    await createProgram(surroundings, ending).parseAsync(args, { from: 'user' });
    return ending.exitCode;
  } catch (error) {
    // Help and version end this way too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!isOpsError(error)) throw error;
    if (args.includes('--json')) {
      surroundings.output.write(`${JSON.stringify({ kind: 'error', code: error.code, message: error.message, details: error.details })}\n`);
    }
    surroundings.messages.write(`${toPrintableLines(error.message)} [${error.code}]\n`);
    return toExitCode(error.code);
  }
}
