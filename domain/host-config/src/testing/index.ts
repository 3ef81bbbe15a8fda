export { describeHostExecutor, type ExecutorUnderTest } from './describe-host-executor.ts';
export { applyOn, describeHostModule, type HostModuleBed, type HostModuleSuite, planOn, rollBackOn } from './describe-host-module.ts';
export { createMemoryDebian, type MemoryDebian, type MemoryDebianOptions } from './memory-debian.ts';
export { type CommandScript, MemoryHost } from './memory-host.ts';
export type { MemoryCatalog, MemoryPackage } from './memory-packages.ts';
export { MemoryRun } from './memory-run.ts';
