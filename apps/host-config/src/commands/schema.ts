import type { Console } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { outputSchema } from '../output-schema.ts';
import { toJsonSchema } from './modules.ts';

/** For programs that read what `--json` prints. */
export function printEventSchema(console: Console): number {
  const schema = toJsonSchema(outputSchema);
  console.record({ kind: 'schema', schema });
  console.print(JSON.stringify(schema, null, 2));
  return EXIT.ok;
}
