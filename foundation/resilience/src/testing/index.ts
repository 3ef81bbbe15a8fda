export { describeDeadLetterStore } from './dead-letter-store-contract.ts';
