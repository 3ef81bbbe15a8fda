export { createFakeSecretIssuer, FakeHasher, FakeSetupTokenStore } from './fakes.ts';
export { createInMemoryAccessRepositories } from './in-memory-repositories.ts';
export { describeAccessRepositories } from './repositories-contract.ts';
