import type { BenchRow } from '../row.ts';
import { order } from './console-order.ts';
import type { ConsolePeer, ConsoleStage } from './console-peers.ts';
import { nextMessage, readTreeMemoryKib } from './console-processes.ts';
import { round } from './process-figures.ts';

/** Enough that what a heap keeps in reserve does not show. */
const IDLE = 400;
/** One process each. */
const IDLE_OF_WEBSOCKIFY = 20;
const STALLED = 20;
const STALL_MS = 3_000;
/** Consoles that come and go to see whether something stays. */
const CHURN = 200;
const SETTLE_MS = 500;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Collects garbage where there is a collector, and reads what is held: by the JavaScript heap, and by the whole process. */
async function readMemory(peer: ConsolePeer): Promise<{ readonly heldKib: number; readonly processKib: number }> {
  if (peer.child?.pid === undefined) throw new Error(`${peer.name} is no process`);
  let heldKib = 0;
  if (peer.child.connected) {
    const answer = nextMessage<{ readonly heldBytes: number }>(peer.child);
    peer.child.send('memory');
    heldKib = (await answer).heldBytes / 1_024;
  }
  return { heldKib, processKib: readTreeMemoryKib(peer.child.pid) };
}

/** KiB that each of some open idle consoles takes. */
async function measureIdle(stage: ConsoleStage, what: { readonly peer: ConsolePeer; readonly count: number }): Promise<number> {
  const { peer, count } = what;
  const open = (consoles: number) =>
    order(stage.client, { kind: 'open', door: peer.door, count: consoles, load: { kind: 'idle' }, reading: 'always' });
  // What a process needs for its first consoles is not what the next one costs.
  await open(Math.min(count, 20));
  await order(stage.client, { kind: 'close' });
  await wait(SETTLE_MS);
  const before = await readMemory(peer);
  await open(count);
  await wait(SETTLE_MS);
  const after = await readMemory(peer);
  await order(stage.client, { kind: 'close' });
  await wait(SETTLE_MS);
  return (after.processKib - before.processKib) / count;
}

/** KiB per console whose reader has stopped, soon after and some time later. */
async function measureStalled(stage: ConsoleStage, peer: ConsolePeer): Promise<{ readonly soonKib: number; readonly lateKib: number }> {
  const before = await readMemory(peer);
  const load = { kind: 'stream', bytes: 16 * 1_024 } as const;
  await order(stage.client, { kind: 'open', door: peer.door, count: STALLED, load, reading: 'never' });
  await wait(STALL_MS);
  const soon = await readMemory(peer);
  await wait(STALL_MS);
  const late = await readMemory(peer);
  await order(stage.client, { kind: 'close' });
  await wait(SETTLE_MS);
  const each = (memory: { readonly processKib: number }): number => (memory.processKib - before.processKib) / STALLED;
  return { soonKib: each(soon), lateKib: each(late) };
}

/** KiB of heap that each closed console has left behind. */
async function measureLeft(stage: ConsoleStage, peer: ConsolePeer): Promise<number> {
  const churn = async (): Promise<void> => {
    for (let count = 0; count < CHURN; count += 50) {
      await order(stage.client, { kind: 'open', door: peer.door, count: 50, load: { kind: 'echo', bytes: 1_024 }, reading: 'always' });
      await order(stage.client, { kind: 'close' });
    }
    await wait(SETTLE_MS);
  };
  await churn();
  const before = await readMemory(peer);
  await churn();
  return ((await readMemory(peer)).heldKib - before.heldKib) / CHURN;
}

export async function measureMemory(stage: ConsoleStage, log: (line: string) => void): Promise<readonly BenchRow[]> {
  const ours = stage.peer('ours');
  const idle = await measureIdle(stage, { peer: ours, count: IDLE });
  const idleOfNginx = await measureIdle(stage, { peer: stage.peer('nginx'), count: IDLE });
  const idleOfRelay = await measureIdle(stage, { peer: stage.peer('ws relay'), count: IDLE });
  const idleOfWebsockify = await measureIdle(stage, { peer: stage.peer('websockify'), count: IDLE_OF_WEBSOCKIFY });
  log(
    `idle console: ours ${round(idle)} KiB, nginx ${round(idleOfNginx)}, ws relay ${round(idleOfRelay)}, websockify ${round(idleOfWebsockify)}`,
  );
  const stalled = await measureStalled(stage, ours);
  const stalledOfRelay = await measureStalled(stage, stage.peer('ws relay'));
  log(
    `stalled console: ours ${round(stalled.soonKib)} KiB, later ${round(stalled.lateKib)}; ws relay ${round(stalledOfRelay.soonKib)}, later ${round(stalledOfRelay.lateKib)}`,
  );
  const growthKib = stalled.lateKib - stalled.soonKib;
  const leftKib = await measureLeft(stage, ours);
  return [
    {
      name: 'memory of an idle console',
      value: round(idle),
      unit: 'KiB',
      peer: 'websockify',
      ratio: round(idle / idleOfWebsockify),
      goal: 'at most 110 KiB',
      ok: idle <= 110,
    },
    {
      name: 'memory with a stalled reader',
      value: round(stalled.lateKib),
      unit: 'KiB',
      peer: 'ws relay',
      ratio: round(stalled.lateKib / stalledOfRelay.lateKib),
      goal: 'at most 2048 KiB',
      ok: stalled.lateKib <= 2_048,
    },
    {
      name: `growth of a stalled console in ${STALL_MS / 1_000} s`,
      value: round(growthKib),
      unit: 'KiB',
      peer: null,
      ratio: null,
      goal: 'none: at most 5 % of it',
      ok: growthKib <= 0.05 * stalled.lateKib,
    },
    {
      name: 'heap left by a closed console',
      value: round(leftKib),
      unit: 'KiB',
      peer: null,
      ratio: null,
      goal: 'none: at most 1 KiB',
      ok: leftKib <= 1,
    },
  ];
}
