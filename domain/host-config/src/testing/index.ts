export { describeRunStore, type RunStoreBed } from './describe-run-store.ts';
export { type CommandScript, MemoryHost } from './memory-host.ts';
export { MemoryRun } from './memory-run.ts';
