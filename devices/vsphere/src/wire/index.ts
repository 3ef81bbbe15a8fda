export { type Chunks, type Codec, type CodecOptions, createCodec } from './codec.ts';
export { type Call, encodeCall, escapeText } from './encode.ts';
export type { Reply, SoapFault } from './envelope-sink.ts';
export { DEFAULT_WIRE_LIMITS, type WireLimits } from './limits.ts';
export type { ServiceVersions } from './versions-sink.ts';
export { WireError, type WireErrorCode } from './wire-error.ts';
