export { runProgram } from './run-program.ts';
export { openSurroundings } from './surroundings.ts';
