import { isColorRefused } from './config.ts';
import type { ConsoleStreams } from './console.ts';

/** What surrounds one call of the program. */
export interface Surroundings extends ConsoleStreams {
  readonly input: AsyncIterable<Uint8Array>;
  /** Standard output is a terminal, and nobody has set NO_COLOR. */
  readonly hasColors: boolean;
}

/** Of this process. */
export function openSurroundings(): Surroundings {
  // Whoever read our output has gone: a closed terminal, or a pipe into `head`. That must not cut off the work or the cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const hasColors = process.stdout.isTTY && !isColorRefused();
  return { input: process.stdin, output: process.stdout, messages: process.stderr, hasColors };
}
