import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeArguments, nodePath, projectEnvironment, root } from './processes.mjs';
import { ensureWebBuild } from './setup.mjs';

/** The demo with reload: the server restarts when its sources change, the pages are rebuilt when theirs do. */
export async function dev(args) {
  await ensureWebBuild();
  const options = { stdio: 'inherit', env: projectEnvironment() };
  const children = [
    spawn(nodePath, ['--watch', '--watch-preserve-output', ...nodeArguments, 'apps/breakwater/src/main.ts', 'demo', ...args], {
      ...options,
      cwd: root,
    }),
    spawn(nodePath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--watch', '--logLevel', 'warn'], {
      ...options,
      cwd: join(root, 'apps/web'),
    }),
  ];
  const stop = () => {
    for (const child of children) child.kill('SIGTERM');
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return await Promise.race(children.map((child) => new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 0))))).finally(
    stop,
  );
}
