import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REQUIREMENTS } from './requirements.ts';

const readTests = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

describe('requirements', () => {
  it('are numbered without a gap', () => {
    expect(REQUIREMENTS.map((requirement) => requirement.id)).toEqual(REQUIREMENTS.map((_, index) => index + 1));
  });

  it('are each proven here or carried elsewhere', () => {
    expect(REQUIREMENTS.filter(({ proofs, carriedBy }) => proofs.length === 0 && carriedBy === undefined)).toEqual([]);
  });

  it('name tests that exist', () => {
    const missing = REQUIREMENTS.flatMap(({ id, proofs }) =>
      proofs.filter(({ file, title }) => !readTests(file).includes(`'${title}'`)).map(({ title }) => `${id}: ${title}`),
    );
    expect(missing).toEqual([]);
  });
});
