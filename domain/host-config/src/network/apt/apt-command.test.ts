import { ManualClock } from '@breakwater/kernel';
import { expect, test } from 'vitest';
import type { CommandResult, HostCommand } from '../../ports/host-executor.ts';
import { MemoryHost } from '../../testing/memory-host.ts';
import { createNetworkRoom } from '../create-network-operations.ts';
import { changeByDpkg } from './apt-command.ts';

const DONE: CommandResult = { end: { kind: 'exited', exitCode: 0 }, stdout: '', stderr: '', isTruncated: false, tookMs: 1 };

function begin(abort = new AbortController()) {
  const clock = new ManualClock();
  const waits: number[] = [];
  const host = new MemoryHost();
  const end = Promise.withResolvers<CommandResult>();
  const commands: HostCommand[] = [];
  host.run = (command) => {
    commands.push(command);
    return end.promise;
  };
  const refuse = (): Promise<never> => Promise.reject(new Error('nothing is fetched here'));
  const room = createNetworkRoom({
    host,
    downloads: { fetch: refuse, probe: refuse },
    cacheFolder: '/cache',
    clock,
    signal: abort.signal,
    onEvent: (event) => void (event.kind === 'network.dpkg-waited' && waits.push(event.waitedMs)),
  });
  return { abort, clock, commands, end, waits, changing: changeByDpkg(['apt-get', 'install', 'x'], 60_000, room) };
}

test('a dpkg that is over its time is only asked to stop, and waited for with a word every 30 s', async () => {
  const { changing, clock, commands, end, waits } = begin();
  expect(commands[0]).toMatchObject({ onTimeout: 'interrupt', graceMs: 1_800_000 });
  await clock.advance(59_999);
  expect(waits).toEqual([]);
  await clock.advance(1);
  expect(waits).toEqual([0]);
  await clock.advance(60_000);
  expect(waits).toEqual([0, 30_000, 60_000]);
  end.resolve(DONE);
  expect(await changing).toEqual(DONE);
  await clock.advance(300_000);
  expect(waits).toHaveLength(3);
});

test('one that is called off is waited for in the same way', async () => {
  const { abort, changing, clock, end, waits } = begin();
  await clock.advance(1_000);
  abort.abort(new Error('Ctrl-C'));
  await clock.advance(30_000);
  expect(waits).toEqual([0, 30_000]);
  end.resolve(DONE);
  await changing;
});
