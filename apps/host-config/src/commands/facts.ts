import type { HostFacts } from '@breakwater/host-config';
import { type Console, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';

export function showFacts(console: Console, facts: HostFacts): number {
  console.record({ kind: 'facts', ...facts });
  console.print(
    toTable(
      ['FACT', 'VALUE'],
      Object.entries(facts).map(([name, value]) => [name, value === null ? '-' : String(value)]),
    ),
  );
  return EXIT.ok;
}
