import { openValkeyStore } from '@breakwater/coordination';
import { Secret, systemClock } from '@breakwater/kernel';
import { createPipeline, createSharedBreakers } from '@breakwater/resilience';

// One process of several that protect the same server. It is told what to do line by line, and answers line by line.
const [url = '', instance = ''] = process.argv.slice(2);
const store = openValkeyStore({ url: new Secret(url), commandTimeoutMs: 2_000 });
const shared = createSharedBreakers({
  store,
  instance,
  // The machine of a test may be so busy that a lease takes longer than a call would wait for it in earnest.
  policy: { quorum: 1, leaseLimitMs: 2_000, syncMs: 1_000 },
  onStatus: ({ status }) => say({ status, instances: shared.figures().instances }),
});
const pipeline = createPipeline(
  { breaker: { trip: { kind: 'consecutive', failures: 2 }, openMs: 1_500 } },
  {
    key: 'server',
    shared,
    onEvent: ({ kind }) => {
      if (kind.startsWith('breaker.')) say({ event: kind, atMs: performance.timeOrigin + systemClock.now() });
    },
  },
);

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

async function obey(line: string): Promise<void> {
  const [verb, argument] = line.split(' ');
  if (verb === 'fail') {
    const result = await pipeline.attempt(() => Promise.reject(new Error('down')));
    say({ failed: result.ok ? 'ok' : (result.error as { readonly code?: string }).code });
  } else if (verb === 'probe') {
    let sent = 0;
    const result = await pipeline.attempt(async () => {
      sent++;
      await new Promise((resolve) => setTimeout(resolve, Number(argument)));
    });
    say({ probed: result.ok, sent });
  } else if (verb === 'state') {
    say({ state: pipeline.breaker?.state });
  }
}

let rest = '';
process.stdin.on('data', (chunk: Buffer) => {
  const lines = (rest + chunk.toString()).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) void obey(line);
});
process.stdin.on('end', () => process.exit(0));
