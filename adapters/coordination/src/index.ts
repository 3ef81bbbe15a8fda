export { openValkeyStore, type ValkeyStore, type ValkeyStoreOptions } from './open-valkey-store.ts';
