import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the packages; where that folder cannot be written Node simply compiles as before.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/breakwater', import.meta.url)));
// What apt, git and tar make on this machine must be as open as over SSH, whatever the umask of the caller.
process.umask(0o022);
const [{ runProgram }, { openSurroundings }] = await Promise.all([import('./run-program.ts'), import('./surroundings.ts')]);
process.exitCode = await runProgram(process.argv.slice(2), openSurroundings());
