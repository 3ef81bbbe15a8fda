import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, nodePath, root, runNode } from './processes.mjs';

const OLDEST_NODE = 20;

/** Installs the npm packages when the lockfile has changed since the last time; silent when nothing is to do. */
export async function ensurePackages() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new Error(
      `Node ${process.versions.node} is too old: Breakwater needs Node ${OLDEST_NODE} or newer to start (it brings its own newer one).`,
    );
  }
  const marker = join(root, 'node_modules', '.breakwater-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted && existsSync(nodePath)) return;
  console.error('Setting up: installing packages (about a minute, only the first time) ...');
  // Not "npm ci": it refuses a registry that does not carry every platform's optional packages. "--no-save" keeps to the lockfile all the same.
  const installed = await capture('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  if (installed.code !== 0) {
    throw new Error(
      `${installed.output.slice(-4_000)}\nThe packages could not be installed; npm says why above. Check the network or the npm registry and start again.`,
    );
  }
  const version = await capture(nodePath, ['--version']);
  if (version.code !== 0 || !version.output.startsWith('v24.')) {
    throw new Error(`The project's own Node 24 did not arrive (${version.output.trim()}). Run "npm rebuild node" and start again.`);
  }
  writeFileSync(marker, wanted);
}

/** Builds the web UI when its sources have changed since the last build. */
export async function ensureWebBuild() {
  const marker = join(root, 'apps/web/dist/.sources');
  const wanted = hashTrees(
    ['apps/web/src', 'apps/web/public', 'foundation/kernel/src', 'foundation/contract/src'],
    ['apps/web/index.html', 'apps/web/vite.config.ts', 'apps/web/package.json', 'package-lock.json'],
  );
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  console.error('Setting up: building the web pages (only after a change) ...');
  const code = await runNode([join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error'], {
    cwd: join(root, 'apps/web'),
  });
  if (code !== 0) throw new Error('The web pages could not be built; the lines above say why.');
  writeFileSync(marker, wanted);
}

function hashTrees(folders, files) {
  const hash = createHash('sha256');
  for (const folder of folders) for (const file of listFiles(join(root, folder))) hash.update(file).update(readFileSync(file));
  for (const file of files) if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? listFiles(path) : [path];
    });
}
