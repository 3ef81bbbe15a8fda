import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.mjs';
import { run } from './processes.mjs';
import { ensureWebBuild } from './setup.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** All gates and all tests. With arguments, only Vitest with those arguments: `npm test -- foundation/kernel`. */
export async function test(filters) {
  await ensureSystemPackages();
  await ensureWebBuild();
  if (filters.length > 0) return await run('vitest', ['run', ...filters]);
  const gates = await check();
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-test-'));
  try {
    const runs = await runLanes(folder);
    const reports = runs.map(({ report }) => report);
    if (reports.includes(null)) console.error('Vitest ended without a report; the lines above say why.');
    return Math.max(gates, ...runs.map(({ code }) => code), judge(reports));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs of Vitest with their projects, the longest first. Unit tests compute; the others wait for browsers, servers and tools most of the
 * time, so two cores carry several at once.
 */
const LANES = [['host'], ['e2e'], ['unit', 'architecture'], ['browser'], ['accessibility'], ['contract', 'chaos'], ['host-network']];
const LANES_AT_ONCE = 3;

/** Starts the next one as soon as one of those at work has ended; at the end comes what must be alone. */
async function runLanes(folder) {
  const left = [...LANES];
  const runs = [];
  const work = async () => {
    for (let lane = left.shift(); lane !== undefined; lane = left.shift()) runs.push(await runProjects(lane, folder));
  };
  await Promise.all(Array.from({ length: LANES_AT_ONCE }, work));
  runs.push(await runProjects(['alone'], folder));
  return runs;
}

async function runProjects(projects, folder) {
  const file = join(folder, `${projects[0]}.json`);
  const chosen = projects.map((name) => `--project=${name}`);
  const code = await run('vitest', ['run', ...chosen, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
  return { code, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null };
}

/** A run without tests, or with a skipped one, is a failure: both look green and prove nothing. */
function judge(reports) {
  const sum = (read) => reports.reduce((total, report) => total + (report === null ? 0 : read(report)), 0);
  const passed = sum((report) => report.numPassedTests);
  const failed = sum((report) => report.numFailedTests);
  const skipped = sum((report) => report.numTotalTests) - passed - failed;
  for (const name of reports.flatMap(namesOfFailed)) console.error(`failed: ${name}`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  const isWhole = reports.every((report) => report !== null && report.numPassedTests > 0);
  return isWhole && failed === 0 && skipped === 0 ? 0 : 1;
}

/** Said once more at the end: in the output of several runs at once they are hard to find. */
function namesOfFailed(report) {
  if (report === null) return [];
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((each) => each.status === 'failed').map((each) => `${name}: ${each.fullName}`);
    return failed.length > 0 || status !== 'failed' ? failed : [`${name}: ${message}`];
  });
}
