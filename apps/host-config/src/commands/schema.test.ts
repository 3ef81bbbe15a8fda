import { expect, test } from 'vitest';
import { RECORD_KINDS } from '../output-record.ts';
import { createProgramBed } from '../testing/run-in-memory.ts';

test('the schema of lines names every kind that is printed, and is JSON Schema', async () => {
  const { exitCode, output } = await createProgramBed().run(['schema', 'events']);
  expect(exitCode).toBe(0);
  const schema = JSON.parse(output) as { $schema: string; anyOf: readonly { properties: { kind: { const: string } } }[] };
  expect(schema.$schema).toContain('json-schema.org');
  const kinds = schema.anyOf.map(({ properties }) => properties.kind.const);
  expect(kinds).toEqual(expect.arrayContaining([...RECORD_KINDS]));
  expect(kinds).toEqual(
    expect.arrayContaining(['run.started', 'step.ended', 'network.retry-scheduled', 'network.dpkg-waited', 'run.ended']),
  );
  expect(new Set(kinds).size).toBe(kinds.length);
});

test('a line that the schema does not allow fails the test that prints it', async () => {
  const bed = createProgramBed();
  const network = Object.create(bed.debian.network) as typeof bed.debian.network;
  network.checkHealth = async () => [{ service: 'github', status: 'purple' } as never];
  const broken = createProgramBed({ ...bed.debian, network });
  await expect(broken.run(['health', '--json'])).rejects.toThrow('schema events');
});
