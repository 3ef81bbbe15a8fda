import { createInMemoryAccessRepositories } from './in-memory-repositories.ts';
import { describeAccessRepositories } from './repositories-contract.ts';

describeAccessRepositories('Memory', async () => createInMemoryAccessRepositories());
