import { silentLogger, systemClock } from '@breakwater/kernel';
import { createKeptBreakers } from '@breakwater/resilience';
import { openBreakerState } from '@breakwater/storage';

// One of several processes at the same state of breakers. It is told what to do line by line, and answers with a line.
const [path = ''] = process.argv.slice(2);
const state = openBreakerState({ path, logger: silentLogger, clock: systemClock });
const breakers = createKeptBreakers({ ...state, spec: { failures: Number.MAX_SAFE_INTEGER, openMs: 60_000, successes: 1 } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const acts: Readonly<Record<string, () => void>> = {
  count() {
    for (let time = 0; time < 100; time++) breakers.admit('github', { operationMs: 60_000 });
    say('counted');
  },
  // Whoever probes keeps the lease for as long as the process lives.
  probe() {
    const admission = breakers.admit('github', { operationMs: 60_000 });
    say(admission.kind === 'admitted' && admission.isProbe ? 'probing' : 'turned away');
  },
  write() {
    say('writing');
    for (;;) {
      const admission = breakers.admit('docker_hub', { operationMs: 1_000 });
      if (admission.kind === 'admitted') admission.settle('failure', { kind: 'transient', pattern: null, text: 'x', host: null });
    }
  },
};

process.stdin.on('data', (chunk: Buffer) => {
  for (const line of chunk.toString().trim().split('\n')) acts[line]?.();
});
process.stdin.on('end', () => process.exit(0));
say('ready');
