import { systemClock } from '@breakwater/kernel';
import { openRunStore } from '@breakwater/storage';

/** A process that is meant to be killed: writes journal entries without end and prints the number of each that is confirmed. */
const store = await openRunStore({ stateDir: process.argv[2] ?? '', clock: systemClock, command: 'endless' });
const run = await store.begin({ hostId: 'local', kind: 'apply', startedBy: 'test', plan: null, planHash: '' });
for (let seq = 1; seq < 100_000; seq++) {
  await run.append({ kind: 'undo.done', seq });
  process.stdout.write(`${seq}\n`);
}
