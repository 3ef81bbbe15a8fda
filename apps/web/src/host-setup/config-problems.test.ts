import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/api-error.ts';
import { readConfigProblems, toOffset } from './config-problems.ts';

const refuse = (details: Readonly<Record<string, unknown>>, code = 'HOST_CONFIG_INVALID'): ApiError =>
  new ApiError({ status: 422, code, message: 'The configuration is wrong', details });

describe('what is wrong with a configuration', () => {
  it('is told with line and column, where there is a place', () => {
    const problems = [
      'config:3:5: modules.packages: there is no such key.',
      'modules.firewal: there is no such module.',
      'config: nested too deeply.',
    ];
    expect(readConfigProblems(refuse({ problems }))).toEqual([
      { at: { line: 3, column: 5 }, text: 'modules.packages: there is no such key.' },
      { at: null, text: 'modules.firewal: there is no such module.' },
      { at: null, text: 'nested too deeply.' },
    ]);
  });

  it('is the message when the portal tells no more', () => {
    expect(readConfigProblems(refuse({}))).toEqual([{ at: null, text: 'The configuration is wrong' }]);
  });

  it('is nothing for other errors', () => {
    expect(readConfigProblems(refuse({ problems: ['x'] }, 'HOST_SSH_AUTH'))).toEqual([]);
    expect(readConfigProblems(new Error('offline'))).toEqual([]);
  });

  it('is found in the text, also when that has become shorter', () => {
    const text = 'a: 1\nb:\n  c: 2';
    expect(text.slice(toOffset(text, { line: 3, column: 3 }))).toBe('c: 2');
    expect(toOffset(text, { line: 1, column: 1 })).toBe(0);
    expect(toOffset(text, { line: 1, column: 90 })).toBe(4);
    expect(toOffset(text, { line: 9, column: 9 })).toBe(text.length);
  });
});
