export { describeHostExecutor, type ExecutorUnderTest } from './describe-host-executor.ts';
export { applyOn, describeHostModule, type HostModuleBed, type HostModuleSuite, planOn, rollBackOn } from './describe-host-module.ts';
export { describeRunStore, type RunStoreBed } from './describe-run-store.ts';
export { MemoryActJournal } from './memory-act-journal.ts';
export { createMemoryDebian, type MemoryDebian, type MemoryDebianOptions } from './memory-debian.ts';
export { type CommandScript, MemoryHost } from './memory-host.ts';
export type { MemoryCatalog, MemoryPackage } from './memory-packages.ts';
export { MemoryRun } from './memory-run.ts';
export { createSetupBed, MemoryDoor, type SetupBed, type SetupBedOptions, toPublicKey } from './setup-bed.ts';
