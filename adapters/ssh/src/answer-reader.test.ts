import { expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';

const MARK = 'c0ffee';
const whole = Buffer.from(`one\n\nc0ffe\ntwo\n${MARK} 3 12\nbad\n\n${MARK} end\n`);

test.each([1, 2, 3, 7, 11, 1_000])('an answer that comes in pieces of %i bytes is one answer', (bytes) => {
  const reader = new AnswerReader(MARK);
  const answers = [];
  for (let at = 0; at < whole.length; at += bytes) answers.push(reader.push(whole.subarray(at, at + bytes)));
  expect(answers.slice(0, -1).every((each) => each === null)).toBe(true);
  const answer = answers.at(-1);
  expect(answer).toMatchObject({ exitCode: 3, tookMs: 120, isTruncated: false });
  expect([answer?.out, answer?.err].map((each) => Buffer.from(each ?? []).toString())).toEqual(['one\n\nc0ffe\ntwo', 'bad\n']);
});

test('what does not read like the agent is refused', () => {
  expect(() => new AnswerReader(MARK).push(Buffer.from(`\n${MARK} 3 x\n`))).toThrow('damaged');
  expect(() => new AnswerReader(MARK).push(Buffer.from(`\n${MARK} ${'9'.repeat(60)}`))).toThrow('damaged');
  expect(() => new AnswerReader(MARK).push(Buffer.from(`\n${MARK} 0 0\n\n${MARK} end\nmore`))).toThrow('more than it was asked for');
});

test('a flood keeps its end and says that there was more', () => {
  const reader = new AnswerReader(MARK);
  for (let sent = 0; sent < 20; sent++) expect(reader.push(Buffer.alloc(1_024 * 1_024, sent))).toBeNull();
  const answer = reader.push(Buffer.from(`\n${MARK} 0 0\n\n${MARK} end\n`));
  expect(answer?.isTruncated).toBe(true);
  expect(answer?.out.length).toBeLessThanOrEqual(16 * 1_024 * 1_024);
  expect(answer?.out.at(-1)).toBe(19);
});
