export { describeDeadLetterStore } from './dead-letter-store-contract.ts';
export { describeKeptStore } from './kept-store-contract.ts';
export { createMemorySharedServer, type Delivery, type MemorySharedServer, type MemorySharedStore } from './memory-shared-store.ts';
export { describeSharedStore, type SharedStoreBed } from './shared-store-contract.ts';
