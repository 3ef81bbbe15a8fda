// Lists machines with this project's client and reports what that cost this process. `--expose-gc` for the memory figures.
import { parseArgs } from 'node:util';
import { Secret } from '@breakwater/kernel';
import { openTransport } from '@breakwater/transport';
import { createVsphereClient } from '@breakwater/vsphere';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    warmups: { type: 'string', default: '1' },
    user: { type: 'string', default: 'root' },
    password: { type: 'string', default: 'simulated' },
    watched: { type: 'string', default: '0' },
    sha256: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const transport = openTransport({
  origin: positionals[0] ?? '',
  trust: { kind: 'pinned', sha256: values.sha256 },
  maxBodyBytes: 256 * 1024 * 1024,
  timeoutMs: 120_000,
});
const client = createVsphereClient({ transport, user: values.user, password: new Secret(values.password) });
const list = () => client.load({ priority: 'normal' });

let last: Awaited<ReturnType<typeof list>> | undefined;
for (let round = 0; round < Number(values.warmups); round++) last = await list();
// Watching the loop costs time of its own, so the listings whose stalls are watched are not those whose cost is counted.
const began = performance.now();
const used = process.cpuUsage();
for (let round = 0; round < rounds; round++) last = await list();
const { user, system } = process.cpuUsage(used);
const wallMs = (performance.now() - began) / rounds;

/** Longest turn of the loop in each listing: as a clock saw it, and in CPU time of the main thread, which other processes cannot lengthen. */
const stalls: { readonly wallMs: number; readonly cpuMs: number }[] = [];
for (let round = 0; round < Number(values.watched); round++) stalls.push(await watch(list));

globalThis.gc?.();
const full = process.memoryUsage().heapUsed;
const machines = last?.machines.length ?? 0;
last = undefined;
globalThis.gc?.();
const retained = full - process.memoryUsage().heapUsed;
console.log(
  JSON.stringify({
    machines,
    cpuMs: (user + system) / 1_000 / rounds,
    wallMs,
    stalls,
    retainedBytes: retained,
    peakMib: process.resourceUsage().maxRSS / 1_024,
  }),
);
await client.close();
await transport.close();

async function watch(work: () => Promise<unknown>): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  let wallMs = 0;
  let cpuMs = 0;
  let isWatching = true;
  let at = performance.now();
  let cpu = process.threadCpuUsage();
  const look = (): void => {
    const now = performance.now();
    const spent = process.threadCpuUsage();
    wallMs = Math.max(wallMs, now - at);
    cpuMs = Math.max(cpuMs, (spent.user + spent.system - cpu.user - cpu.system) / 1_000);
    at = now;
    cpu = spent;
    if (isWatching) setImmediate(look);
  };
  look();
  await work();
  isWatching = false;
  return { wallMs, cpuMs };
}
