import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the packages, so the second start takes two thirds of the time and less memory. Where the folder cannot be
// written, for example in a read-only installation, Node says so in its result and simply compiles as before.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/breakwater', import.meta.url)));
const { runProgram } = await import('./run-program.ts');
const ended = runProgram(process.argv);
// A portal is often ended by a power cut and not by its exit, which is when Node would write the cache.
flushCompileCache();
await ended;
