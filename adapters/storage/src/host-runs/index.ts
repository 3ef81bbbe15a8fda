export { type OpenedRunStore, type OpenRunStoreOptions, openRunStore } from './open-run-store.ts';
