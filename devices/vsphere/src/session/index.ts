export { createClosedError, createExpiredError, createStatusError, hasCode, isFault, readFaultType, readMissingObject } from './errors.ts';
export { Session } from './session.ts';
export type { ServerProduct, SignedIn } from './sign-in.ts';
