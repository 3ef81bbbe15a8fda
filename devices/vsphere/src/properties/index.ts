export { ObjectView } from './object-view.ts';
export { ObjectWaiter, type WaitOptions, type WaitOutcome } from './object-waiter.ts';
export { type PropertySet, selectKnownPaths } from './property-paths.ts';
export { type ObjectSnapshot, PropertyReader, type ReadOptions } from './property-reader.ts';
export type { ObjectChange } from './update-set.ts';
export { type Update, UpdateStream, type UpdateStreamOptions } from './update-stream.ts';
