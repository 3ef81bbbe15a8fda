export { ObjectView } from './object-view.ts';
export { ObjectWaiter } from './object-waiter.ts';
export { type PropertySet, selectKnownPaths } from './property-paths.ts';
export { type ObjectSnapshot, PropertyReader, type ReadOptions } from './property-reader.ts';
export type { ObjectChange } from './update-set.ts';
export { type Update, UpdateStream } from './update-stream.ts';
