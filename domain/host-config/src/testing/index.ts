export { describeHostExecutor, type ExecutorUnderTest } from './describe-host-executor.ts';
export { type CommandScript, MemoryHost } from './memory-host.ts';
export { MemoryRun } from './memory-run.ts';
