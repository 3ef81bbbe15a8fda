export { type Codec, createCodec } from './codec.ts';
export type { Digest } from './digest.ts';
export { encodeCall } from './encode.ts';
export type { SoapFault } from './envelope-sink.ts';
export type { ServiceVersions } from './versions-sink.ts';
export { WireError, type WireErrorCode } from './wire-error.ts';
export { WorkSlicer } from './work-slicer.ts';
