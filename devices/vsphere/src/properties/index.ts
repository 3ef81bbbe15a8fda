export { ObjectView } from './object-view.ts';
export { type PropertySet, selectKnownPaths } from './property-paths.ts';
export { type ObjectSnapshot, PropertyReader, type ReadOptions } from './property-reader.ts';
export { type ObjectChange, type Update, UpdateStream, type UpdateStreamOptions } from './update-stream.ts';
