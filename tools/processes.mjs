import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The project's own Node, brought by the devDependency `node`. */
export const nodePath = `${root}/node_modules/.bin/node`;

/** TypeScript is run from source: the condition picks `src`, type stripping is built in. */
export const nodeArguments = ['--conditions=@breakwater/source', '--disable-warning=ExperimentalWarning'];

/** A portal lives for months and makes little garbage: a smaller nursery of the heap spares it 20 MiB. */
export const portalArguments = [...nodeArguments, '--max-semi-space-size=4'];

export const projectEnvironment = () => ({ ...process.env, PATH: `${root}/node_modules/.bin:${process.env['PATH'] ?? ''}` });

/** Runs a program, shows what it prints, and gives its exit code. Signals are passed on, so Ctrl+C ends the child first. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: projectEnvironment(), ...options });
    const pass = (signal) => child.kill(signal);
    const onTerm = () => pass('SIGTERM');
    const onHangUp = () => pass('SIGHUP');
    // The terminal sends SIGINT to the whole group; this handler only keeps us alive until the child is done.
    const onInt = () => undefined;
    process.on('SIGTERM', onTerm);
    process.on('SIGHUP', onHangUp);
    process.on('SIGINT', onInt);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', onTerm);
      process.off('SIGHUP', onHangUp);
      process.off('SIGINT', onInt);
      // As a shell tells it: a run that was killed is no success.
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

export const runNode = (args, options) => run(nodePath, args, options);

/** Runs a program and gives what it printed; never throws for an exit code. */
export function capture(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: projectEnvironment(), ...options });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', (error) => resolve({ code: 127, output: String(error.message) }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
