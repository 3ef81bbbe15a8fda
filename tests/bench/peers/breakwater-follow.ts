// Follows a server's machines with this project's client and reports what learning the first `changes` changes cost this process.
import { parseArgs } from 'node:util';
import { Secret } from '@breakwater/kernel';
import { openTransport, type Transport } from '@breakwater/transport';
import { createVsphereClient } from '@breakwater/vsphere';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changes: { type: 'string', default: '10' },
    skip: { type: 'string', default: '2' },
    user: { type: 'string', default: 'root' },
    password: { type: 'string', default: 'simulated' },
    sha256: { type: 'string', default: '' },
  },
});
const skip = Number(values.skip);
const wanted = skip + Number(values.changes);
const inner = openTransport({
  origin: positionals[0] ?? '',
  trust: { kind: 'pinned', sha256: values.sha256 },
  maxBodyBytes: 256 * 1024 * 1024,
  timeoutMs: 120_000,
});
let bytes = 0;
const transport: Transport = {
  origin: inner.origin,
  pool: () => inner.pool(),
  close: () => inner.close(),
  exchange: (request, read) =>
    inner.exchange(request, (response) => {
      bytes += Number(response.headers['content-length'] ?? 0);
      return read(response);
    }),
};
const client = createVsphereClient({ transport, user: values.user, password: new Secret(values.password) });
const ending = new AbortController();

let used = process.cpuUsage();
let counted = 0;
for await (const news of client.follow({ signal: ending.signal })) {
  if (news.kind === 'loaded') console.log(`loaded ${news.machines.length}`);
  if (news.kind !== 'changed') continue;
  counted += 1;
  console.log(`changed ${counted}`);
  if (counted === skip) {
    bytes = 0;
    used = process.cpuUsage();
  }
  if (counted < wanted) continue;
  const { user, system } = process.cpuUsage(used);
  console.log(JSON.stringify({ cpuMs: (user + system) / 1_000 / (counted - skip), bytes: Math.round(bytes / (counted - skip)) }));
  ending.abort();
}
await client.close();
await inner.close();
