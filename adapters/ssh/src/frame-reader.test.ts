import { expect, test } from 'vitest';
import { type AgentWord, FrameReader } from './frame-reader.ts';

const MARK = 'abc123';
const bytes = Buffer.from(
  `Welcome!\nno line feed at the end${MARK} ready\n${MARK} j1 ended 255 12 5 5 3 3\nout\n\nerr${MARK} j2 running 0 0 0 0 0 0\n`,
);

test('finds the words wherever the stream is cut, and passes over what rc files print', () => {
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader(MARK);
    const words: AgentWord[] = [];
    for (let at = 0; at < bytes.length; at += size) words.push(...reader.push(bytes.subarray(at, at + size)));
    expect(words.map((word) => word.kind)).toEqual(['ready', 'frame', 'frame']);
    expect(words[1]).toEqual({
      kind: 'frame',
      frame: {
        id: 'j1',
        state: 'ended',
        exitCode: 255,
        tookMs: 120,
        outSize: 5,
        errSize: 3,
        out: Uint8Array.from(Buffer.from('out\n\n')),
        err: Uint8Array.from(Buffer.from('err')),
      },
    });
  }
});

test('a refusal is told with its reason', () => {
  expect(new FrameReader(MARK).push(Buffer.from(`${MARK} refused no-sudo\n`))).toEqual([{ kind: 'refused', reason: 'no-sudo' }]);
});

test.each([
  'something else\n',
  `${MARK} j1 ended x 1 0 0 0 0\n`,
  `${MARK} j1 ended 0 1 0 -5 0 0\n`,
  `${MARK} j1 what 0 1 0 0 0 0\n`,
  'x'.repeat(600),
])('after the beginning, %s is an error', (noise) => {
  const reader = new FrameReader(MARK);
  reader.push(Buffer.from(`${MARK} ready\n`));
  expect(() => reader.push(Buffer.from(noise))).toThrow(/The host sends/);
});
