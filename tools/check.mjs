import { capture } from './processes.mjs';

const GATES = [
  { name: 'types', program: 'tsc', args: ['-p', '.'] },
  { name: 'types of the web pages', program: 'tsc', args: ['-p', 'apps/web'] },
  { name: 'format and lint', program: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'promises', program: 'oxlint', args: ['--type-aware', '--deny-warnings', '.'] },
  { name: 'dead code', program: 'knip', args: [] },
];

/** Runs every static gate and names those that are red. */
export async function check() {
  let failed = 0;
  for (const gate of GATES) {
    const started = performance.now();
    const result = await capture(gate.program, gate.args);
    const took = `${((performance.now() - started) / 1_000).toFixed(1)} s`;
    if (result.code === 0) {
      console.log(`ok    ${gate.name} (${took})`);
    } else {
      failed += 1;
      console.log(`FAIL  ${gate.name} (${took})\n${result.output}`);
    }
  }
  return failed === 0 ? 0 : 1;
}
