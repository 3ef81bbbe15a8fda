import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, root, run, runNode } from './processes.mjs';

const home = join(root, 'tools/proof');
const modules = join(home, 'node_modules');

/** The core of the resilience library: what decides. Left out are doors, types, presets and texts. */
const CORE = [
  'abort-links',
  'admission',
  'adaptive-timeout',
  'age-list',
  'aimd-limiter',
  'attempt',
  'backoff',
  'breaker',
  'call',
  'create-limiter',
  'deadline-list',
  'delay-limiter',
  'delivery-meter',
  'direct-call',
  'failed-outcome',
  'fair-line',
  'inner-call',
  'judge-answer',
  'limiter-spec',
  'operation-count',
  'outcome-window',
  'paced-window-limiter',
  'pipeline-core',
  'queue-pace',
  'repetition',
  'retry',
  'retry-after',
  'retry-budget',
  'shared-breaker',
  'shared-breakers',
  'shared-link',
  'shared-record',
  'shared-retry-budget',
  'shared-verdict',
  'shared-writes',
  'stale-cache',
  'timeout-hint',
  'trip',
  'trip-windows',
  'unloaded-latency',
  'waiting-queue',
  'written-delay-limiter',
];

const USAGE = `npm run proof -- coverage           branch coverage of the core of the resilience library; fails below 100 %
npm run proof -- mutation [name …]  changes the core in small ways and counts which changes no test notices; fails below 90 %
                                    names are files of the core without ".ts"; without names, all (an hour on 2 cores)`;

/** How well the unit tests of the resilience library hold its core. Takes long, so it is no part of \`npm test\`. */
export async function proof([what, ...names]) {
  const unknown = names.filter((name) => !CORE.includes(name));
  if ((what !== 'coverage' && what !== 'mutation') || unknown.length > 0) {
    console.error(unknown.length > 0 ? `Not in the core: ${unknown.join(', ')}.\nThe core: ${CORE.join(', ')}.` : USAGE);
    return 2;
  }
  await ensureProofPackages();
  return what === 'coverage' ? await measureCoverage() : await measureMutation(names.length > 0 ? names : CORE);
}

async function ensureProofPackages() {
  const marker = join(modules, '.breakwater-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(home, 'package-lock.json')))
    .digest('hex');
  // Vitest looks for it beside itself, in its workers too; every `npm install` of the project removes it.
  const beside = join(root, 'node_modules/@vitest/coverage-v8');
  if (existsSync(beside) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  console.error('Setting up: installing the tools of the proof (about a minute, only the first time) ...');
  // Vitest itself is the project's own, so that it is one and the same in the tests and in their proof.
  const installed = await capture('npm', ['install', '--no-save', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: home,
  });
  if (installed.code !== 0) throw new Error(`${installed.output.slice(-4_000)}\nThe tools of the proof could not be installed.`);
  rmSync(beside, { recursive: true, force: true });
  symlinkSync(join(modules, '@vitest/coverage-v8'), beside);
  writeFileSync(marker, wanted);
}

const toSource = (name) => `foundation/resilience/src/${name}.ts`;

function measureCoverage() {
  const options = {
    'coverage.enabled': 'true',
    'coverage.provider': 'v8',
    'coverage.reporter': 'text',
    'coverage.thresholds.branches': '100',
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const sources = CORE.map((name) => `--coverage.include=${toSource(name)}`);
  return run('vitest', ['run', 'foundation/resilience', ...args, ...sources]);
}

async function measureMutation(names) {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-proof-'));
  const config = join(folder, 'stryker.json');
  writeFileSync(
    config,
    JSON.stringify({
      packageManager: 'npm',
      plugins: [join(modules, '@stryker-mutator/vitest-runner/dist/src/index.js')],
      testRunner: 'vitest',
      vitest: { configFile: 'tools/proof/vitest.config.mjs', related: false },
      mutate: names.map(toSource),
      // Stryker would rewrite paths in it with an interface that TypeScript 7 no longer has; there are none to rewrite.
      tsconfigFile: 'tsconfig.none.json',
      coverageAnalysis: 'perTest',
      ignoreStatic: true,
      concurrency: 2,
      timeoutMS: 20_000,
      reporters: ['clear-text', 'progress-append-only'],
      clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
      thresholds: { high: 95, low: 90, break: 90 },
      tempDirName: join(folder, 'sandbox'),
      ignorePatterns: ['.cache', 'data', 'apps', 'adapters', 'domain', 'devices', 'simulators', 'docs', 'tests', 'config'],
      allowEmpty: false,
    }),
  );
  try {
    return await runNode([join(modules, '@stryker-mutator/core/bin/stryker.js'), 'run', config]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
