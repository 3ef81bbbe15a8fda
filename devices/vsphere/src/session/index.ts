export { isAtLeast } from './api-version.ts';
export { createExpiredError, createStatusError, hasCode, isFault, readFaultType, readMissingObject } from './errors.ts';
export { type CallOptions, Session, type SessionOptions } from './session.ts';
export type { ServerProduct, SignedIn } from './sign-in.ts';
export type { SoapCall } from './soap-door.ts';
