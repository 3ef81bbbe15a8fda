// Asks for the same answer and throws its bytes away: what the way alone costs a Node process.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    warmups: { type: 'string', default: '1' },
    request: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const { headers, body } = JSON.parse(readFileSync(values.request, 'utf8')) as {
  readonly headers: Record<string, string>;
  readonly body: string;
};
// The certificate is a simulator's own; nothing secret travels.
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

const list = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const call = request(
      `${positionals[0]}/sdk`,
      { method: 'POST', agent, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } },
      (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('end', () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(`status ${response.statusCode}`))));
      },
    );
    call.once('error', reject);
    call.end(body);
  });

let bytes = 0;
for (let round = 0; round < Number(values.warmups); round++) bytes = await list();
const began = performance.now();
const used = process.cpuUsage();
for (let round = 0; round < rounds; round++) bytes = await list();
const { user, system } = process.cpuUsage(used);
console.log(
  JSON.stringify({
    bytes,
    cpuMs: (user + system) / 1_000 / rounds,
    wallMs: (performance.now() - began) / rounds,
    peakMib: process.resourceUsage().maxRSS / 1_024,
  }),
);
agent.destroy();
