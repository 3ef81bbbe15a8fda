import { expect, test } from 'vitest';
import { OutputTail } from './output-tail.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('keeps everything of a short stream', () => {
  const tail = new OutputTail();
  for (const each of ['one ', 'two ', 'drei ü']) tail.push(encode(each));
  expect(tail.text()).toBe('one two drei ü');
  expect(tail.isTruncated).toBe(false);
});

test('keeps the last 64 KiB of a long stream and says so', () => {
  const tail = new OutputTail();
  for (let i = 0; i < 100_000; i++) tail.push(encode(`${i}\n`));
  expect(tail.isTruncated).toBe(true);
  expect(tail.text()).toHaveLength(65_536);
  expect(tail.text().endsWith('\n99998\n99999\n')).toBe(true);
});

test('a character that the cut went through leaves no rubbish', () => {
  const tail = new OutputTail();
  tail.push(encode(`${'ü'.repeat(40_000)}x`));
  expect(tail.text().startsWith('ü')).toBe(true);
});

test('after a gap only what follows is the end', () => {
  const tail = new OutputTail();
  tail.push(encode('before'));
  tail.skip();
  tail.push(encode('after'));
  expect(tail.text()).toBe('after');
  expect(tail.isTruncated).toBe(true);
});
