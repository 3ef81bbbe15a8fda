import { expect, it } from 'vitest';
import { LatestWriter } from './latest-writer.ts';

function createGatedStore() {
  const stored: string[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const store = async (key: string, value: string): Promise<void> => {
    stored.push(`${key}=${value}`);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
  };
  return { stored, gates, writer: new LatestWriter<string, string>(store) };
}

it('skips what is outdated before its turn comes, and all who asked hear of the newest', async () => {
  const { stored, gates, writer } = createGatedStore();
  const writes = ['1', '2', '3'].map((value) => writer.write('a', value));
  expect(stored).toEqual(['a=1']);
  gates[0]?.resolve();
  await writes[0];
  await Promise.resolve();
  expect(stored).toEqual(['a=1', 'a=3']);
  gates[1]?.resolve();
  await Promise.all(writes);
});

it('writes different keys at the same time', () => {
  const { stored, writer } = createGatedStore();
  void writer.write('a', '1');
  void writer.write('b', '1');
  expect(stored).toEqual(['a=1', 'b=1']);
});

it('tells a failure to those who asked for that write only, and goes on', async () => {
  const { gates, writer } = createGatedStore();
  const first = writer.write('a', '1');
  const second = writer.write('a', '2');
  gates[0]?.reject(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  gates[1]?.resolve();
  await expect(second).resolves.toBeUndefined();
});

it('settles only after what waits behind the running write', async () => {
  const { stored, gates, writer } = createGatedStore();
  const writes = [writer.write('a', '1'), writer.write('a', '2')];
  let settled = false;
  const settling = writer.settleAll().then(() => {
    settled = true;
  });
  gates[0]?.resolve();
  await writes[0];
  expect(settled).toBe(false);
  gates[1]?.resolve();
  await settling;
  expect(stored).toEqual(['a=1', 'a=2']);
});
