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
    const report = join(folder, 'report.json');
    const code = await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
    if (!existsSync(report)) {
      console.error('Vitest ended without a report; the lines above say why.');
      return Math.max(gates, code, 1);
    }
    return Math.max(gates, code, judge(JSON.parse(readFileSync(report, 'utf8'))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run without tests, or with a skipped one, is a failure: both look green and prove nothing. */
function judge(report) {
  const passed = report.numPassedTests;
  const failed = report.numFailedTests;
  const skipped = report.numTotalTests - passed - failed;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return passed > 0 && failed === 0 && skipped === 0 ? 0 : 1;
}
