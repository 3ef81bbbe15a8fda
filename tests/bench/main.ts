import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchRow } from './row.ts';

const SUPPORT = new Set(['main.ts', 'row.ts']);

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !SUPPORT.has(file))
  .map((file) => file.slice(0, -3))
  .toSorted();

async function loadBench(name: string): Promise<Bench> {
  const module = (await import(join(import.meta.dirname, `${name}.ts`))) as { readonly bench: Bench };
  return module.bench;
}

function toTable(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.ok ? 'ok' : 'MISS',
    row.name,
    `${row.value} ${row.unit}`,
    row.peer === null ? '' : `${row.ratio?.toFixed(3) ?? '?'} x ${row.peer}`,
    row.goal,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

const [name, ...flags] = process.argv.slice(2);
const json = flags.includes('--json');
if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run bench -- <name> [--json]\nBenches:`);
  for (const known of names) console.error(`  ${known.padEnd(16)} ${(await loadBench(known)).summary}`);
  process.exit(name === undefined ? 0 : 2);
}
const bench = await loadBench(name);
const rows = await bench.run({ log: (line) => (json ? console.error(line) : console.log(line)) });
if (!json) console.log(toTable(rows));
if (json) console.log(JSON.stringify({ bench: bench.name, rows }));
process.exitCode = rows.every((row) => row.ok) ? 0 : 1;
