import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the packages; where that folder cannot be written Node simply compiles as before.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/breakwater', import.meta.url)));
const [{ runProgram }, { openSurroundings }] = await Promise.all([import('./run-program.ts'), import('./surroundings.ts')]);
process.exitCode = await runProgram(process.argv.slice(2), openSurroundings());
