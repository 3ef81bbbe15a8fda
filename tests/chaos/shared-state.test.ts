import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { openValkeyStore, type ValkeyStore } from '@breakwater/coordination';
import { type Clock, Secret, systemClock } from '@breakwater/kernel';
import { createPipeline, createSharedBreakers, type Pipeline, type SharedBreakers, type SharedStatus } from '@breakwater/resilience';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../e2e/support/child.ts';
import { startValkey, type ValkeyServer } from './support/valkey-server.ts';

interface Node {
  readonly store: ValkeyStore;
  readonly shared: SharedBreakers;
  readonly pipeline: Pipeline;
  readonly statuses: SharedStatus[];
}

const OPEN = 'RESILIENCE_CIRCUIT_OPEN';
const fail = (): Promise<never> => Promise.reject(new Error('down'));
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let server: ValkeyServer;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startValkey();
});
beforeEach(async () => {
  await server.command('FLUSHALL');
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
afterAll(() => server.close());

function open(
  options: {
    readonly url?: Secret;
    readonly quorum?: number;
    readonly openMs?: number;
    readonly clock?: Clock;
    readonly leaseLimitMs?: number;
    readonly commandTimeoutMs?: number;
  } = {},
): Node {
  const { clock = systemClock, commandTimeoutMs = 1_000, leaseLimitMs = 1_000, openMs = 1_500, quorum = 1, url = server.url } = options;
  const statuses: SharedStatus[] = [];
  // Longer than in earnest, because the machine of a test is busy; what the limits are for is measured where they matter.
  const store = openValkeyStore({ url, commandTimeoutMs });
  const shared = createSharedBreakers({
    store,
    clock,
    policy: { quorum, syncMs: 1_000, leaseLimitMs },
    onStatus: ({ status }) => statuses.push(status),
  });
  const spec = { breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs, halfOpen: { leaseMs: 2_000 } } } as const;
  const pipeline = createPipeline(spec, { key: 'server', shared, clock });
  closers.push(async () => {
    pipeline.close();
    await shared.close();
    store.close();
  });
  return { store, shared, pipeline, statuses };
}

async function openMany(count: number, options: Parameters<typeof open>[0] = {}): Promise<readonly Node[]> {
  const nodes = Array.from({ length: count }, () => open(options));
  await eventually(() => nodes.every(({ shared }) => shared.figures().status === 'ok' && shared.figures().instances === count), {
    what: 'everybody knows of everybody',
  });
  return nodes;
}

async function call({ pipeline }: Node, callee: () => unknown = () => 'fine'): Promise<string> {
  const result = await pipeline.attempt(callee);
  return result.ok ? 'ok' : ((result.error as { readonly code?: string }).code ?? 'failed');
}

async function trip(node: Node | undefined): Promise<void> {
  if (node === undefined) throw new Error('no such node');
  await call(node, fail);
  await call(node, fail);
}

const states = (nodes: readonly Node[]) => nodes.map(({ pipeline }) => pipeline.breaker?.state);
const allAre = (nodes: readonly Node[], state: string, what: string) =>
  eventually(() => states(nodes).every((each) => each === state), { what, timeoutMs: 10_000 });

/** Median and longest wall time of one call, in milliseconds. */
async function timeCalls(node: Node, count: number): Promise<{ readonly medianMs: number; readonly maxMs: number }> {
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    const startMs = performance.now();
    await call(node);
    times.push(performance.now() - startMs);
    if (round % 20 === 0) await wait(1);
  }
  times.sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1] ?? Number.NaN, maxMs: times.at(-1) ?? Number.NaN };
}

describe('breakers that share their state through a real server', () => {
  it('opens for the others within 50 ms at the median, over twenty trips', async () => {
    const [one, two] = (await openMany(2)) as [Node, Node];
    const delaysMs: number[] = [];
    for (let round = 0; round < 20; round++) {
      await trip(one);
      const startMs = performance.now();
      while (two.pipeline.breaker?.state === 'closed') {
        if (performance.now() - startMs > 5_000) throw new Error('never heard of it');
        await new Promise((resolve) => setImmediate(resolve));
      }
      delaysMs.push(performance.now() - startMs);
      one.pipeline.breaker?.reset('next round');
      await allAre([one, two], 'closed', 'both are reset');
    }
    delaysMs.sort((a, b) => a - b);
    expect(delaysMs[10]).toBeLessThan(50);
  });

  it('works alone while the server is down at the start, says so once, and joins later', async () => {
    await server.kill();
    const node = open();
    await wait(300);
    expect((await timeCalls(node, 500)).medianMs).toBeLessThan(1);
    await trip(node);
    expect(node.pipeline.breaker?.state).toBe('open');
    expect(node.statuses).toEqual(['degraded']);
    await server.start();
    await eventually(() => node.shared.figures().status === 'ok', { what: 'it has joined' });
    // What it found in the meantime is told.
    const late = open();
    await allAre([late], 'open', 'the other one hears of it');
  });

  it('adds nothing to calls while the server is frozen, and 50 ms at most to one that asks for a lease', async () => {
    const [node, other] = (await openMany(2, { openMs: 400, leaseLimitMs: 50 })) as [Node, Node];
    server.freeze();
    try {
      expect((await timeCalls(node, 500)).medianMs).toBeLessThan(1);
      server.thaw();
      await eventually(() => node.shared.figures().status === 'ok', { what: 'it answers again' });
      await trip(node);
      await allAre([other], 'open', 'it is open for all');
      server.freeze();
      await wait(450);
      const startMs = performance.now();
      const first = await call(other);
      expect(performance.now() - startMs).toBeLessThan(150);
      // The verdict has run out; with a chance of one in two each asking process calls, in the end each.
      expect(['ok', OPEN]).toContain(first);
      await eventually(async () => (await call(other)) === 'ok', { what: 'it decides alone' });
    } finally {
      server.thaw();
    }
  });

  it('is closed after FLUSHALL, and opens again while the trouble lasts', async () => {
    const nodes = await openMany(2, { openMs: 60_000 });
    await trip(nodes[0]);
    await allAre(nodes, 'open', 'both are open');
    await server.command('FLUSHALL');
    await allAre([nodes[1] as Node], 'closed', 'who only followed is closed');
    await trip(nodes[1]);
    await eventually(async () => (await server.command('EXISTS breakwater:breaker:{server}')).startsWith(':1'), { what: 'votes return' });
  });

  it('goes on after SCRIPT FLUSH', async () => {
    const nodes = await openMany(2);
    await trip(nodes[0]);
    await allAre(nodes, 'open', 'both are open');
    await server.command('SCRIPT FLUSH');
    nodes[0]?.pipeline.breaker?.reset('again');
    await allAre(nodes, 'closed', 'the order arrives');
    await server.command('SCRIPT FLUSH');
    await trip(nodes[1]);
    await allAre(nodes, 'open', 'so does the vote');
    expect(nodes.map(({ statuses }) => statuses)).toEqual([['ok'], ['ok']]);
  });

  it('survives a restart of the server: the verdict is lost, and all join again', async () => {
    const nodes = await openMany(2, { openMs: 60_000 });
    await trip(nodes[0]);
    await allAre(nodes, 'open', 'both are open');
    await server.kill();
    expect(await call(nodes[1] as Node)).toBe(OPEN);
    await server.start();
    await allAre([nodes[1] as Node], 'closed', 'nothing is known any more');
    await eventually(() => nodes.every(({ shared }) => shared.figures().status === 'ok'), { what: 'all have joined' });
    expect(nodes[1]?.statuses).toEqual(['ok', 'degraded', 'ok']);
  });

  it('leaves the others alone when one is cut off, and does not count it', async () => {
    const link = await startLink(server.port);
    const [alone, other] = [open({ url: link.url, quorum: 2 }), open({ quorum: 2 })];
    await eventually(() => [alone, other].every(({ shared }) => shared.figures().instances === 2), { what: 'both know of both' });
    link.cut();
    await eventually(() => alone.shared.figures().status === 'degraded', { what: 'it notices' });
    await trip(alone);
    expect(states([alone, other])).toEqual(['open', 'closed']);
    await eventually(() => other.shared.figures().instances === 1, { what: 'it no longer counts' });
    await trip(other);
    await eventually(() => other.pipeline.snapshot().breaker?.shared?.state === 'open', { what: 'one vote is enough now' });
    link.heal();
    await eventually(() => alone.pipeline.snapshot().breaker?.shared?.state === 'open', { what: 'it hears the verdict' });
  });

  it('opens only for the one of four that cannot reach its server', async () => {
    const nodes = await openMany(4, { quorum: 2 });
    for (let round = 0; round < 3; round++) await trip(nodes[0]);
    await wait(200);
    expect(states(nodes)).toEqual(['open', 'closed', 'closed', 'closed']);
    for (const node of nodes.slice(1)) expect(await call(node)).toBe('ok');
  });

  it('believes no message that is old, repeated or not ours', async () => {
    const nodes = await openMany(2);
    await trip(nodes[0]);
    await allAre(nodes, 'open', 'both are open');
    nodes[0]?.pipeline.breaker?.reset('repaired');
    await allAre(nodes, 'closed', 'both are closed');
    const epoch = nodes[1]?.pipeline.snapshot().breaker?.shared?.epoch ?? 0;
    const fields = ['server', 'isolated', 'hand', String(epoch - 1), '', '1', 'old', 'ann', '0', '1'];
    const messages = [JSON.stringify(fields), JSON.stringify(fields), '{}', '["server"]', '[', JSON.stringify(fields).padEnd(9_000)];
    for (const message of messages) await publish(message);
    await publish(JSON.stringify(['server', 'isolated', 'hand', 'NaN', '', '1', 'x', 'y', '0', '1']));
    await wait(100);
    expect(states(nodes)).toEqual(['closed', 'closed']);
    // The same message, only newer than what is known, counts: so the ones above did arrive.
    await publish(JSON.stringify(fields.with(3, String(epoch + 1)).with(9, String(epoch + 1))));
    await allAre(nodes, 'open', 'a newer one is believed');
  });

  it('does not care about the clock of a host', async () => {
    const skewed: Clock = {
      now: () => systemClock.now() + 9e6,
      wall: () => systemClock.wall() - 3_600_000,
      after: (...timer) => systemClock.after(...timer),
    };
    const [ahead, other] = [open({ clock: skewed }), open()];
    await eventually(() => [ahead, other].every(({ shared }) => shared.figures().instances === 2), { what: 'both know of both' });
    await trip(other);
    await allAre([ahead, other], 'open', 'both are open');
    expect(ahead.pipeline.breaker?.retryAfterMs).toBeGreaterThan(500);
    expect(ahead.pipeline.breaker?.retryAfterMs).toBeLessThanOrEqual(1_500);
    await eventually(async () => (await call(ahead)) === 'ok', { what: 'its time is over for both' });
  });

  it('holds ten thousand breakers on two connections, and hears of each', async () => {
    const { store, shared } = (await openMany(1))[0] as Node;
    const spec = { breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 60_000 } } as const;
    const pipelines = Array.from({ length: 10_000 }, (_, index) => createPipeline(spec, { key: `host ${index}`, shared }));
    expect(Number(/connected_clients:(\d+)/.exec(await info('clients'))?.[1])).toBeLessThanOrEqual(3);
    const other = (await openOther()).store;
    const wanted = Array.from({ length: 10_000 }, (_, index) => index);
    for (let start = 0; start < wanted.length; start += 250) {
      await Promise.all(
        wanted
          .slice(start, start + 250)
          .map((index) => other.override({ key: `host ${index}`, kind: 'isolate', actor: 'ann', reason: 'r', forMs: null })),
      );
    }
    await eventually(() => pipelines.every(({ breaker }) => breaker?.state === 'open'), { what: 'all are open', timeoutMs: 20_000 });
    expect((await store.sync({ instance: 'x', aliveMs: 1_000, keys: [] })).views).toHaveLength(10_000);
    for (const pipeline of pipelines) pipeline.close();
  });
});

async function openOther(): Promise<Node> {
  const node = open({ commandTimeoutMs: 20_000 });
  await eventually(() => node.shared.figures().status === 'ok', { what: 'it has joined' });
  return node;
}

const info = (section: string): Promise<string> => server.command(`INFO ${section}`);

async function publish(message: string): Promise<void> {
  const text = `*3\r\n$7\r\nPUBLISH\r\n$25\r\nbreakwater:breaker-events\r\n$${Buffer.byteLength(message)}\r\n${message}`;
  expect(await server.command(text)).toMatch(/^:[1-9]/);
}

/** A line to the server that can be cut without a word to either end. */
async function startLink(port: number): Promise<{ readonly url: Secret; cut(): void; heal(): void }> {
  let isCut = false;
  const sockets = new Set<Socket>();
  const link: Server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect({ port, host: '127.0.0.1' });
    for (const [socket, peer] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => link.listen(0, '127.0.0.1', resolve));
  const address = link.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    link.close();
  });
  return {
    url: new Secret(`redis://127.0.0.1:${address.port}`),
    cut() {
      isCut = true;
      // Nothing passes any more; nobody is told.
      for (const socket of sockets) socket.pause().unpipe();
    },
    heal() {
      isCut = false;
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('eight processes', () => {
  it('send one probe when the breaker is half-open, and the next one when the prober is killed', async () => {
    const peers = await Promise.all(Array.from({ length: 8 }, (_, index) => startPeer(`p${index}`)));
    await eventually(() => peers.every((peer) => peer.heard.some((line) => line['status'] === 'ok')), {
      what: 'all have joined',
      timeoutMs: 90_000,
    });
    const [first] = peers;
    first?.tell('fail');
    first?.tell('fail');
    await eventually(() => peers.every((peer) => peer.heard.some((line) => line['event'] === 'breaker.opened')), { what: 'all are open' });
    await wait(1_600);
    const sent = () => peers.flatMap(({ heard }) => heard.filter((line) => line['event'] === 'breaker.half-opened'));
    for (const peer of peers) peer.tell('probe 60000');
    await eventually(() => peers.filter(({ heard }) => heard.some((line) => line['probed'] === false)).length === 7, {
      what: 'seven are turned away',
    });
    expect(sent()).toHaveLength(1);
    const prober = peers.find(({ heard }) => heard.some((line) => line['event'] === 'breaker.half-opened'));
    prober?.child.kill('SIGKILL');
    // Its lease lapses in the store; nobody waits 60 s for that here.
    await server.command('DEL breakwater:breaker:{server}:leases');
    const rest = peers.filter((peer) => peer !== prober);
    await wait(1_100);
    for (const peer of rest) peer.tell('probe 10');
    await eventually(() => rest.filter(({ heard }) => heard.some((line) => line['probed'] === true && line['sent'] === 1)).length >= 1, {
      what: 'another one probes',
    });
    await eventually(
      () => rest.every(({ heard }) => heard.some((line) => line['event'] === 'breaker.closed' || line['event'] === 'breaker.reset')),
      {
        what: 'all are closed',
      },
    );
  });
});

interface Peer {
  readonly child: ChildProcess;
  readonly heard: Record<string, unknown>[];
  tell(line: string): void;
}

async function startPeer(name: string): Promise<Peer> {
  const program = join(import.meta.dirname, 'peers/breaker-process.ts');
  const child = spawn(process.execPath, ['--conditions=@breakwater/source', program, server.url.reveal(), name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const heard: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) heard.push(JSON.parse(line) as Record<string, unknown>);
  });
  closers.push(() => child.kill('SIGKILL'));
  return { child, heard, tell: (line) => void child.stdin.write(`${line}\n`) };
}
