import { hostSetupProgressSchema } from '@breakwater/contract';
import { describe, expect, it } from 'vitest';
import { buildOperation } from '../testing/build-fleet.ts';
import { readProgress } from './read-progress.ts';

const details = hostSetupProgressSchema.parse({
  setup_id: 'h1',
  act: 'apply',
  phase: 'working',
  steps_done: 3,
  steps_total: 12,
  module: 'packages',
  step: 'Install packages',
  lines: ['Done: hostname'],
  run_id: 'r1',
});

describe('the progress of a set-up', () => {
  it('is what the operation tells of it', () => {
    expect(readProgress(buildOperation({ kind: 'host.apply', details }))).toEqual(details);
  });

  it.each([
    ['an operation of a machine', buildOperation({ kind: 'machine.power_off', details })],
    ['one that is only noted', buildOperation({ kind: 'host.add_login', details: { login: 'ops' } })],
    ['one without details', buildOperation({ kind: 'host.apply', details: null })],
    ['a phase that this page does not know', buildOperation({ kind: 'host.apply', details: { ...details, phase: 'dreaming' } })],
  ])('is none in %s', (_what, operation) => {
    expect(readProgress(operation)).toBeNull();
  });

  it('does without what is missing', () => {
    const bare = buildOperation({ kind: 'host.plan', details: { setup_id: 'h1', act: 'plan', phase: 'connecting', lines: ['a', 7] } });
    expect(readProgress(bare)).toEqual({
      setup_id: 'h1',
      act: 'plan',
      phase: 'connecting',
      steps_done: 0,
      steps_total: 0,
      module: null,
      step: null,
      lines: ['a'],
      run_id: null,
    });
  });
});
