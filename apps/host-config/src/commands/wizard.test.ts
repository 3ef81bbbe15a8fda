import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createProgramBed, type ProgramBed } from '../testing/run-in-memory.ts';
import type { Prompter } from './wizard.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFWiNoxy4VcwgrVlcz5GEf4fTvsDBzO6zpcsVCTIPPwg ann';

/** Answers in the order of the questions, and asks again for what is refused, as a terminal does. */
function answerWith(answers: readonly string[], refused: string[] = []): Prompter {
  const left = [...answers];
  const next = (): string => left.shift() ?? '';
  return {
    choose: async () => next(),
    async text(_question, { check }) {
      for (;;) {
        const answer = next();
        const problem = check?.(answer);
        if (problem === undefined) return answer;
        refused.push(problem);
      }
    },
    confirm: async () => next() === 'yes',
  };
}

let bed: ProgramBed;
let file = '';
beforeEach(() => {
  bed = createProgramBed();
  file = join(bed.folder, 'host.yaml');
});

describe('wizard', () => {
  test('writes a file from the answers and shows its plan', async () => {
    const prompter = answerWith(['minimal', 'web1', 'Europe/Berlin', 'ann', KEY]);
    const { exitCode, output } = await bed.run(['wizard', file], { prompter });
    expect(exitCode).toBe(2);
    expect(output).toContain('+web1');
    expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
      profile: 'minimal',
      modules: {
        system_base: { hostname: 'web1', timezone: 'Europe/Berlin' },
        users_ssh: { users: [{ name: 'ann', admin: true, keys: [KEY] }] },
      },
    });
    expect(await bed.run(['config', 'validate', file])).toMatchObject({ exitCode: 0 });
  });

  test('says at once what could not be used', async () => {
    const refused: string[] = [];
    const prompter = answerWith(['minimal', 'Web 1', 'web1', 'mars', 'UTC', '0ann', 'ann', 'no key', KEY], refused);
    expect(await bed.run(['wizard', file], { prompter })).toMatchObject({ exitCode: 2 });
    expect(refused).toHaveLength(4);
    expect(refused.join('\n')).toContain('hostname');
  });

  test('keeps a file that is there unless it is told otherwise', async () => {
    writeFileSync(file, '# mine\n');
    expect(await bed.run(['wizard', file], { prompter: answerWith(['minimal', '', 'UTC', '', 'no']) })).toMatchObject({ exitCode: 4 });
    expect(readFileSync(file, 'utf8')).toBe('# mine\n');
    expect(await bed.run(['wizard', file], { prompter: answerWith(['minimal', '', 'UTC', '', 'yes']) })).toMatchObject({ exitCode: 2 });
    expect(readFileSync(file, 'utf8')).toContain('minimal');
  });

  test('needs a terminal', async () => {
    expect(await bed.run(['wizard', file])).toMatchObject({ exitCode: 4 });
  });
});
