// The one door of the npm scripts. Runs on the machine's own Node (20 or newer), sets up what is missing, then hands over to the project's Node.
import { check } from './check.mjs';
import { dev } from './dev.mjs';
import { nodeArguments, portalArguments, root, runNode } from './processes.mjs';
import { proof } from './proof.mjs';
import { ensurePackages, ensureWebBuild } from './setup.mjs';
import { test } from './test.mjs';

const [command = '', ...rest] = process.argv.slice(2);

const needsWeb = (name) => name === 'demo' || name === 'serve';

const commands = {
  async start() {
    await ensureWebBuild();
    return await runNode([...portalArguments, 'apps/breakwater/src/main.ts', 'demo', ...rest]);
  },
  async breakwater() {
    if (needsWeb(rest[0])) await ensureWebBuild();
    return await runNode([...portalArguments, `${root}/apps/breakwater/src/main.ts`, ...rest], {
      cwd: process.env['INIT_CWD'] ?? process.cwd(),
    });
  },
  'vps-configurator': () =>
    runNode([...nodeArguments, `${root}/apps/host-config/src/main.ts`, ...rest], { cwd: process.env['INIT_CWD'] ?? process.cwd() }),
  check: () => check(),
  test: () => test(rest),
  proof: () => proof(rest),
  dev: () => dev(rest),
  bench: () => runNode([...nodeArguments, '--expose-gc', 'tests/bench/main.ts', ...rest]),
};

const action = commands[command];
if (action === undefined) {
  console.error(`Unknown command "${command}". Known: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
try {
  await ensurePackages();
  process.exitCode = await action();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
